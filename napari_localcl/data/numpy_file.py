"""NumPy: one frame, or a stack of frames, in a ``.npy`` or ``.npz``; nothing in it is executed."""

from __future__ import annotations

import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.lib import format as npy

from napari_localcl.data.errors import BadInput
from napari_localcl.data.geometry import Geometry, regular
from napari_localcl.data.scan import Header, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COLOURS = (3, 4)


def header(path: Path) -> Header:
    """Read the size of an array, without its values.

    Parameters
    ----------
    path : Path
        A `.npy`, or a `.npz` with one array: `(height, width)` or `(frames, height, width)`; with a
        last axis of 3 or 4, colour.

    Returns
    -------
    Header
        Spacing is not known.
    """
    with _opened(path) as file:
        versions = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        version = npy.read_magic(file)
        if version not in versions:
            raise BadInput("is a NumPy file of an unknown version; save it again")
        shape, _, kind = versions[version](file)
    _check(shape, kind)
    *frames, height, width, channels = shape if _coloured(shape) else (*shape, 1)
    return Header((height, width), frames[0] if frames else 1, min(channels, 3))


def geometry(path: Path) -> Geometry:
    """Return a geometry of 1 mm, for the file states none."""
    return regular(header(path).depth, (1.0, 1.0, 1.0))


def read(path: Path) -> Scan:
    """Read an array; see :func:`header`."""
    header(path)
    with _opened(path) as file:
        values = npy.read_array(file, allow_pickle=False)
    pixels = np.moveaxis(values[..., :3], -1, 0) if _coloured(values.shape) else values[None]
    one = pixels.ndim == 4 and pixels.shape[1] == 1
    return Scan(pixels[:, 0] if one else pixels, path)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if path.suffix.lower() != ".npz":
        with path.open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if len(names) != 1:
            raise BadInput(f"holds {len(names)} arrays ({', '.join(names[:3])}); save one per file")
        with archive.open(names[0]) as member:
            yield member  # type: ignore[misc]


def _coloured(shape: tuple[int, ...]) -> bool:
    return len(shape) in (3, 4) and shape[-1] in _COLOURS


def _check(shape: tuple[int, ...], kind: np.dtype[np.generic]) -> None:
    if kind.kind not in "buif":
        raise BadInput(f"holds values of type {kind}, which are no grey values")
    if len(shape) not in (2, 3) and not _coloured(shape):
        raise BadInput(
            f"is an array of shape {shape}; frames are (height, width) or (frames, height, width)"
        )
