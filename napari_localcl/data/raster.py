"""PNG, JPEG and the other plain pictures that Pillow reads."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.errors import BadInput
from napari_localcl.data.geometry import Geometry, regular
from napari_localcl.data.scan import Header, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL.Image import Image

    from napari_localcl.data.scan import Pixels

_GREY = {"1", "L", "LA", "La", "I", "F", "I;16", "I;16L", "I;16B", "I;16N"}


def header(path: Path) -> Header:
    """Read the size and the number of channels of a picture.

    The resolution that pictures carry is meant for printers (72 dpi and the like) and is no
    spacing.

    Parameters
    ----------
    path : Path
        A picture.

    Returns
    -------
    Header
        Always of one plane and without spacing.
    """
    with _opened(path) as image:
        return Header((image.height, image.width), channels=1 if _is_grey(image) else 3)


def geometry(path: Path) -> Geometry:
    """Return where the pixels of a picture lie. No picture says, so a pixel counts as a millimetre.

    Parameters
    ----------
    path : Path
        A picture; not looked at.

    Returns
    -------
    Geometry
        Spacing 1, the first pixel at 0, rows run towards posterior and columns towards left.
    """
    return regular(1, (1.0, 1.0, 1.0))


def read(path: Path, least: tuple[int, int] | None = None, *, stored: bool = False) -> Scan:
    """Decode a picture as stored; an EXIF orientation is for viewers and not applied.

    Parameters
    ----------
    path : Path
        A picture; of an animation the first frame is read.
    least : (int, int), optional
        Height and width that suffice. A JPEG may then come reduced by 2, 4 or 8, many times faster.
    stored : bool
        Give the numbers of a colour palette's entries, which in a mask are the labels, instead of
        the colours.

    Returns
    -------
    Scan
        With 1 or 3 channels: transparency is dropped, a palette is expanded, CMYK becomes RGB.
    """
    if _has_deep_colour(path):
        return Scan(_deep_colour(path), path)
    with _opened(path) as image:
        width = image.width
        if stored and image.mode == "P" and not _is_grey(image):
            return Scan(np.asarray(image)[None], path)
        if least is not None:
            image.draft(image.mode, least[::-1])
        return Scan(channels_first(image), path, reduction=round(width / image.width))


def channels_first(image: Image) -> Pixels:
    """Return the pixels of a Pillow image.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode.

    Returns
    -------
    (1 or 3, H, W) ndarray
        uint8, or for deep grey images uint16, int32 or float32.
    """
    if not _is_grey(image):
        return np.moveaxis(np.asarray(image.convert("RGB")), -1, 0)
    if image.mode in {"1", "P", "PA", "LA", "La"}:
        image = image.convert("L")
    grey = np.asarray(image)
    return grey.astype(grey.dtype.newbyteorder("="), copy=False)[None]


@contextmanager
def _opened(path: Path) -> Iterator[Image]:
    from PIL import Image

    try:
        with Image.open(path) as image:
            yield image
    except Image.DecompressionBombError as error:
        raise BadInput(
            "claims more pixels than can be handled; it is damaged, or has to be cut into "
            "smaller images"
        ) from error


def _has_deep_colour(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(26)
    # Sixteen bits in the header of a PNG of colour type RGB or RGBA.
    return start.startswith(b"\x89PNG") and start[24] == 16 and start[25] in {2, 6}


def _deep_colour(path: Path) -> Pixels:
    # Pillow would keep the upper eight bits, which are nearly empty in a camera's twelve.
    import SimpleITK

    image = SimpleITK.ReadImage(str(path), imageIO="PNGImageIO")
    return np.moveaxis(SimpleITK.GetArrayFromImage(image)[..., :3], -1, 0)


def _is_grey(image: Image) -> bool:
    if image.mode not in {"P", "PA"}:
        return image.mode in _GREY
    palette = np.array(image.getpalette("RGB") or [0, 0, 0]).reshape(-1, 3)
    return bool((palette == palette[:, :1]).all())
