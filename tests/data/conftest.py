"""Images and DICOM files that several tests of reading need."""

from __future__ import annotations

import os
from pathlib import Path

import dicoms
import numpy as np
import pytest


@pytest.fixture
def picture() -> np.ndarray:
    """Give a smooth grey picture of 48 x 64 pixels, values 10 to 240."""
    y, x = np.mgrid[0:48, 0:64]
    wave = np.sin(x / 9.0) + np.cos(y / 7.0) + x / 64
    return (10 + 230 * (wave - wave.min()) / np.ptp(wave)).astype(np.uint8)


@pytest.fixture
def real_data() -> Path:
    """Give the folder of real images, or skip."""
    default = Path(__file__).parents[2] / ".." / "shared" / "data"
    folder = Path(os.environ.get("LOCALCL_DATA") or default).resolve()
    if not folder.is_dir():
        pytest.skip("no real images: set LOCALCL_DATA to a folder that holds them")
    return folder


@pytest.fixture
def write_dicom():
    """Give a function that writes an array as a DICOM file with further attributes."""
    return dicoms.write_dicom
