"""Smooth random displacement, which makes an outline irregular without tearing it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_localcl.data.priors.prior import Floats

# Waves along each axis: with more, a bend folds the canvas over itself before it is visible.
_WAVES = 5


def bend(canvas: tuple[int, int], size: float, chance: np.random.Generator) -> Floats:
    """Draw a smooth displacement of a canvas's pixels.

    Parameters
    ----------
    canvas : (int, int)
        Height and width in pixels.
    size : float
        Standard deviation, part of the shorter side.
    chance : numpy Generator
        Randomness.

    Returns
    -------
    (2, H, W) ndarray
        Displacement along y and x, in pixels.
    """
    if size == 0:
        return np.zeros((2, 1, 1), np.float32)
    weights = chance.standard_normal((2, _WAVES, _WAVES)).astype(np.float32) * _strengths()
    rows, columns = (_waves(side) for side in canvas)
    return np.asarray(size * min(canvas) * (rows.T @ weights @ columns), np.float32)


@lru_cache(maxsize=16)
def _waves(side: int) -> Floats:
    """Cosines with 0 to 4 half-waves along a side, (5, side), each of mean square 1."""
    places = (np.arange(side, dtype=np.float32) + 0.5) / side
    waves = np.cos(np.pi * np.arange(_WAVES, dtype=np.float32)[:, None] * places)
    return np.asarray(waves * np.where(np.arange(_WAVES)[:, None] > 0, np.sqrt(2), 1), np.float32)


@lru_cache(maxsize=1)
def _strengths() -> Floats:
    """How much each pair of waves counts, (5, 5): long ones more, and no shift of the whole."""
    frequency = np.hypot(*np.indices((_WAVES, _WAVES)))
    strengths = np.where(frequency > 0, 1 / np.maximum(frequency, 1) ** 1.5, 0)
    return np.asarray(strengths / np.sqrt((strengths**2).sum()), np.float32)
