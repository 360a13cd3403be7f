"""Images and DICOM files that several tests of reading need."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    MRImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)


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
    return _write_dicom


def _write_dicom(path: Path, pixels: np.ndarray, **attributes: Any) -> Path:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    if "ImagePositionPatient" in attributes:
        meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID = meta.MediaStorageSOPClassUID
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    data.Modality = "OT"
    _describe(data, pixels, colour=pixels.shape[-1] == 3)
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    data.save_as(path, enforce_file_format=True)
    return path


def _describe(data: FileDataset, pixels: np.ndarray, *, colour: bool) -> None:
    rows, columns = pixels.shape[-3:-1] if colour else pixels.shape[-2:]
    data.Rows, data.Columns = rows, columns
    if pixels.ndim - colour == 3:
        data.NumberOfFrames = len(pixels)
    data.SamplesPerPixel = 3 if colour else 1
    data.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        data.PlanarConfiguration = 0
    bits = 8 * pixels.dtype.itemsize
    data.BitsAllocated = data.BitsStored = bits
    data.HighBit = bits - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.PixelData = np.ascontiguousarray(pixels).tobytes()
