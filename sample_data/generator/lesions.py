"""Disease: spots brighter or darker than their surroundings, some as bright as the disc."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .arrays import Floats, band_noise, ramp, window

if TYPE_CHECKING:
    from collections.abc import Callable

    from .retina import Canvas

DRUSEN, EXUDATE, COTTON = (0.95, 0.74, 0.38), (1.0, 0.9, 0.55), (0.98, 0.84, 0.64)
BLEEDING, SCAR, ATROPHY = (0.36, 0.07, 0.04), (0.22, 0.12, 0.08), (0.98, 0.82, 0.54)


def paint_lesions(canvas: Canvas, chance: np.random.Generator) -> None:
    """Paint what this eye suffers from, if anything."""
    for disease, odds in ODDS.items():
        if chance.random() < odds:
            disease(canvas, chance)


def _spots(
    canvas: Canvas,
    centres: Floats,
    radii: Floats,
    colour: tuple[float, ...],
    strength: float,
    soft: float,
) -> None:
    """Paint oval spots at `centres` (N, 2) of `radii` (N,), in pixels."""
    for index, (centre, radius) in enumerate(zip(centres, radii, strict=True)):
        part = window(centre - 2 * radius, centre + 2 * radius, canvas.points.shape)
        local = (canvas.points[part] - centre) / radius
        long = local @ np.array([np.sin(index), np.cos(index)])
        away = np.hypot(np.hypot(local[..., 0], local[..., 1]), 0.7 * long) - 0.1
        canvas.blend(colour, strength * ramp(away, 1 + soft, 1 - soft), part)


def _patch(
    canvas: Canvas,
    centre: Floats,
    radius: float,
    colour: tuple[float, ...],
    strength: float,
    chance: np.random.Generator,
) -> None:
    """Paint one large ragged patch."""
    ragged = 0.22 * band_noise(canvas.points.shape[:2], radius, chance)
    ragged += 0.06 * band_noise(canvas.points.shape[:2], 0.25 * radius, chance)
    squeezed = (canvas.points - centre) * [1, chance.uniform(0.7, 1.1)]
    away = np.linalg.norm(squeezed, axis=-1) / radius
    canvas.blend(colour, strength * ramp(away + ragged, 1.35, 0.6))


def _around(middle: Floats, away: Floats, chance: np.random.Generator) -> Floats:
    """Places at distances `away` (N,) from `middle`, in all directions, (N, 2)."""
    angle = chance.uniform(0, 2 * np.pi, len(away))
    return np.asarray(middle + np.stack([np.sin(angle), np.cos(angle)], axis=1) * away[:, None])


def _drusen(canvas: Canvas, chance: np.random.Generator) -> None:
    n = int(chance.integers(12, 45))
    places = canvas.fovea + chance.normal(0, 0.7 * canvas.unit, (n, 2))
    _spots(canvas, places, chance.uniform(0.02, 0.07, n) * canvas.unit, DRUSEN, 0.45, 0.6)


def _exudates(canvas: Canvas, chance: np.random.Generator) -> None:
    n = int(chance.integers(10, 40))
    middle = canvas.fovea + chance.normal(0, 1.1 * canvas.unit, 2)
    places = _around(middle, chance.normal(0.5, 0.17, n) * canvas.unit, chance)
    _spots(canvas, places, chance.uniform(0.02, 0.06, n) * canvas.unit, EXUDATE, 0.8, 0.4)


def _bleedings(canvas: Canvas, chance: np.random.Generator) -> None:
    n, unit = int(chance.integers(6, 30)), canvas.unit
    places = (canvas.fovea + canvas.disc.centre) / 2 + chance.normal(0, 1.9 * unit, (n, 2))
    _spots(canvas, places, chance.uniform(0.015, 0.07, n) * unit, BLEEDING, 0.7, 0.4)
    if chance.random() < 0.5:
        _patch(canvas, places[0], chance.uniform(0.15, 0.35) * unit, BLEEDING, 0.75, chance)


def _cotton(canvas: Canvas, chance: np.random.Generator) -> None:
    for _ in range(int(chance.integers(1, 5))):
        place = _around(canvas.disc.centre, chance.uniform(0.9, 2.5, 1) * canvas.unit, chance)[0]
        _patch(canvas, place, chance.uniform(0.1, 0.2) * canvas.unit, COTTON, 0.6, chance)


def _atrophy(canvas: Canvas, chance: np.random.Generator) -> None:
    """Paint a bald patch as large and bright as a disc, on the far side of the fovea."""
    away = np.sign(canvas.fovea - canvas.disc.centre) * [chance.choice([-1, 1]), 1]
    place = canvas.fovea + away * chance.uniform(0.5, 1.6, 2) * canvas.unit
    _patch(canvas, place, chance.uniform(0.3, 0.5) * canvas.unit, ATROPHY, 0.9, chance)


def _laser(canvas: Canvas, chance: np.random.Generator) -> None:
    n, unit = int(chance.integers(20, 50)), canvas.unit
    places = _around(canvas.fovea, chance.uniform(2.3, 3.6, n) * unit, chance)
    places = places[np.linalg.norm(places - canvas.disc.centre, axis=1) > 0.9 * unit]
    _spots(canvas, places, np.full(len(places), 0.1 * unit), DRUSEN, 0.5, 0.4)
    _spots(canvas, places, np.full(len(places), 0.05 * unit), SCAR, 0.6, 0.4)


ODDS: dict[Callable[[Canvas, np.random.Generator], None], float] = {
    _drusen: 0.35,
    _exudates: 0.3,
    _bleedings: 0.35,
    _cotton: 0.2,
    _atrophy: 0.25,
    _laser: 0.1,
}
