"""The measures of an ordinary adult left hand, seen from the back, in millimetres.

The origin is the middle of the wrist (the capitate), fingers point up, the thumb is on the right.
"""

from __future__ import annotations

from .bones import Profile

METACARPAL = Profile(
    (0, 0.1, 0.25, 0.5, 0.75, 0.88, 1),
    (7.4, 7.2, 5.2, 4.1, 4.6, 6.4, 6.8),
    (7.6, 7.0, 5.0, 4.0, 4.7, 6.6, 6.8),
    base_square=4.0,
    head_square=2.0,
    hollow=0.8,
)
PROXIMAL = Profile(
    (0, 0.1, 0.3, 0.6, 0.8, 0.92, 1),
    (7.4, 7.2, 5.0, 4.3, 4.6, 5.6, 5.6),
    (7.4, 7.2, 5.0, 4.3, 4.6, 5.6, 5.6),
    base_square=3.0,
    head_square=2.6,
    hollow=1.2,
    notch=0.8,
)
MIDDLE = Profile(
    (0, 0.12, 0.35, 0.65, 0.82, 0.92, 1),
    (6.7, 6.3, 4.2, 3.6, 4.2, 5.0, 5.0),
    (6.7, 6.3, 4.2, 3.6, 4.2, 5.0, 5.0),
    base_square=3.0,
    head_square=2.6,
    hollow=0.9,
    notch=0.7,
)
DISTAL = Profile(
    (0, 0.15, 0.4, 0.65, 0.8, 1),
    (5.7, 5.2, 2.9, 2.5, 3.7, 4.0),
    (5.7, 5.2, 2.9, 2.5, 3.7, 4.0),
    base_square=3.0,
    head_square=2.3,
    hollow=0.6,
)
RADIUS = Profile(
    (0, 0.667, 0.789, 0.889, 0.956, 1),
    (6.5, 7.0, 8.0, 11.0, 13.0, 13.0),
    (6.5, 7.0, 8.5, 11.5, 13.5, 13.5),
    head_square=4.5,
    tilt=0.25,
)
ULNA = Profile(
    (0, 0.722, 0.878, 0.956, 1),
    (5.2, 4.8, 5.0, 7.0, 7.4),
    (5.2, 4.8, 5.0, 7.4, 7.8),
    head_square=2.6,
)
STYLOID = Profile((0, 0.65, 1), (3.0, 5.8, 3.8), (3.0, 5.8, 3.8), head_square=2.0)

FINGERS = ("thumb", "index", "middle", "ring", "little")
# base of the metacarpal (y, x), direction of the metacarpal, turns at the joints after it, lengths
RAYS: dict[str, tuple[tuple[float, float], float, tuple[float, ...], tuple[float, ...]]] = {
    "thumb": ((-3.0, 23.0), 36.0, (-9.0, -6.0), (46.0, 32.0, 23.0)),
    "index": ((-14.0, 11.0), 8.0, (3.0, 0.0, -1.0), (67.0, 41.0, 24.0, 17.5)),
    "middle": ((-14.5, 0.5), -1.0, (1.0, 0.0, 0.0), (65.0, 45.5, 28.5, 18.5)),
    "ring": ((-12.5, -8.5), -10.0, (1.0, 1.0, 1.0), (58.0, 42.0, 27.0, 18.5)),
    "little": ((-8.5, -16.0), -20.0, (-1.0, 2.0, 3.0), (53.5, 33.5, 19.5, 17.0)),
}
FLESH = (10.5, 9.6, 8.6, 7.4)
# name: centre (y, x), half-axes along and across, turn
CARPALS: dict[str, tuple[tuple[float, float], tuple[float, float], float]] = {
    "capitate": ((-2.0, 0.5), (11.5, 6.6), -4.0),
    "hamate": ((-2.5, -10.0), (9.0, 7.0), -20.0),
    "hook": ((-2.0, -10.5), (3.6, 2.4), 10.0),
    "trapezoid": ((-8.5, 9.5), (5.4, 5.2), 10.0),
    "trapezium": ((-4.5, 18.0), (7.2, 6.0), 30.0),
    "scaphoid": ((8.5, 12.5), (11.0, 5.8), 38.0),
    "lunate": ((13.5, 0.5), (6.4, 7.8), 0.0),
    "triquetrum": ((9.5, -12.0), (6.0, 7.2), 35.0),
    "pisiform": ((9.5, -14.0), (4.6, 4.0), 0.0),
}
