"""The whole way of step Shape in a real viewer: draw one ellipse, segment all images, review."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from controls_of import control
from PIL import Image
from qtpy.QtWidgets import QComboBox, QPushButton

from napari_localcl.data.samples import sample_folder
from napari_localcl.widgets.step import State

pytestmark = pytest.mark.slow

# So that a few steps take seconds.
QUICK = {"image_size": 64, "width": 4, "shape.bank": 8, "shape.matched": 2, "shape.masks_fitted": 8}


@pytest.mark.end_to_end
def test_from_one_drawn_ellipse_to_reviewed_masks_of_all_images(viewer, tmp_path, wait):
    images = tmp_path / "eyes"
    images.mkdir()
    for number in range(1, 4):
        shutil.copy(sample_folder("fundus") / "images" / f"eye_0{number}.jpg", images)
    _, dock = viewer.window.add_plugin_dock_widget("napari-localcl", "LocalCL")
    dock.images.open(images)
    wait(lambda: dock.canvas.image is not None and dock.shape.budget.is_known)

    control(dock.shape, QComboBox, "Structure").setCurrentText("optic disc")
    control(dock.shape, QPushButton, "Draw outline").click()
    box = np.array([[170, 160], [170, 200], [230, 200], [230, 160]], float)
    viewer.layers.selection.active.add_ellipses(box)
    control(dock.shape, QPushButton, "Use drawing").click()
    wait(lambda: not dock.drawing.is_drawing)

    control(dock.shape, QComboBox, "Unit").setCurrentText("steps")
    dock.shape.budget._amount.setValue(4)
    control(dock.shape, QComboBox, "Device").setCurrentText("cpu")
    dock.shape.options._changed.update(QUICK)
    control(dock.shape, QPushButton, "Segment").click()
    wait(lambda: not dock.training.is_running, 600)
    assert dock.shape.state is State.DONE, dock.shape.sentence
    assert dock.review.waiting == 3

    wait(lambda: dock.masks.layer is not None)
    accepted = dock.session.image
    shown = np.asarray(dock.masks.layer.data) > 0
    dock.session.accept()
    assert dock.review.waiting == 2
    file = dock.session.project.masks.labels / "optic disc" / accepted.replace(".jpg", ".png")
    wait(file.exists)
    with Image.open(file) as mask:
        assert np.array_equal(np.asarray(mask) > 0, shown)
    dock.export.masks.save(tmp_path / "masks")
    wait(lambda: dock.export.state is State.DONE)
    assert (tmp_path / "masks" / "optic disc" / file.name).read_bytes() == file.read_bytes()
    assert sorted(path.name for path in images.iterdir()) == [f"eye_0{n}.jpg" for n in (1, 2, 3)]
