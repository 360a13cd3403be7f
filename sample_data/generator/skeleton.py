"""One radiograph of a hand with its landmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import radiograph
from .arrays import Floats, fine_grid
from .deformation import Deformation, Ripple
from .hand import Hand, draw_hand

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = (320, 256)
MARGIN = 9.0
# palm and forearm (y, x) in millimetres: no landmark there, but no room for a marker either
BULK = np.array(
    [[-30.0, 25.0], [-35.0, 0.0], [-25.0, -20.0], [50.0, 0.0], [90.0, 0.0], [130.0, 0.0]]
)
SCALE = 1.12  # pixels per millimetre for a hand of ordinary size


def draw(chance: np.random.Generator) -> tuple[NDArray[np.uint8], dict[str, Floats]]:
    """Draw one subject: the image (H, W) and its landmarks (y, x) in pixels."""
    hand = draw_hand(chance)
    pose = _pose(hand, chance)
    landmarks = {name: pose.to_image(point) for name, point in hand.landmarks.items()}
    places = np.array(list(landmarks.values()))
    corner = _empty_corner(np.vstack([places, pose.to_image(BULK)]), chance)
    attenuation = radiograph.tissue(hand, pose, SIZE, chance)
    metal = radiograph.METAL * _jewellery(hand, pose, chance) + _marker(corner, chance)
    shut = _shut(np.vstack([places, corner + 6, corner - 6]), chance)
    exposure = radiograph.Exposure.draw(chance)
    return radiograph.develop(attenuation, metal, shut, exposure, chance), landmarks


def _pose(hand: Hand, chance: np.random.Generator) -> Deformation:
    """Draw size, turn and warp, then a place that keeps all landmarks well inside."""
    places = np.array(list(hand.landmarks.values()))
    loose = Deformation(
        origin=np.zeros(2),
        centre=np.zeros(2),
        degrees=chance.uniform(-15, 15),
        scale=SCALE * chance.uniform(0.8, 1.2),
        mirrored=False,
        ripple=Ripple.draw(2.6, (110.0, 260.0), chance),
    )
    reached = loose.to_image(places)
    low = MARGIN - reached.min(axis=0)
    high = np.array(SIZE) - 1 - MARGIN - reached.max(axis=0)
    centre = (low + high) / 2 + chance.uniform(-0.42, 0.42, 2) * np.maximum(high - low, 0)
    return Deformation(
        loose.origin, centre, loose.degrees, loose.scale, loose.mirrored, loose.ripple
    )


def _jewellery(hand: Hand, pose: Deformation, chance: np.random.Generator) -> Floats:
    points = fine_grid(SIZE)
    if chance.random() > 0.25:
        return np.zeros(points.shape[:2])
    finger = chance.choice(["index", "middle", "ring", "little"], p=[0.1, 0.2, 0.6, 0.1])
    start, end = hand.landmarks[f"{finger}_mcp"], hand.landmarks[f"{finger}_pip"]
    return radiograph.finger_ring(pose.to_anatomy(points), start, end, chance.uniform(8.5, 10))


def _marker(corner: Floats, chance: np.random.Generator) -> Floats:
    """Attenuation of the side marker, (2H, 2W); some radiographs have none."""
    height = chance.uniform(13, 20) if chance.random() < 0.8 else 0.01
    letter = radiograph.lead_letter(SIZE, corner, chance.normal(0, 12), height)
    return chance.uniform(0.8, 2.5) * letter


def _shut(inside: Floats, chance: np.random.Generator) -> Floats:
    """Where the collimator is shut, (2H, 2W), never at the points `inside`; often nowhere."""
    if chance.random() < 0.4:
        return np.zeros(fine_grid(SIZE).shape[:2])
    return radiograph.blades(SIZE, inside, chance)


def _empty_corner(places: Floats, chance: np.random.Generator) -> Floats:
    """Of a few random places, the one farthest from all of `places` (N, 2)."""
    tries = chance.uniform((16, 16), np.array(SIZE) - 16, (30, 2))
    away = np.linalg.norm(tries[:, None] - places, axis=-1).min(axis=1)
    return np.asarray(tries[away.argmax()])
