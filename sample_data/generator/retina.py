"""The colours of a retina: ground, macula, disc and vessels, painted in that order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from .arrays import Floats, band_noise, ramp, smooth_noise, window
from .ovals import Oval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .vessels import Vessel

BLOOD = {True: np.array([0.10, 0.55, 0.45]), False: np.array([0.36, 1.0, 0.75])}


@dataclass(frozen=True)
class Canvas:
    """A retina being painted.

    Attributes
    ----------
    image
        Its colours, (2H, 2W, 3), about 0 to 1; painted in place.
    points
        Position (y, x) of each sub-pixel in pixels, (2H, 2W, 2).
    unit
        Pixels per disc diameter.
    disc, fovea
        Where they lie, in pixels.
    """

    image: Floats
    points: Floats
    unit: float
    disc: Oval
    fovea: Floats

    def blend(
        self, colour: Sequence[float] | Floats, weight: Floats, part: tuple[slice, ...] = ()
    ) -> None:
        """Move the colours of a part towards `colour` by `weight` (..., 0 to 1)."""
        seen = self.image[part]
        seen += weight[..., None] * (np.asarray(colour) - seen)


def ground(size: tuple[int, int], unit: float, chance: np.random.Generator) -> Floats:
    """Pigment and choroid, (H, W, 3) in 0..1, for a disc diameter of `unit` sub-pixels."""
    dark = chance.uniform(0, 1)
    colour = (1 - dark) * np.array([0.84, 0.42, 0.19]) + dark * np.array([0.62, 0.27, 0.11])
    colour = colour * chance.normal(1, (0.03, 0.06, 0.15))
    patches = 0.05 * smooth_noise(size, 0.9 * unit, chance)
    grain = 0.022 * band_noise(size, 0.05 * unit, chance)
    choroid = chance.uniform(0.1, 1.0) ** 2 * 0.12 * _choroid(size, unit, chance)
    shade = 1 + patches + grain + choroid
    return np.asarray(colour * np.stack([shade - 0.4 * choroid, shade, shade], axis=-1))


def _choroid(size: tuple[int, int], unit: float, chance: np.random.Generator) -> Floats:
    """Ribbons of the deep vessels that shine through, between -1 and 1."""
    ridges = np.clip(1 - 1.6 * np.abs(band_noise(size, 0.12 * unit, chance)), -1, 1)
    return np.asarray(ridges * ramp(smooth_noise(size, unit, chance), -1, 1))


def paint_macula(canvas: Canvas, chance: np.random.Generator) -> None:
    """Darken the macula, most at the fovea, sometimes with its bright reflex."""
    away = np.linalg.norm(canvas.points - canvas.fovea, axis=-1) / canvas.unit
    wide, pit = np.exp(-((away / 0.85) ** 2)), np.exp(-((away / 0.26) ** 2))
    depth = chance.uniform(0.14, 0.26) * wide + chance.uniform(0.12, 0.3) * pit
    canvas.image[:] *= 1 - depth[..., None] * np.array([0.7, 1.0, 1.15])
    if chance.random() < 0.4:
        ring = np.exp(-(((away - 0.3) / 0.06) ** 2)) * 0.3 + np.exp(-((away / 0.035) ** 2))
        canvas.image[:] += chance.uniform(0.03, 0.1) * ring[..., None] * np.array([1, 0.95, 0.7])


def paint_disc(canvas: Canvas, chance: np.random.Generator) -> None:
    """Paint the disc's surroundings, its rim, paler on the side of the macula, and its cup."""
    disc, temporal = canvas.disc, np.sign(canvas.fovea[1] - canvas.disc.centre[1])
    ratio = disc.ratio(canvas.points)
    side = temporal * (canvas.points[..., 1] - disc.centre[1]) / disc.radii[1]
    if chance.random() < 0.4:
        crescent = ramp(ratio, 1.5, 1.1) * ramp(side, 0.2, 1.0)
        canvas.blend((0.9, 0.68, 0.42), crescent * chance.uniform(0.2, 0.6))
    canvas.blend((0.95, 0.6, 0.3), 0.25 * np.exp(-(((ratio - 1.05) / 0.25) ** 2)))
    glow, pallor = chance.uniform(0.74, 0.98), chance.uniform(0.3, 0.6)
    canvas.blend(glow * np.array([0.98, 0.68, 0.39]), 0.9 * ramp(ratio, 1.08, 0.9))
    canvas.blend(
        glow * np.array([1.0, 0.86, 0.6]), pallor * ramp(ratio, 1.02, 0.5) * ramp(side, -0.9, 0.9)
    )
    share = chance.uniform(0.3, 0.62)
    cup = Oval(
        disc.centre + np.array([0, temporal * 0.1 * disc.radii[1]]),
        (share * disc.radii[0], share * disc.radii[1]),
        disc.degrees,
    )
    canvas.blend(glow * np.array([1, 0.93, 0.72]), 0.85 * ramp(cup.ratio(canvas.points), 1.3, 0.7))


def paint_vessels(canvas: Canvas, tree: Sequence[Vessel], chance: np.random.Generator) -> Floats:
    """Paint veins, then arteries with their reflex; returns the depth of both, (2H, 2W)."""
    strength = chance.uniform(0.75, 1.1)
    total = np.zeros(canvas.points.shape[:2])
    for artery in (False, True):
        chosen = [vessel for vessel in tree if vessel.artery is artery]
        depth, reflex = _depths(chosen, canvas)
        soft = ndimage.gaussian_filter(depth, 0.7)
        canvas.image[:] *= np.exp(-strength * soft[..., None] * BLOOD[artery])
        if artery:
            canvas.image[:] += 0.07 * (reflex * depth)[..., None] * np.array([1, 0.8, 0.6])
        total = np.maximum(total, depth)
    return total


def _depths(vessels: Sequence[Vessel], canvas: Canvas) -> tuple[Floats, Floats]:
    """How deep each sub-pixel lies in a vessel (0 to 1), and its middle reflex, (2H, 2W)."""
    depth, reflex = np.zeros((2, *canvas.points.shape[:2]))
    for vessel in vessels:
        radii = np.maximum(vessel.radii * canvas.unit, 0.3)
        for a, b, radius in zip(vessel.points, vessel.points[1:], radii, strict=False):
            reach = radius + 1
            part = window(np.minimum(a, b) - reach, np.maximum(a, b) + reach, depth.shape)
            away = _distance(canvas.points[part], a, b) / radius
            thick = np.sqrt(np.maximum(1 - away**2, 0)) * min(1.0, 0.45 + radius / 2.5)
            np.maximum(depth[part], thick, out=depth[part])
            np.maximum(reflex[part], np.exp(-((away / 0.3) ** 2)), out=reflex[part])
    return depth, reflex


def _distance(points: Floats, a: Floats, b: Floats) -> Floats:
    """Distance of `points` (..., 2) from the straight line between `a` and `b`."""
    local, axis = points - a, b - a
    place = np.clip(local @ axis / (axis @ axis), 0, 1)[..., None]
    y, x = np.moveaxis(local - place * axis, -1, 0)
    return np.asarray(np.hypot(y, x))
