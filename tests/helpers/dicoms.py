"""DICOM files for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    MRImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

if TYPE_CHECKING:
    from pathlib import Path


def write_dicom(path: Path, pixels: np.ndarray, **attributes: Any) -> Path:
    """Write an array as a DICOM file with further attributes."""
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
