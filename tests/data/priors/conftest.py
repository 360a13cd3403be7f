"""Mask files and the chance that several tests of priors need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def chance() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def disc() -> np.ndarray:
    """Give a disc of radius 10 at (20, 30) in 48 x 64 pixels."""
    y, x = np.indices((48, 64))
    return np.hypot(y - 20, x - 30) <= 10


@pytest.fixture
def save(tmp_path: Path) -> Callable[[str, np.ndarray], Path]:
    """Give a function that writes an array as a picture below a folder of masks."""

    def write(name: str, pixels: np.ndarray) -> Path:
        path = tmp_path / "masks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8) if pixels.dtype == bool else pixels).save(path)
        return path

    return write
