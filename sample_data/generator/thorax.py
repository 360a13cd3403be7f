"""What surrounds a heart in a short-axis slice: chest wall, lungs, liver, stomach, aorta.

Units are millimetres; the middle of the left ventricle is (0, 0), up is anterior.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .arrays import Floats, band_noise, ramp, smooth_noise
from .ovals import Oval

if TYPE_CHECKING:
    from .ventricles import Ventricles

# As balanced steady-state sequences show them: fluid and fat bright, muscle dark, air black.
AIR, LUNG, MUSCLE, LIVER, FAT, BLOOD = 0.01, 0.05, 0.27, 0.36, 0.62, 0.86


def paint(points: Floats, heart: Ventricles, chance: np.random.Generator) -> Floats:
    """Draw the signal (H, W) at `points` (H, W, 2) of a slice through a chest."""
    image = _lungs(points, chance)
    _paint_belly(image, points, heart, chance)
    _paint_aorta(image, points, heart, chance)
    _paint_fat(image, points, heart, chance)
    _paint_heart(image, points, heart, chance)
    _paint_chest_wall(image, points, heart, chance)
    return image


def _lungs(points: Floats, chance: np.random.Generator) -> Floats:
    """Black, with the dots and strands of vessels."""
    size = points.shape[:2]
    strands = ramp(band_noise(size, 2.2, chance), 1.3, 2.6) * ramp(
        smooth_noise(size, 22, chance), -0.5, 1.5
    )
    return np.asarray(LUNG * (1 + 0.3 * smooth_noise(size, 20, chance)) + 0.7 * strands)


def _paint_belly(
    image: Floats, points: Floats, heart: Ventricles, chance: np.random.Generator
) -> None:
    """Below the diaphragm the liver, then the stomach, and bowel in its fat."""
    size, reach = points.shape[:2], max(heart.wall.radii)
    y, x = points[..., 0], points[..., 1]
    dome = reach + chance.uniform(3, 14) + 0.005 * (x + chance.uniform(0, 40)) ** 2
    dome = dome + 2.0 * smooth_noise(size, 25, chance)
    below, edge = y > dome, chance.uniform(-12, 25) + 0.4 * (y - reach)
    lobes = smooth_noise(size, 9, chance)
    bowel = FAT * (0.95 + 0.1 * lobes) - 0.5 * ramp(band_noise(size, 9, chance), 0.2, 0.6)
    image[below] = bowel[below]
    liver = below & (x < edge)
    texture = LIVER * (1 + 0.06 * lobes) + 0.25 * ramp(band_noise(size, 4.0, chance), 1.5, 2.5)
    image[liver] = texture[liver]
    if chance.random() < 0.7:
        _paint_stomach(image, points, below, reach, chance)
    image[np.abs(y - dome) < 1.2] = MUSCLE


def _paint_stomach(
    image: Floats, points: Floats, below: Floats, reach: float, chance: np.random.Generator
) -> None:
    """A sack with folds, full of fluid or gas."""
    sack = Oval(
        np.array([reach + chance.uniform(24, 36), chance.uniform(14, 44)]),
        (chance.uniform(15, 22), chance.uniform(18, 30)),
        chance.uniform(0, 180),
    )
    folds = 0.08 * smooth_noise(points.shape[:2], 6, chance)
    ratio = sack.ratio(points) + folds
    content = chance.choice([LUNG, 0.42, 0.42]) * (1 + 4 * folds)
    image[below & (ratio < 1)] = MUSCLE
    inside = below & (ratio < 0.82)
    image[inside] = content[inside]


def _paint_aorta(
    image: Floats, points: Floats, heart: Ventricles, chance: np.random.Generator
) -> None:
    """The aorta on its way down behind the heart, in some slices."""
    if chance.random() < 0.4:
        return
    reach = max(heart.wall.radii)
    aorta = Oval(
        np.array([reach + chance.uniform(10, 22), chance.uniform(20, 42)]),
        (chance.uniform(8, 11),) * 2,
        0.0,
    )
    ratio = aorta.ratio(points)
    image[ratio < 1.15] = MUSCLE
    image[ratio < 1] = BLOOD * chance.uniform(0.8, 1.0)


def _paint_fat(
    image: Floats, points: Floats, heart: Ventricles, chance: np.random.Generator
) -> None:
    """Fat around the heart, thick in its grooves, patchy elsewhere; dark pericardium around it."""
    away = _outline(heart, points)
    layer = np.maximum(1.6 * smooth_noise(points.shape[:2], 14, chance) - 0.6, 0)
    for place in heart.insertions().values():
        groove = np.linalg.norm(points - 1.12 * place, axis=-1)
        layer = layer + chance.uniform(3, 7) * np.exp(-((groove / 9) ** 2))
    # Between the right ventricle and the breastbone there is more of it.
    y, x = np.moveaxis(points, -1, 0)
    layer = layer + chance.uniform(0, 11) * ramp(-y - x, 10, 60)
    texture = 1 + 0.08 * smooth_noise(points.shape[:2], 5, chance)
    around = away < 1.2 + layer
    image[away < 2.4 + layer] = 0.16
    image[around] = (FAT * texture)[around]


def _outline(heart: Ventricles, points: Floats) -> Floats:
    """About how many millimetres `points` are from the heart's blood and wall; 0 within."""
    ovals = (heart.wall, heart.right)
    gaps = [(oval.ratio(points) - 1) * np.mean(oval.radii) for oval in ovals]
    return np.maximum(np.minimum(*gaps), 0)


