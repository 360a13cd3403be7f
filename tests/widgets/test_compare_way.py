"""The whole way of comparing in a real viewer, with the real verb: two runs, landmarks, masks."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from controls_of import control
from qtpy.QtWidgets import QLabel, QPushButton, QSpinBox, QTableView
from small import SMALL_FLAGS

from napari_localcl.cli.entry import run
from napari_localcl.widgets.compare_model import CONTROL

pytestmark = [pytest.mark.slow, pytest.mark.end_to_end]

SMALL_MOCO = ("image_size=64", "width=4", "dimensions=8", "batch=2", "queue=8")
FLAGS = {"ld": SMALL_FLAGS, "moco": [part for one in SMALL_MOCO for part in ("--set", one)]}


@pytest.fixture
def dock(viewer, pictures, tmp_path, wait):
    """Return the dock with four pictures, and a run of each of two methods, the last in use."""
    folder = tmp_path / "images"
    folder.mkdir()
    for picture in sorted(pictures.iterdir())[:4]:
        shutil.copy(picture, folder)
    _, dock = viewer.window.add_plugin_dock_widget("napari-localcl", "LocalCL")
    dock.images.open(folder)
    wait(lambda: dock.canvas.image is not None and dock.learn.is_ready)
    for method, flags in FLAGS.items():
        path = dock.session.runs.begin(method)
        more = ["--method", method, "--steps", "2", "--device", "cpu"]
        assert run(["pretrain", str(folder), "--run", str(path), *more, *flags]) == 0
        dock.session.use(path.name)
    return dock


def test_from_landmarks_and_masks_to_the_run_that_suits_best(dock, wait):
    session = dock.session
    for image in session.names[:3]:
        session.go(image)
        session.place("tip", 30.0, 20.0)
        session.place("base", 60.0, 40.0)
        assert session.draw_mask(image, "disc", np.tri(80, 64, dtype=bool))

    control(dock.learn, QPushButton, "Compare").click()
    panel = dock.learn._dialog.compare
    control(panel, QSpinBox, "Most images").setValue(4)
    control(panel, QPushButton, "Compare").click()
    assert panel.work.is_running
    wait(lambda: not panel.work.is_running, 600)

    figures = control(panel, QTableView, "Figures").model()
    titles = [figures.index(row, 0).data() for row in range(figures.rowCount())]
    assert {"one-shot landmark error (px)", "Dice by a linear probe"} <= set(titles)
    assert "places found in another view" in titles
    # Both runs, and random weights of each architecture.
    assert figures.columnCount() == 2 + 4
    row = titles.index("one-shot landmark error (px)")
    control_of = [figures.index(row, column).data(CONTROL) for column in range(2, 6)]
    assert len(set(control_of)) == 1, "to copy the template is equally wrong for all"
    said = control(panel, QLabel, "Recommendation").text()
    assert "ld-1" in said
    assert "moco-2" in said

    best = panel._report.recommendation.best
    use = control(panel, QPushButton, "Use this model")
    if best is None or best == session.run.name:
        assert not use.isEnabled()
    else:
        use.click()
        assert session.run.name == best
