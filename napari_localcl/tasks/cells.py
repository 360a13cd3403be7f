"""From the cells of the canvas to the image that lies on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data.heat_map import HeatMap

if TYPE_CHECKING:
    from napari_localcl.data.placement import Placement

    Grid = np.ndarray[Any, np.dtype[np.float32]]


def cell_box(placement: Placement, stride: int) -> tuple[int, int, int, int]:
    """Return the cells that show something of an image: rows and columns, half-open.

    Returns
    -------
    (top, left, bottom, right)
        Cells of that stride.
    """
    y0, x0, y1, x1 = placement.valid_box()
    return y0 // stride, x0 // stride, -(-y1 // stride), -(-x1 // stride)


def on_image(image: str, values: Grid, placement: Placement) -> HeatMap:
    """Cut values (h, w) or (h, w, C) of the canvas's cells to those that lie on the image."""
    stride = placement.canvas[0] // len(values)
    top, left, bottom, right = cell_box(placement, stride)
    shown = values[top:bottom, left:right]
    # A mirrored canvas shows the file's first column last.
    edge = right - 1 if placement.mirrored else left
    first = np.array([top, edge]) * stride + (stride - 1) / 2
    y, x = placement.to_file(first).tolist()
    shown = shown[:, ::-1] if placement.mirrored else shown
    return HeatMap(image, shown, stride / placement.scale, (y, x))