def _paint_heart(
    image: Floats, points: Floats, heart: Ventricles, chance: np.random.Generator
) -> None:
    """Walls, blood that is brighter where it flows in, papillary muscles and trabeculae."""
    size, labels = points.shape[:2], heart.labels(points)
    muscle = MUSCLE * chance.uniform(0.8, 1.1) * (1 + 0.07 * smooth_noise(size, 5, chance))
    blood = BLOOD * (1 + 0.05 * smooth_noise(size, 14, chance))
    free_wall = (heart.right.ratio(points) - 1) * np.mean(heart.right.radii) < 2.0
    image[free_wall] = muscle[free_wall]
    image[labels == 2] = muscle[labels == 2]
    image[labels == 3] = blood[labels == 3]
    image[labels == 1] = (chance.uniform(0.78, 1.0) * blood)[labels == 1]
    _paint_trabeculae(image, points, heart, muscle, chance)


def _paint_trabeculae(
    image: Floats, points: Floats, heart: Ventricles, muscle: Floats, chance: np.random.Generator
) -> None:
    """Muscle within the blood: it belongs to the cavities, as in most annotations of hearts."""
    labels, grain = heart.labels(points), band_noise(points.shape[:2], 3.0, chance)
    rough = {3: (heart.cavity, 0.68, 0.5), 1: (heart.right, 0.35, 0.6)}
    for label, (oval, start, limit) in rough.items():
        depth = ramp(oval.ratio(points), start, 1.0) * ramp(grain, limit, limit + 1.2)
        inside = labels == label
        image[inside] += (0.8 * depth * (muscle - image))[inside]
    for papillary in heart.papillary:
        inside = (papillary.ratio(points) < 1 + 0.12 * grain) & (labels == 3)
        image[inside] = (1.15 * muscle)[inside]


def _paint_chest_wall(
    image: Floats, points: Floats, heart: Ventricles, chance: np.random.Generator
) -> None:
    """Muscle with ribs, fat and skin in front of the heart and beside the lung; then air."""
    size, reach = points.shape[:2], max(heart.wall.radii)
    front = Oval(
        np.array([62 - reach, chance.uniform(-25, 5)]),
        (62 + chance.uniform(7, 20), chance.uniform(92, 112)),
        chance.uniform(-8, 8),
    )
    depth = (front.ratio(points) - 1) * np.mean(front.radii) + 1.5 * smooth_noise(size, 18, chance)
    thick, fat = chance.uniform(9, 15), chance.uniform(6, 22)
    muscle = MUSCLE * (1 + 0.12 * smooth_noise(size, 4, chance))
    ribs = ramp(smooth_noise(size, 9, chance), 0.7, 1.1)
    muscle = muscle + ribs * (0.5 - muscle)
    fatty = FAT * (1 + 0.07 * smooth_noise(size, 5, chance))
    strands = ramp(band_noise(size, 2.5, chance), 1.4, 2.2)
    image[depth > 0] = muscle[depth > 0]
    image[depth > thick] = (fatty - 0.35 * strands)[depth > thick]
    image[depth > thick + fat] = AIR
