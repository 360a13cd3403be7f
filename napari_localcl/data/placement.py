"""How a file's plane was put on the working canvas, and the way back for points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    import numpy.typing as npt

    Points = npt.NDArray[np.float64]

# Rounding in `scale * side` must not cost or add a row of canvas pixels.
_EPSILON = 1e-6


@dataclass(frozen=True)
class Placement:
    """A plane of a file on the working canvas: aspect ratio kept, centred.

    Points are `(y, x)` in pixels and (0, 0) is the centre of the first pixel, in the file and on
    the canvas, so `canvas = (file + 0.5) * scale - 0.5 + offset`.

    Parameters
    ----------
    scale : float
        Canvas pixels per file pixel.
    offset : (float, float)
        Canvas pixels `(y, x)` from the canvas's outer edge to the image's outer edge.
    file_size : (int, int)
        Height and width of the plane in the file.
    canvas : (int, int)
        Height and width of the canvas.
    mirrored : bool
        Whether the canvas shows the mirror image, left and right exchanged.
    """

    scale: float
    offset: tuple[float, float]
    file_size: tuple[int, int]
    canvas: tuple[int, int]
    mirrored: bool = False

    def to_canvas(self, points: npt.ArrayLike) -> Points:
        """Map points from file pixels to canvas pixels.

        Parameters
        ----------
        points : (..., 2) array
            `(y, x)` in file pixels.

        Returns
        -------
        (..., 2) float64 array
            `(y, x)` in canvas pixels.
        """
        file = np.asarray(points, np.float64)
        return self._mirror((file + 0.5) * self.scale - 0.5 + np.asarray(self.offset))

    def to_file(self, points: npt.ArrayLike) -> Points:
        """Map points from canvas pixels back to file pixels.

        Parameters
        ----------
        points : (..., 2) array
            `(y, x)` in canvas pixels.

        Returns
        -------
        (..., 2) float64 array
            `(y, x)` in file pixels.
        """
        canvas = self._mirror(np.asarray(points, np.float64))
        file: Points = (canvas - np.asarray(self.offset) + 0.5) / self.scale - 0.5
        return file

    def valid_box(self) -> tuple[int, int, int, int]:
        """Return the canvas pixels that lie wholly on the image.

        Returns
        -------
        (y0, x0, y1, x1)
            Half-open: rows `y0 .. y1 - 1` and columns `x0 .. x1 - 1`.
        """
        top, left = (math.ceil(edge - _EPSILON) for edge in self.offset)
        bottom, right = (
            math.floor(edge + side * self.scale + _EPSILON)
            for edge, side in zip(self.offset, self.file_size, strict=True)
        )
        if self.mirrored:
            left, right = self.canvas[1] - right, self.canvas[1] - left
        return top, left, bottom, right

    def _mirror(self, points: Points) -> Points:
        if not self.mirrored:
            return points
        return np.stack([points[..., 0], self.canvas[1] - 1 - points[..., 1]], axis=-1)

    def source_box(self) -> tuple[float, float, float, float]:
        """Return the part of the file that `valid_box` shows.

        Returns
        -------
        (y0, x0, y1, x1)
            Distances in file pixels from the plane's outer edges.
        """
        box = self.valid_box()
        edges = [(box[i] - self.offset[i % 2]) / self.scale for i in range(4)]
        height, width = self.file_size
        return (
            max(edges[0], 0.0),
            max(edges[1], 0.0),
            min(edges[2], float(height)),
            min(edges[3], float(width)),
        )


def fit(file_size: tuple[int, int], canvas: tuple[int, int]) -> Placement:
    """Place a plane on a canvas: as large as it fits, aspect ratio kept, centred.

    Parameters
    ----------
    file_size : (int, int)
        Height and width of the plane, in pixels.
    canvas : (int, int)
        Height and width of the canvas, in pixels.

    Returns
    -------
    Placement
        Its `valid_box` reaches the canvas's edges along at least one axis.

    Raises
    ------
    BadInput
        If the plane is empty or so narrow that nothing of it would be left.
    """
    if min(file_size) < 1 or min(canvas) < 1:
        raise BadInput(f"is {file_size[0]} x {file_size[1]} pixels and holds nothing to show")
    scale = min(side / length for side, length in zip(canvas, file_size, strict=True))
    shown = [math.floor(length * scale + _EPSILON) for length in file_size]
    if min(shown) < 1:
        raise BadInput(
            f"is {file_size[0]} x {file_size[1]} pixels, too narrow for a working size of "
            f"{canvas[0]} x {canvas[1]}; crop it or choose a larger size"
        )
    y, x = (_offset(*sides) for sides in zip(canvas, shown, file_size, [scale] * 2, strict=True))
    return Placement(scale, (y, x), file_size, canvas)


def _offset(side: int, shown: int, length: int, scale: float) -> float:
    # Whole canvas pixels in front, and half of the fraction of a pixel that is not shown.
    return (side - shown) // 2 - max(length * scale - shown, 0.0) / 2
