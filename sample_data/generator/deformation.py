"""How one subject's anatomy lies in its image: pose, size, side, and a smooth elastic warp."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Floats, turn


@dataclass(frozen=True)
class Ripple:
    """A smooth displacement: a sum of plane waves.

    Attributes
    ----------
    waves
        Angular frequencies (y, x) of the K waves, (K, 2).
    phases, amplitudes
        Of each wave, for the displacement along y and x, (K, 2).
    """

    waves: Floats
    phases: Floats
    amplitudes: Floats

    @classmethod
    def draw(
        cls, size: float, wavelengths: tuple[float, float], chance: np.random.Generator
    ) -> Ripple:
        """Draw six waves whose displacement has a root mean square of `size` along each axis."""
        angles = chance.uniform(0, 2 * np.pi, 6)
        frequencies = 2 * np.pi / chance.uniform(*wavelengths, 6)
        waves = frequencies[:, None] * np.stack([np.sin(angles), np.cos(angles)], axis=1)
        phases = chance.uniform(0, 2 * np.pi, (6, 2))
        return cls(waves, phases, np.full((6, 2), size * np.sqrt(2 / 6)))

    def at(self, points: Floats) -> Floats:
        """Displacement (..., 2) at `points` (..., 2)."""
        shift = np.zeros_like(points)
        for wave, phase, amplitude in zip(self.waves, self.phases, self.amplitudes, strict=True):
            shift += amplitude * np.sin((points @ wave)[..., None] + phase)
        return shift


@dataclass(frozen=True)
class Deformation:
    """Maps between anatomy (its own units) and image (pixels), both as (y, x).

    Attributes
    ----------
    origin
        Anatomical point that the pose keeps at `centre`.
    centre
        Where `origin` lies in the image, in pixels (before the elastic warp).
    degrees
        Turn of the anatomy in the image, clockwise.
    scale
        Pixels per anatomical unit.
    mirrored
        Whether left and right are swapped.
    ripple
        The elastic warp, in anatomical units.
    """

    origin: Floats
    centre: Floats
    degrees: float
    scale: float
    mirrored: bool
    ripple: Ripple

    def to_anatomy(self, points: Floats) -> Floats:
        """Anatomical positions (..., 2) of image positions (..., 2)."""
        rested = turn((points - self.centre) / self.scale, -self.degrees) * self._sides()
        return np.asarray(rested + self.origin + self.ripple.at(rested))

    def to_image(self, points: Floats) -> Floats:
        """Image positions (..., 2) of anatomical positions (..., 2)."""
        target = points - self.origin
        rested = target
        for _ in range(25):
            rested = target - self.ripple.at(rested)
        return turn(rested * self._sides(), self.degrees) * self.scale + self.centre

    def _sides(self) -> Floats:
        return np.array([1.0, -1.0 if self.mirrored else 1.0])
