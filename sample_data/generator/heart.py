"""One short-axis slice of a beating heart as magnetic resonance shows it, with its truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from . import thorax
from .arrays import Floats, fine_grid, grid, shrink, smooth_noise
from .deformation import Deformation, Ripple
from .ventricles import Ventricles, turned

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = (128, 128)
UNIT = 0.82  # pixels per millimetre for a heart of ordinary size


class Heart(NamedTuple):
    """A slice (H, W), its landmarks (y, x) in pixels, and which ventricle each pixel shows."""

    image: NDArray[np.uint8]
    landmarks: dict[str, Floats]
    labels: NDArray[np.uint8]


def draw(chance: np.random.Generator) -> Heart:
    """Draw one heart."""
    heart = turned(Ventricles.draw(chance), chance.normal(0, 14))
    pose = _pose(chance)
    places = fine_grid(SIZE)
    points = pose.to_anatomy(places)
    tissue = shrink(thorax.paint(points, heart, chance))
    labels = heart.labels(points)
    shares = [shrink((labels == label).astype(float)) for label in range(4)]
    insertions = {name: pose.to_image(place) for name, place in heart.insertions().items()}
    return Heart(
        _measured(tissue, chance),
        {"left_ventricle": places[labels == 3].mean(axis=0), **insertions},
        np.argmax(shares, axis=0).astype(np.uint8),
    )


def _pose(chance: np.random.Generator) -> Deformation:
    """Draw the slice's turn, its field of view and where the heart lies in it."""
    return Deformation(
        origin=np.array([0.0, -8.0]),
        centre=(np.array(SIZE) - 1) / 2 + chance.uniform(-17, 17, 2),
        degrees=chance.uniform(-30, 30),
        scale=UNIT * chance.uniform(0.82, 1.15),
        mirrored=False,
        ripple=Ripple.draw(1.3, (45.0, 110.0), chance),
    )


def _measured(tissue: Floats, chance: np.random.Generator) -> NDArray[np.uint8]:
    """What a scanner makes of it: blurred, brighter near its coil, with Rician noise."""
    seen = ndimage.gaussian_filter(tissue, chance.uniform(0.45, 0.8)) * _coil(chance)
    noise = chance.uniform(0.015, 0.045) * chance.standard_normal((2, *SIZE))
    # Scanners interpolate what they measure, so neighbours share some of their noise.
    noise = ndimage.gaussian_filter(noise, (0, 0.45, 0.45)) * 1.5
    magnitude = np.hypot(seen + noise[0], noise[1])
    white = np.percentile(magnitude, 99.5) * chance.uniform(0.95, 1.2)
    return np.round(255 * np.clip(magnitude / white, 0, 1) ** chance.uniform(0.85, 1.15)).astype(
        np.uint8
    )


def _coil(chance: np.random.Generator) -> Floats:
    """Sensitivity (H, W): falls from the front of the chest to the back, and unevenly so."""
    y, x = np.moveaxis(grid(SIZE) / np.array(SIZE) - 0.5, -1, 0)
    fall = np.exp(-chance.uniform(0.2, 1.1) * y + chance.normal(0, 0.25) * x)
    return np.asarray(fall * np.exp(0.08 * smooth_noise(SIZE, 30, chance)))
