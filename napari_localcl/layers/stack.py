"""Images of any sizes as one array, each read when it is looked at."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data.reading import read
from napari_localcl.layers.pixels import channels_last, window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.folder import Plane
    from napari_localcl.data.scan import Scan

    Pixels = npt.NDArray[np.generic[Any]]


class ImageStack:
    """The N images of a listing as an array that napari takes.

    Parameters
    ----------
    planes : sequence of Plane
        At least one.

    Attributes
    ----------
    shape : tuple of int
        (N, H, W), or (N, H, W, 3) if any image is coloured; H and W are those of the largest
        images. The others lie at the upper left, with zeros around them.
    dtype : numpy.dtype
        float32 for grey, with the values of the files; uint8 for colour.
    """

    def __init__(self, planes: Sequence[Plane]) -> None:
        self._planes = planes
        self._latest: tuple[object, Scan] | None = None
        self.is_coloured = any(plane.header.channels >= 3 for plane in planes)
        self.dtype = np.dtype(np.uint8 if self.is_coloured else np.float32)
        heights, widths = zip(*(plane.header.size for plane in planes), strict=True)
        colours = (3,) if self.is_coloured else ()
        self.shape: tuple[int, ...] = (len(planes), max(heights), max(widths), *colours)

    def __len__(self) -> int:
        return len(self._planes)

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many values there are."""
        return int(np.prod(self.shape))

    @cached_property
    def window(self) -> tuple[float, float]:
        """What of the first image is to be shown as black and as white; for grey images."""
        scan = self._scan(self._planes[0].path)
        return scan.window or window(channels_last(scan.plane(self._planes[0].z)))

    def __getitem__(self, key: Any) -> Pixels:
        first, *rest = self._whole(key)
        times = np.arange(len(self))[first]
        if times.ndim == 0:
            part: Pixels = self._image(self._planes[int(times)])[tuple(rest)]
            return part
        images: Pixels = np.empty((len(times), *self.shape[1:]), self.dtype)
        for place, time in enumerate(times.tolist()):
            images[place] = self._image(self._planes[time])
        whole: Pixels = images[(slice(None), *rest)]
        return whole

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Pixels:
        return self[:].astype(dtype or self.dtype, copy=False)

    def _whole(self, key: Any) -> tuple[Any, ...]:
        """Return an index with one entry per axis."""
        keys = key if isinstance(key, tuple) else (key,)
        gap = next((place for place, one in enumerate(keys) if one is Ellipsis), len(keys))
        behind = keys[gap + 1 :]
        missing = self.ndim - gap - len(behind)
        return (*keys[:gap], *[slice(None)] * missing, *behind)

    def _image(self, plane: Plane) -> Pixels:
        whole = np.zeros(self.shape[1:], self.dtype)
        pixels = channels_last(self._scan(plane.path).plane(plane.z))
        height, width = pixels.shape[:2]
        whole[:height, :width] = _as_colours(pixels) if self.is_coloured else pixels
        return whole

    def _scan(self, path: Path | tuple[Path, ...]) -> Scan:
        # The latest is kept: the slices of a volume follow each other.
        if self._latest is None or self._latest[0] != path:
            self._latest = path, read(path)
        return self._latest[1]


def _as_colours(pixels: Pixels) -> Pixels:
    """Turn grey or coloured pixels into (H, W, 3) uint8."""
    if pixels.ndim == 3:
        return pixels if pixels.dtype == np.uint8 else (255 * pixels).astype(np.uint8)
    low, high = window(pixels)
    grey = np.interp(pixels.astype(np.float32), (low, high), (0, 255)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)
