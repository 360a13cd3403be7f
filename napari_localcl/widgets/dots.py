"""Drawing many dots: 100,000 of them in the time between two pictures of a film.

A dot is written into the picture as it is, a few pixels each, by numpy: faster than any painter
that takes dots one by one, and the same with and without a graphics card.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Inks = NDArray[np.uint32]

FAINT = 0.22  # of dots that are not chosen, how much of their colour is left


def draw_dots(places: NDArray[np.float32], inks: Inks, size: tuple[int, int], radius: int) -> Inks:
    """Draw dots, the later ones over the earlier.

    Parameters
    ----------
    places : (P, 2) float32 ndarray
        Pixels `(x, y)` from the upper left corner; those outside are left out.
    inks : (P,) uint32 ndarray
        0xAARRGGBB.
    size : (int, int)
        Height and width of the picture.
    radius : int
        Of a dot, pixels: 0 is one pixel.

    Returns
    -------
    (H, W) uint32 ndarray
        0 where there is no dot.
    """
    height, width = size
    wide = width + 2 * radius
    # With a margin, so that no dot needs to be cut.
    picture = np.zeros((height + 2 * radius) * wide, np.uint32)
    seen = visible(places, size)
    x, y = places[seen].astype(np.int64).T
    first, inks = (y + radius) * wide + x + radius, inks[seen]
    for shift in _disc(radius, wide):
        picture[first + shift] = inks
    framed = picture.reshape(height + 2 * radius, wide)
    return np.ascontiguousarray(framed[radius : radius + height, radius : radius + width])


def visible(places: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which places `(x, y)` lie in a picture of that height and width."""
    x, y = places.T
    seen: NDArray[np.bool_] = (x >= 0) & (y >= 0) & (x < size[1]) & (y < size[0])
    return seen


def radius_for(count: int) -> int:
    """Return the radius that suits so many dots: few are large."""
    return 4 if count < 500 else 3 if count < 3000 else 2 if count < 20_000 else 1


def fainter(inks: Inks) -> Inks:
    """Return colours that leave the ground in sight."""
    channels = inks.view(np.uint8).reshape(-1, 4)
    # Multiplied with their opacity, as a picture of Qt has them.
    return (channels * FAINT).astype(np.uint8).view(np.uint32)[:, 0]


@lru_cache
def _disc(radius: int, width: int) -> tuple[int, ...]:
    """Return the pixels of a dot as shifts in a picture of that width."""
    sides = range(-radius, radius + 1)
    far = (radius + 0.3) ** 2
    return tuple(y * width + x for y in sides for x in sides if y * y + x * x <= far)
