"""Exams of bright spots."""

from __future__ import annotations

import numpy as np


def draw(index: int, frames: int = 6) -> tuple[np.ndarray, bool, bool]:
    """Draw an exam; every second has a spot, left or right, in two of its frames."""
    chance = np.random.default_rng(index)
    pixels = 60 + 4 * chance.standard_normal((frames, 64, 64))
    present, right = index % 2 == 0, index % 4 == 0
    if present:
        column = 40 if right else 12
        pixels[2:4, 24:38, column : column + 12] += 150
    pixels[chance.random(pixels.shape) < 0.02] = 255  # every series spans the same greys
    return np.clip(pixels, 0, 255).astype(np.uint8), present, right
