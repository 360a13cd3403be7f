"""How fast the window answers: heat map after a click, preview under the mouse, all predictions.

    xvfb-run -a python benchmarks/preview.py --out preview.json [--images FOLDER --run RUN]

Without images, twelve skeleton phantoms at 512 x 512 pixels and an encoder of one step: how
long an answer takes does not depend on what was learned. Without a screen of its own, drawing is
done by the processor, which takes most of the time: `drawn` and `not drawn` tell them apart.
"""

from __future__ import annotations

import argparse
import math
import shutil
import tempfile
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
from _report import drain, show, write
from PIL import Image

from napari_localcl.data.samples import sample_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_localcl.widgets.dock import LocalCL

SECONDS = 5.0  # of moving the mouse
BEAT = 5  # milliseconds between two looks at the clock
SQUARE, PHANTOMS = 512, 12


@dataclass
class Pulse:
    """What the main thread did between beats of a timer: time of day, and its own work."""

    walls: list[float] = field(default_factory=list)
    works: list[float] = field(default_factory=list)

    def beat(self) -> None:
        """Note the time."""
        self.walls.append(time.perf_counter())
        self.works.append(time.thread_time())

    def begin(self) -> None:
        """Forget what was before."""
        self.walls.clear()
        self.works.clear()
        self.beat()

    def report(self) -> dict[str, object]:
        """Return the longest gaps since the beginning."""
        self.beat()
        return {
            "longest gap, ms": 1e3 * float(np.diff(self.walls).max()),
            "longest work, ms": 1e3 * float(np.diff(self.works).max()),
        }


class Window:
    """A viewer with the dock, its project and its run.

    Parameters
    ----------
    images, run, home : Path
        Images; what learned from them; where to keep the project.
    """

    def __init__(self, images: Path, run: Path, home: Path) -> None:
        import napari
        from qtpy.QtCore import QTimer

        from napari_localcl.widgets.dock import LocalCL

        self.viewer = napari.Viewer()
        self.dock: LocalCL = LocalCL(self.viewer)
        self.viewer.window.add_dock_widget(self.dock, name="LocalCL")
        self.pulse = Pulse()
        self._timer = QTimer()
        self._timer.timeout.connect(self.pulse.beat)
        self._timer.start(BEAT)
        self.dock.images.open(images, home)
        self.wait(lambda: self.dock.canvas.image is not None)
        shutil.copytree(run, home / "runs" / "benchmark")
        self.dock.session.use("benchmark")
        self.wait(lambda: not self.dock.finder.is_at_work)

    def wait(self, is_true: Callable[[], bool]) -> None:
        """Let the window live until something is true."""
        from qtpy.QtWidgets import QApplication

        while not is_true():
            QApplication.processEvents()
            time.sleep(1e-3)

    def preview(self) -> dict[str, object]:
        """Move the mouse in a circle while a landmark is being placed."""
        maps: list[float] = []
        self.dock.finder.mapped.connect(lambda _heat: maps.append(time.perf_counter()))
        self.dock.canvas.place("benchmark")
        size = np.array(self.dock.canvas.image.data.shape[:2])
        self._move(size / 2)
        self.wait(lambda: bool(maps))  # the layer is made once
        maps.clear()
        self.pulse.begin()
        start, work = time.perf_counter(), time.thread_time()
        end = start + SECONDS

        def is_over() -> bool:
            angle = 2 * time.perf_counter()
            self._move(size * (0.5 + 0.3 * np.array([math.sin(angle), math.cos(angle)])))
            return time.perf_counter() > end

        self.wait(is_over)
        seconds = time.perf_counter() - start
        work = time.thread_time() - work
        self.dock.canvas.stop_placing()
        return {
            "maps per second": len(maps) / seconds,
            "main thread per map, ms": 1e3 * work / max(len(maps), 1),
            **self.pulse.report(),
        }

    def _move(self, place: np.ndarray) -> None:
        position = place * self.dock.canvas.image.scale
        for listener in list(self.viewer.mouse_move_callbacks):
            listener(self.viewer, SimpleNamespace(position=position, type="mouse_move"))

    def click(self, landmark: str, share: float) -> dict[str, object]:
        """Click a landmark in the image at hand."""
        maps: list[float] = []
        done = self.dock.finder.mapped.connect(lambda _heat: maps.append(time.perf_counter()))
        size = self.dock.canvas.image.data.shape
        self.dock.similarity.choose(landmark)
        self.pulse.begin()
        start = time.perf_counter()
        self.dock.canvas.place(landmark)
        self.viewer.layers["Landmarks"].add([size[0] * share, size[1] * share])
        self.wait(lambda: bool(maps))
        self.wait(lambda: not self.dock.finder.is_busy)
        seconds = time.perf_counter() - start
        self.dock.finder.mapped.disconnect(done)
        return {
            "landmarks": len(self.dock.session.annotations.names),
            "heat map, ms": 1e3 * (maps[0] - start),
            "all predictions, s": seconds,
            **self.pulse.report(),
        }

    def close(self) -> None:
        """End everything."""
        self.dock.shut_down()
        self.viewer.close()


def square_phantoms(work: Path) -> tuple[Path, Path]:
    """Return phantoms of 512 x 512 pixels, and a run of one step."""
    from napari_localcl.tasks.pretraining import pretrain
    from napari_localcl.training.budget import Budget

    images, run = work / "images", work / "run"
    images.mkdir()
    for file in sorted((sample_folder("skeleton") / "images").iterdir())[:PHANTOMS]:
        with Image.open(file) as image:
            image.resize((SQUARE, SQUARE)).save(images / file.name)
    settings = {"image_size": SQUARE, "correspondences_share": 0.0}
    drain(pretrain(images, run, budget=Budget(steps=1), settings=settings, device="cpu"))
    return images, run


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--images", type=Path, help="a folder of images")
    parser.add_argument("--run", type=Path, help="a run that learned from them")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if given.images:
            images, run = given.images, given.run
        else:
            images, run = square_phantoms(work)
        window = Window(images, run, work / "project")
        drawn = {"": "drawn", **window.preview()}
        clicks = [window.click(f"point {i}", 0.3 + 0.1 * i) for i in range(4)]
        window.viewer.window._qt_window.hide()
        previews = [drawn, {"": "not drawn", **window.preview()}]
        window.close()
    show("preview under the mouse", previews)
    show("a click", clicks)
    write(given.out, {"preview": previews, "clicks": clicks})


if __name__ == "__main__":
    main()
