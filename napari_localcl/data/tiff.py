"""TIFF: plain images, stacks of planes, grey and colour, 1 to 64 bits."""

from __future__ import annotations

import logging
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data import raster
from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.data.geometry import Geometry, regular
from napari_localcl.data.scan import Header, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_localcl.data.scan import Pixels

_SILENCE = logging.NullHandler()
# Photometric interpretations whose samples are the picture itself.
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE = 0, 1, 2, 3
_CENTIMETRE = 3
_MILLIMETRES = {
    "m": 1e3,
    "cm": 10.0,
    "mm": 1.0,
    "um": 1e-3,
    "µm": 1e-3,
    "μm": 1e-3,
    "\\u00b5m": 1e-3,
    "micron": 1e-3,
    "microns": 1e-3,
    "nm": 1e-6,
    "inch": 25.4,
}


def header(path: Path) -> Header:
    """Read size, number of planes and spacing of a TIFF.

    Parameters
    ----------
    path : Path
        A TIFF.

    Returns
    -------
    Header
        Of the first image at full resolution; axes other than height, width and channel (z, time,
        pages) all count as planes, in file order.
    """
    with _opened(path) as file:
        return _header(file)


def geometry(path: Path) -> Geometry:
    """Read where the pixels of a TIFF lie.

    Parameters
    ----------
    path : Path
        A TIFF.

    Returns
    -------
    Geometry
        Spacing as the file states it, 1 mm where it does not; the first pixel is at 0, rows run
        towards posterior and columns towards left.
    """
    with _opened(path) as file:
        described = _header(file)
        return regular(
            described.depth, (_plane_distance(file) or 1.0, *(described.spacing or (1.0, 1.0)))
        )


def spacing(path: Path) -> tuple[float, ...] | None:
    """Read the spacing of a TIFF, without decoding pixels.

    Parameters
    ----------
    path : Path
        A TIFF.

    Returns
    -------
    tuple of float or None
        Millimetres per axis, `([z,] y, x)`; None if any is unknown.
    """
    with _opened(path) as file:
        return _full_spacing(file, _header(file))


def read(path: Path, *, stored: bool = False) -> Scan:
    """Decode a TIFF.

    Parameters
    ----------
    path : Path
        A TIFF.
    stored : bool
        Give the values as they are stored, which in a mask are the labels: no palette is looked up,
        and nothing is turned where low values are white.

    Returns
    -------
    Scan
        With 1 channel for grey, 3 for colour and as many as there are for microscopes' channels.
    """
    with _opened(path) as file:
        described = _header(file)
        pixels = _decode(path, file, stored)
        spacing = _full_spacing(file, described)
    return Scan(pixels[:, 0] if described.depth == 1 else pixels, path, spacing)


def write(
    path: Path, pixels: Pixels, axes: str, spacing: Sequence[float | None] | None = None
) -> None:
    """Write an OME-TIFF, compressed without loss; it is there whole or not at all.

    Parameters
    ----------
    path : Path
        The file to make or replace.
    pixels : ndarray
        Grey values or labels.
    axes : str
        What its axes are, as in `ZYX`.
    spacing : sequence of (float or None), optional
        Millimetres along each axis, None for an axis that is no length; None if unknown.
    """
    import tifffile

    metadata: dict[str, Any] = {"axes": axes}
    for axis, step in zip(axes, spacing or (), strict=spacing is not None):
        if step is not None:
            metadata |= {f"PhysicalSize{axis}": step, f"PhysicalSize{axis}Unit": "mm"}
    with replacing(path) as part:
        tifffile.imwrite(
            part, pixels, ome=True, compression="zlib", photometric="minisblack", metadata=metadata
        )


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import tifffile

    # What is wrong with a file is said once and by us; without a handler it would also be printed.
    logging.getLogger("tifffile").addHandler(_SILENCE)
    with tifffile.TiffFile(path) as file:
        if not file.series:
            raise BadInput("is a TIFF without a whole image; it is damaged")
        yield file


def _header(file: Any) -> Header:
    series = file.series[0]
    sizes = dict(zip(series.axes, series.shape, strict=True))
    size = (sizes.pop("Y"), sizes.pop("X"))
    channels = _channel_count(series.keyframe, sizes)
    return Header(size, math.prod(sizes.values()), channels, _plane_spacing(file))


def _channel_count(page: Any, sizes: dict[str, int]) -> int:
    """Take the channel axis out of `sizes` and return how many channels are kept of it."""
    samples = sizes.pop("S", 0)
    if page.photometric == _PALETTE:
        return 3 if np.ptp(np.asarray(page.colormap, np.int64), axis=0).any() else 1
    if page.photometric > _RGB:
        return 3
    return min(samples, 3) if samples > 2 else 1 if samples else sizes.pop("C", 1)


