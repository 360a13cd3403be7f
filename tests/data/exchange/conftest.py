"""A folder of images with known geometry, and landmarks on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK
from PIL import Image
from pydicom.uid import generate_uid

from napari_localcl.data.folder import Listing, find_images

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def listing(tmp_path: Path, write_dicom) -> Listing:
    """List `a.png`, `sub/b.png`, five slices of `v.nii.gz` and three of the series `T2`."""
    root = tmp_path / "images"
    for name in ("a.png", "sub/b.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((40, 60), np.uint8)).save(root / name)
    volume = SimpleITK.GetImageFromArray(np.zeros((5, 20, 30), np.int16))
    volume.SetSpacing((0.5, 0.75, 3.0))
    volume.SetOrigin((10.0, -20.0, 30.0))
    volume.SetDirection((0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, -1.0))
    SimpleITK.WriteImage(volume, str(root / "v.nii.gz"))
    (root / "T2").mkdir()
    uid = generate_uid()
    for z in range(3):
        write_dicom(
            root / "T2" / f"{9 - z}.dcm",
            np.zeros((20, 30), np.uint16),
            SeriesInstanceUID=uid,
            ImagePositionPatient=[-5, 100 + 2.5 * z, 7],
            ImageOrientationPatient=[1, 0, 0, 0, 0, -1],
            PixelSpacing=[0.8, 0.6],
        )
    return find_images(root)
