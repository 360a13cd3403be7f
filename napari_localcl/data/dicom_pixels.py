"""The pixels of a DICOM file in the modality's units, bright always high."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data.dicom_tags import find, numbers
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    from napari_localcl.data.scan import Pixels

Window = tuple[float, float]


def decode(path: Path, data: Any) -> tuple[Pixels, Window | None]:
    """Decode a file's pixels.

    Parameters
    ----------
    path : Path
        The file.
    data : pydicom.Dataset
        Its whole data set.

    Returns
    -------
    pixels : (C, [D,] H, W) ndarray
        Rescaled, in float32 where the file says how; MONOCHROME1, in which low values are white,
        comes negated.
    window : (float, float) or None
        Values of `pixels` to be shown black and white.
    """
    values, window = _without_padding(_values(path, data), data), _window(data)
    if window is None and "VOILUTSequence" in data:
        from pydicom.pixels.processing import apply_voi_lut

        values = apply_voi_lut(np.rint(values).astype(np.int32), data)
    if data.get("PhotometricInterpretation") == "MONOCHROME1":
        # Not mirrored at the image's own maximum, so that the slices of a series stay comparable.
        values = -values.astype(np.float32)
        window = (-window[1], -window[0]) if window else None
    return np.moveaxis(values, -1, 0) if has_colour(data) else values[None], window


def has_colour(data: Any) -> bool:
    """Tell whether a file has colour, be it by samples or by a palette.

    Parameters
    ----------
    data : pydicom.Dataset
        A file's data set.

    Returns
    -------
    bool
        True if they are.
    """
    return data.get("SamplesPerPixel", 1) > 1 or _has_palette(data)


def _has_palette(data: Any) -> bool:
    return bool(data.get("PhotometricInterpretation") == "PALETTE COLOR")


def _values(path: Path, data: Any) -> Any:
    from pydicom.pixels.processing import apply_color_lut
    from pydicom.pixels.utils import pixel_array
    from pydicom.uid import (
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        JPEGLSTransferSyntaxes,
        JPEGTransferSyntaxes,
    )

    if "TransferSyntaxUID" not in data.file_meta:
        implicit = data.original_encoding[0]
        data.file_meta.TransferSyntaxUID = (
            ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        )
    try:
        pixels = pixel_array(data)
    except (NotImplementedError, RuntimeError):
        if data.file_meta.TransferSyntaxUID not in {*JPEGTransferSyntaxes, *JPEGLSTransferSyntaxes}:
            raise
        return _by_itk(path, data)
    return apply_color_lut(pixels, data) if _has_palette(data) else _rescaled(pixels, data)


def _by_itk(path: Path, data: Any) -> Any:
    # The codecs that pydicom lacks (lossless JPEG, JPEG-LS); ITK rescales by itself.
    import SimpleITK

    allocated, stored = int(data.BitsAllocated), int(data.BitsStored)
    # ITK's decoder does not survive contradictions here, and would take the process with it.
    if allocated not in {8, 16, 32} or not 0 < stored <= allocated or data.HighBit != stored - 1:
        raise BadInput(f"claims {stored} of {allocated} bits per pixel, which cannot be")
    pixels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path), imageIO="GDCMImageIO"))
    return pixels[0] if pixels.shape[0] == 1 else pixels


def _rescaled(pixels: Any, data: Any) -> Any:
    if "ModalityLUTSequence" in data:
        from pydicom.pixels.processing import apply_modality_lut

        return apply_modality_lut(pixels, data)
    slope, intercept = _scale(data)
    if find(data, "RescaleSlope") is None:
        return pixels
    return pixels.astype(np.float32) * np.float32(slope) + np.float32(intercept)


def _scale(data: Any) -> tuple[float, float]:
    return float(find(data, "RescaleSlope") or 1), float(find(data, "RescaleIntercept") or 0)


def _without_padding(values: Any, data: Any) -> Any:
    """Make the area outside the picture as dark as the darkest of the picture."""
    first = data.get("PixelPaddingValue")
    if first is None or has_colour(data) or "ModalityLUTSequence" in data:
        return values
    slope, intercept = _scale(data)
    stored = int(first), int(data.get("PixelPaddingRangeLimit", first))
    low, high = sorted(end * slope + intercept for end in stored)
    padding = (values > low - abs(slope) / 2) & (values < high + abs(slope) / 2)
    if not padding.any() or padding.all():
        return values
    inside = values[~padding]
    bright_is_low = data.get("PhotometricInterpretation") == "MONOCHROME1"
    return np.where(padding, inside.max() if bright_is_low else inside.min(), values)


def _window(data: Any) -> Window | None:
    centre, width = numbers(data, "WindowCenter"), numbers(data, "WindowWidth")
    if not centre or not width or width[0] <= 0:
        return None
    # Of several windows the first is the one to begin with.
    return centre[0] - width[0] / 2, centre[0] + width[0] / 2