def _decode(path: Path, file: Any, stored: bool) -> Pixels:
    """Return pixels as (C, D, H, W)."""
    series = file.series[0]
    page = series.keyframe
    indexed = stored and page.photometric == _PALETTE
    if (page.photometric > _RGB and not indexed) or page.bitspersample < 8:
        pixels = _by_pillow(path, len(series.pages))
        # Pillow turns single bits where white is zero.
        turned = stored and page.photometric == _WHITE_IS_ZERO
        return 255 - pixels if turned else pixels
    try:
        pixels = _arranged(series.asarray(), series.axes)
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        pixels = _by_itk(path, series)
    # Negated, not mirrored at the maximum, so that files stay comparable.
    turned = page.photometric == _WHITE_IS_ZERO and not stored
    return -pixels.astype(np.float32) if turned else pixels


def _by_pillow(path: Path, planes: int) -> Pixels:
    # Palettes, CMYK, YCbCr and single bits have at most eight bits, which Pillow reads faithfully.
    from PIL import Image

    frames = []
    with Image.open(path) as image:
        for number in range(planes):
            image.seek(number)
            frames.append(raster.channels_first(image))
    return np.stack(frames, axis=1)


def _by_itk(path: Path, series: Any) -> Pixels:
    # The codecs that tifffile lacks (LZW, JPEG), at any depth.
    import SimpleITK

    pixels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
    axes = "".join(axis for axis in series.axes if axis != "S") + "S" * ("S" in series.axes)
    sizes = dict(zip(series.axes, series.shape, strict=True))
    return _arranged(pixels.reshape([sizes[axis] for axis in axes]), axes)


def _arranged(pixels: Any, axes: str) -> Pixels:
    """Bring an array with named axes into (C, D, H, W)."""
    channel = "S" if "S" in axes else "C" if "C" in axes else ""
    planes = [axis for axis in axes if axis not in f"YX{channel}"]
    ordered = np.transpose(pixels, [axes.index(axis) for axis in [*channel, *planes, *"YX"]])
    channels = ordered.shape[0] if channel else 1
    arranged: Pixels = ordered.reshape(channels, -1, *ordered.shape[-2:])
    if channel == "S":
        # The second of two and the fourth of four samples are transparency.
        arranged = arranged[: 3 if channels > 2 else 1]
    return arranged


def _full_spacing(file: Any, described: Header) -> tuple[float, ...] | None:
    plane = described.spacing
    if plane is None or described.depth == 1:
        return plane
    step = _plane_distance(file)
    return None if step is None else (step, *plane)


def _plane_distance(file: Any) -> float | None:
    if set(file.series[0].axes) - set("ZYXCS"):
        return None
    if file.is_ome:
        return _ome_spacing(file, "Z")
    unit = _imagej_unit(file)
    distance = (file.imagej_metadata or {}).get("spacing") if unit else None
    return _positive(distance * unit) if distance and unit else None


def _plane_spacing(file: Any) -> tuple[float, float] | None:
    if file.is_ome:
        y, x = _ome_spacing(file, "Y"), _ome_spacing(file, "X")
    else:
        tags = file.pages[0].tags
        unit = _imagej_unit(file) or _baseline_unit(tags)
        y, x = (_length(tags.get(name), unit) for name in ("YResolution", "XResolution"))
    return (y, x) if y and x else None


def _imagej_unit(file: Any) -> float | None:
    if not file.is_imagej:
        return None
    return _MILLIMETRES.get(str((file.imagej_metadata or {}).get("unit", "")).strip())


def _baseline_unit(tags: Any) -> float | None:
    # Centimetres come from microscopes; inches from printers' settings, which are no spacing.
    unit = tags.get("ResolutionUnit")
    return 10.0 if unit is not None and unit.value == _CENTIMETRE else None


def _length(tag: Any, unit: float | None) -> float | None:
    if tag is None or unit is None:
        return None
    pixels, units = tag.value
    return _positive(unit * units / pixels) if pixels else None


def _ome_spacing(file: Any, axis: str) -> float | None:
    from xml.etree import ElementTree

    root = ElementTree.fromstring(file.ome_metadata)
    pixels = next((node for node in root.iter() if node.tag.endswith("}Pixels")), None)
    if pixels is None or f"PhysicalSize{axis}" not in pixels.attrib:
        return None
    unit = _MILLIMETRES.get(pixels.attrib.get(f"PhysicalSize{axis}Unit", "µm"))
    return _positive(float(pixels.attrib[f"PhysicalSize{axis}"]) * unit) if unit else None


def _positive(value: float) -> float | None:
    return value if math.isfinite(value) and value > 0 else None
