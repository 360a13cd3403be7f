"""The pixels of an image as napari shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.layers.pixels import channels_last, window

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_localcl.data.folder import Plane
    from napari_localcl.data.scan import Scan

    Pixels = npt.NDArray[np.generic[Any]]


@dataclass(frozen=True, eq=False)
class Picture:
    """An image to be shown.

    Attributes
    ----------
    name : str
        As its listing names it.
    pixels : ndarray (H, W) or (H, W, 3)
        Grey or coloured.
    window : (float, float)
        What is shown as black and as white.
    spacing : (float, float)
        Millimetres per pixel, 1 where the file does not say.
    """

    name: str
    pixels: Pixels
    window: tuple[float, float]
    spacing: tuple[float, float]

    @property
    def is_coloured(self) -> bool:
        """Whether it has three channels."""
        return self.pixels.ndim == 3

    def is_sized_like(self, other: Picture) -> bool:
        """Whether a view of the one makes sense for the other."""
        ratio = np.divide(self._extent, other._extent)
        return bool((np.abs(np.log(ratio)) < np.log(1.5)).all())

    @property
    def _extent(self) -> tuple[float, float]:
        (height, width), (y, x) = self.pixels.shape[:2], self.spacing
        return height * y, width * x


def picture_of(plane: Plane, scan: Scan) -> Picture:
    """Return an image of a file that was read.

    The slices of a volume share what is black and white, so that they do not flicker.
    """
    shown = channels_last(scan.plane(plane.z))
    window_ = scan.window or window(_some_slices(scan) if scan.is_volume else shown)
    return Picture(plane.name, shown, window_, _spacing(plane))


def blank(plane: Plane) -> Picture:
    """Return what is shown of an image that cannot be read: black, with room for its points."""
    return Picture(plane.name, np.zeros(plane.header.size, np.uint8), (0.0, 1.0), _spacing(plane))


def _some_slices(scan: Scan) -> Pixels:
    return scan.pixels[0, :: max(1, scan.depth // 16)]


def _spacing(plane: Plane) -> tuple[float, float]:
    return plane.header.spacing or (1.0, 1.0)
