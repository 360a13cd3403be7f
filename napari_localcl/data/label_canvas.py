"""Labels on the working canvas: each pixel has the label that lies nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_localcl.data.placement import Placement

    Map = npt.NDArray[np.uint8]

UNKNOWN = 255
"""Drawn labels have this value where nothing is known."""


def on_canvas(codes: Map, placement: Placement) -> tuple[Map, tuple[slice, slice]]:
    """Return a plane's codes (H, W) of the canvas, and the part of it that shows the image."""
    height, width = placement.canvas
    down, across = np.zeros((height, 2)), np.zeros((width, 2))
    down[:, 0], across[:, 1] = np.arange(height), np.arange(width)
    rows = np.rint(placement.to_file(down)[:, 0]).astype(np.int64)
    columns = np.rint(placement.to_file(across)[:, 1]).astype(np.int64)
    top, left, bottom, right = placement.valid_box()
    inside = (slice(top, bottom), slice(left, right))
    drawn = np.full(placement.canvas, UNKNOWN, np.uint8)
    last = np.array(codes.shape) - 1
    places = np.ix_(rows[inside[0]].clip(0, last[0]), columns[inside[1]].clip(0, last[1]))
    drawn[inside] = codes[places]
    return drawn, inside
