"""A head as magnetic resonance shows it (FLAIR), whole, so that every plane can be cut from it.

Places are (z, y, x) in units of the head's half height, length and width: z up, y towards the
back, x towards the patient's left, which images show on the right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .arrays import Floats, ramp, smooth_noise

SIZE = 64
PLACES = {"axial": np.linspace(-0.45, 0.7, 10), "coronal": np.linspace(-0.6, 0.6, 8)}
VIEW = 1.06  # half of the side of a frame
TUMOUR, CYST = 1, 2
SKIN, SKULL, FLUID, CORTEX, WHITE = 0.75, 0.06, 0.16, 0.58, 0.43


@dataclass(frozen=True)
class Waves:
    """A smooth function of places: a sum of plane waves, of deviation about 1."""

    ways: Floats
    phases: Floats

    @classmethod
    def draw(cls, slow: float, fast: float, chance: np.random.Generator, count: int = 8) -> Waves:
        """Draw waves of `slow` to `fast` radians per unit."""
        ways = chance.standard_normal((count, 3))
        ways *= (chance.uniform(slow, fast, count) / np.linalg.norm(ways, axis=1))[:, None]
        return cls(ways, chance.uniform(0, 2 * np.pi, count))

    def at(self, places: Floats) -> Floats:
        """Its values (...) at places (..., 3)."""
        return np.asarray(np.sin(places @ self.ways.T + self.phases).sum(axis=-1) / 2)


@dataclass(frozen=True)
class Blob:
    """A ragged ellipsoid of one brightness."""

    label: int
    centre: Floats
    radii: Floats
    level: float
    ragged: Waves

    def ratio(self, places: Floats) -> Floats:
        """Distance from its centre: 1 on its edge."""
        away = np.linalg.norm((places - self.centre) / self.radii, axis=-1)
        return np.asarray(away + 0.09 * self.ragged.at(places))


@dataclass(frozen=True)
class Head:
    """One head.

    Attributes
    ----------
    turn
        Rotation matrix of its pose.
    shift, scale
        Where its middle lies, and how large it is along each axis.
    bend, folds
        How its shape, and how its cortex, departs from an ellipsoid.
    ventricles
        Half width of the ventricles, and how far they reach.
    blobs
        What does not belong there, and small spots that do.
    """

    turn: Floats
    shift: Floats
    scale: Floats
    bend: tuple[Waves, ...]
    folds: Waves
    ventricles: tuple[float, float]
    blobs: tuple[Blob, ...]

    @classmethod
    def draw(cls, tumour: bool, cyst: bool, chance: np.random.Generator) -> Head:
        """Draw one head with or without each finding."""
        spots = [_blob(0, 0.035, 0.06, 0.8, chance) for _ in range(chance.integers(0, 5))]
        found = [_blob(TUMOUR, 0.19, 0.33, chance.uniform(0.88, 1.0), chance)] if tumour else []
        # A cyst is as dark as the ventricles, so that darkness alone does not tell it.
        found += [_blob(CYST, 0.15, 0.23, FLUID, chance)] if cyst else []
        return cls(
            _rotation(np.radians(chance.normal(0, [6, 4, 5]))),
            chance.normal(0, [0.03, 0.03, 0.03]),
            np.array([0.98, 1.0, 0.82]) * chance.uniform(0.9, 1.05) * chance.normal(1, 0.02, 3),
            tuple(Waves.draw(1.5, 4, chance) for _ in range(3)),
            Waves.draw(12, 20, chance, 16),
            (chance.uniform(0.06, 0.14), chance.uniform(0.32, 0.45)),
            (*spots, *found),
        )

    def places(self, points: Floats) -> Floats:
        """Anatomical places of points (..., 3) of the scanner."""
        turned = (points - self.shift) @ self.turn / self.scale
        return np.asarray(turned + 0.02 * np.stack([b.at(turned) for b in self.bend], axis=-1))

    def tissue(self, points: Floats) -> Floats:
        """Brightness (...) at points (..., 3)."""
        places = self.places(points)
        out = np.linalg.norm(places, axis=-1)
        rim = 0.74 - 0.05 * self.folds.at(places)
        level = WHITE + (CORTEX - WHITE) * ramp(out, rim - 0.03, rim + 0.03)
        level = _over(level, FLUID, ramp(np.abs(places[..., 2]), 0.03, 0.01) * ramp(out, 0.5, 0.6))
        level = _over(level, FLUID, ramp(self._ventricle(places), 1.12, 0.88))
        for blob in self.blobs:
            level = _over(level, blob.level, ramp(blob.ratio(places), 1.12, 0.88))
        for inner, shade in ((0.82, FLUID), (0.86, SKULL), (0.93, SKIN), (1.0, 0.0)):
            level = _over(level, shade, ramp(out, inner - 0.015, inner + 0.015))
        return level

    def labels(self, points: Floats) -> Floats:
        """Which finding each of the points (..., 3) shows, 0 for none."""
        places = self.places(points)
        found = np.zeros(places.shape[:-1])
        for blob in self.blobs:
            found = np.where((blob.ratio(places) <= 1) & (blob.label > 0), blob.label, found)
        return found

    def _ventricle(self, places: Floats) -> Floats:
        """Distance from the two lateral ventricles: 1 on their edge."""
        wide, far = self.ventricles
        z, y, x = np.moveaxis(places, -1, 0)
        aside = np.abs(x) - 0.1 - 0.15 * np.abs(y)
        return np.asarray(np.sqrt((aside / wide) ** 2 + (y / far) ** 2 + ((z - 0.1) / 0.16) ** 2))


def cut(plane: str) -> Floats:
    """The scanner's points (F, H, W, 3) of the frames of a plane."""
    side = np.linspace(-VIEW, VIEW, SIZE)
    if plane == "axial":
        z, y, x = np.meshgrid(PLACES[plane], side, side, indexing="ij")
    else:
        y, z, x = np.meshgrid(PLACES[plane], -side, side, indexing="ij")
    return np.stack([z, y, x], axis=-1)


