"""How fast points of the scatter plot are drawn, in a window of its own."""

from __future__ import annotations

import time

import numpy as np
from qtpy.QtWidgets import QApplication

from napari_localcl.widgets.scatter_view import ScatterView

SIZE = (800, 600)
FRAMES = 30


def drawing(points: int) -> dict[str, object]:
    """Points drawn per second while the plot is moved, all of them in sight."""
    app = QApplication.instance() or QApplication([])
    chance = np.random.default_rng(0)
    view = ScatterView()
    view.resize(*SIZE)
    view.show()
    app.processEvents()
    inks = chance.integers(0xFF000000, 2**32, points, dtype=np.uint32)
    view.set_points(chance.normal(size=(points, 2)).astype(np.float32), inks)
    view.repaint()
    start = time.perf_counter()
    for frame in range(FRAMES):
        view.move_by(1 if frame % 2 else -1, 0)
        view.repaint()
    seconds = (time.perf_counter() - start) / FRAMES
    view.close()
    return {
        "points": points,
        "frames per second": 1 / seconds,
        "points per second": points / seconds,
    }
