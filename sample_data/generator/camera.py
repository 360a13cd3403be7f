"""The fundus camera: uneven light, haze, blur, the round field on black, and noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from .arrays import Floats, ramp, smooth_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Opening:
    """The round opening behind which the retina is seen: centre (y, x) and radius, pixels."""

    centre: Floats
    radius: float

    def lit(self, image: Floats, points: Floats, chance: np.random.Generator) -> Floats:
        """Light an image (..., 3) unevenly: falling off, tilted, hazy at the pupil's edge."""
        local = (points - self.centre) / self.radius
        off = chance.normal(0, 0.25, 2)
        fall = 1 - chance.uniform(0.15, 0.5) * ((local - off) ** 2).sum(axis=-1)
        tilt = 1 + local @ chance.normal(0, 0.13, 2)
        shown = image * np.clip(fall * tilt, 0.08, None)[..., None]
        if chance.random() < 0.4:
            edge = ramp(np.linalg.norm(local, axis=-1), 0.7, 1.02)
            edge = edge * ramp(local @ _direction(chance), -0.2, 1.0)
            haze = np.array([0.9, 0.75, 0.6]) * chance.uniform(0.08, 0.35)
            shown = shown + edge[..., None] * haze
        return np.asarray(shown)

    def seen(self, points: Floats, chance: np.random.Generator) -> Floats:
        """1 inside the opening, 0 outside, sometimes with the camera's notch."""
        away = np.linalg.norm(points - self.centre, axis=-1)
        seen = ramp(away, self.radius + 0.7, self.radius - 0.7)
        if chance.random() < 0.35:
            notch = self.centre + self.radius * _direction(chance) * [0.3, 1.0]
            seen = np.maximum(seen, ramp(np.linalg.norm(points - notch, axis=-1), 6.5, 5.5))
        return seen


def _direction(chance: np.random.Generator) -> Floats:
    angle = chance.uniform(0, 2 * np.pi)
    return np.array([np.sin(angle), np.cos(angle)])


def photograph(image: Floats, seen: Floats, chance: np.random.Generator) -> NDArray[np.uint8]:
    """Blur, expose and digitise an image (H, W, 3) behind its opening `seen` (H, W)."""
    soft = chance.uniform(0.35, 1.3)
    image = np.stack([ndimage.gaussian_filter(image[..., c], soft) for c in range(3)], axis=-1)
    gain = chance.uniform(0.75, 1.15) * chance.normal(1, (0.02, 0.03, 0.05))
    veil = chance.uniform(0, 0.05)
    image = np.clip(image * gain + veil, 0, 1) ** chance.uniform(0.85, 1.15)
    grain = np.stack([smooth_noise(seen.shape, 0.5, chance) for _ in range(3)], axis=-1)
    image = (image + chance.uniform(0.004, 0.016) * grain) * seen[..., None]
    black = chance.uniform(0, 0.02)
    return (255 * np.clip(image + black, 0, 1) + 0.5).astype(np.uint8)