def measured(tissue: Floats, chance: np.random.Generator) -> Floats:
    """What a scanner makes of frames (F, H, W): uneven coil, blur, Rician noise; 0 to 1."""
    coil = np.exp(0.12 * smooth_noise((SIZE, SIZE), 18, chance))
    seen = ndimage.gaussian_filter(tissue * coil, (0, 0.6, 0.6))
    noise = chance.uniform(0.006, 0.014) * chance.standard_normal((2, *tissue.shape))
    magnitude = np.hypot(seen + noise[0], noise[1]) / chance.uniform(0.95, 1.15)
    return np.asarray(np.clip(magnitude, 0, 1) ** chance.uniform(0.9, 1.12))


def _blob(label: int, least: float, most: float, level: float, chance: np.random.Generator) -> Blob:
    """Somewhere in the brain that both planes cut, in either half."""
    centre = chance.uniform([-0.3, -0.42, 0.2], [0.48, 0.42, 0.5]) * [1, 1, chance.choice([-1, 1])]
    radii = chance.uniform(least, most) * chance.uniform(0.85, 1.15, 3)
    return Blob(label, centre, radii, level, Waves.draw(6, 14, chance))


def _over(below: Floats, above: float, share: Floats) -> Floats:
    return np.asarray(below + (above - below) * share)


def _rotation(angles: Floats) -> Floats:
    turned = np.eye(3)
    for axis, angle in enumerate(angles):
        one, two = [i for i in range(3) if i != axis]
        step = np.eye(3)
        step[one, one] = step[two, two] = np.cos(angle)
        step[one, two], step[two, one] = -np.sin(angle), np.sin(angle)
        turned = turned @ step
    return turned
