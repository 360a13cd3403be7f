"""The step Segment in a real viewer, with a small process in the place of the verb `finetune`."""

from __future__ import annotations

import numpy as np
import pytest
from controls_of import control
from PIL import Image
from projects import new_project
from qtpy.QtWidgets import QComboBox, QPushButton
from shapes_child import __file__ as CHILD

from napari_localcl.data.heat_map import HeatMap
from napari_localcl.data.structures import MaskState
from napari_localcl.widgets.step import State

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def program():
    return CHILD


@pytest.fixture
def dock(window, pictures, tmp_path, wait):
    """Return the dock with six pictures of 80 x 64 pixels, its step Segment open."""
    dock = window.dock
    dock.session.open(new_project(tmp_path / "project", pictures))
    dock.segment.set_open(True)
    wait(lambda: dock.canvas.image is not None and dock.segment.budget.is_known)
    return dock


def press(dock, name):
    control(dock.segment, QPushButton, name).click()


def begin_mask(dock, wait, structure, image=None):
    """Take a brush for a structure in an image, as a new user does."""
    if image is not None:
        dock.session.go(image)
        wait(lambda: dock.canvas.image is not None)
    control(dock.segment, QComboBox, "Structure").setCurrentText(structure)
    press(dock, "Paint")
    wait(lambda: dock.masks.layer is not None and dock.masks.layer.mode == "paint")


def paint(dock, wait, structure, image, top):
    begin_mask(dock, wait, structure, image)
    mask = np.zeros((80, 64), np.uint8)
    mask[top : top + 10, 10:20] = 1
    dock.masks.layer.data = mask
    wait(lambda: dock.session.masks.state(image, structure) is MaskState.DRAWN)


def test_painted_structures_are_learned_together_and_proposed_in_all_images(dock, wait):
    assert dock.segment.state is State.NEEDS_YOU
    assert not control(dock.segment, QPushButton, "Fine-tune").isEnabled()
    first, second = dock.session.names[:2]
    paint(dock, wait, "cup", first, 10)
    paint(dock, wait, "disc", first, 40)
    paint(dock, wait, "cup", second, 20)
    dock.session.go(first)
    wait(lambda: dock.others.layer is not None and dock.others.layer.metadata["image"] == first)
    wait(lambda: np.bincount(dock.others.layer.data.ravel()).tolist() == [80 * 64 - 100, 0, 100])
    assert dock.segment.classes.chosen == ("cup", "disc")
    assert dock.segment._count.text() == "Labelled 2 of 6 images"
    control(dock.segment, QComboBox, "Recipe").setCurrentText("supervised")
    press(dock, "Fine-tune")
    wait(lambda: dock.training.is_running)
    wait(lambda: not dock.training.is_running)
    assert dock.segment.sentence == (
        "finetune-1 proposes 12 masks. "
        "Dice on 1 kept back image: cup 0.75 (0.50 before), disc 0.75."
    )
    assert "--recipe supervised" in dock.training.command
    assert "--hold-share 0.2" in dock.training.command
    (labels,) = (dock.session.project.folder / "learned-from").iterdir()
    with Image.open(labels / "blobs_0.png") as file:
        assert np.bincount(np.asarray(file).ravel()).tolist() == [80 * 64 - 200, 100, 100]
    assert dock.review.waiting == 12 - 3, "what a person painted is not asked about"
    assert dock.review.is_open


def test_a_name_is_asked_for_before_anything_is_painted(dock):
    press(dock, "Paint")
    assert "the structure needs a name" in dock.segment.sentence.lower()


def test_clicks_fill_and_earlier_versions_come_back(dock, wait, monkeypatch):
    image = dock.session.names[0]
    begin_mask(dock, wait, "blob", image)
    dock.session.annotations_changed.emit()
    assert dock.masks.layer.mode == "paint", "what is found meanwhile takes the brush from nobody"
    press(dock, "Region")
    wait(lambda: dock.masks.layer is not None)
    dock.filling.click(40.0, 30.0)
    wait(lambda: dock.session.masks.state(image, "blob") is MaskState.DRAWN)
    layer = dock.masks.layer
    assert layer.data[40, 30] == 1
    filled = np.asarray(layer.data) > 0
    assert 4 <= filled.sum() < 80 * 64
    dock.session.save()

    press(dock, "Alike")
    assert "step 2" in dock.segment.sentence, "nothing was learned yet"
    monkeypatch.setattr(type(dock.session), "run", "some run")
    asked = []
    monkeypatch.setattr(dock.finder, "map_pixel", lambda y, x: asked.append((y, x)))
    press(dock, "Alike")
    wait(lambda: dock.masks.layer is not None and not dock.masks._loading.is_busy)
    dock.filling.click(5.0, 5.0)
    assert asked == [(5.0, 5.0)]
    heat = np.zeros((10, 8), np.float32)
    heat[0, 0] = 1
    dock.filling._on_mapped(HeatMap(image, heat, 8.0, (3.5, 3.5)))
    narrow = int((np.asarray(dock.masks.layer.data) > 0).sum())
    assert narrow > filled.sum()
    dock.filling.fill_from(0.05)
    assert (np.asarray(dock.masks.layer.data) > 0).sum() > narrow, "less alike is more"
    dock.filling.choose("")

    project = dock.session.project
    dock.session.save()
    (version,) = project.masks.versions(dock.session.masks, "blob", image)
    with Image.open(version.path) as file:
        before = np.asarray(file) > 0
    dock.segment.tools.restore(version)
    wait(lambda: "as it was then" in dock.segment.sentence)
    wait(lambda: np.array_equal(np.asarray(dock.masks.layer.data) > 0, before))


def test_masks_go_to_coco_and_come_back_as_yours(dock, wait, tmp_path):
    first, second = dock.session.names[:2]
    paint(dock, wait, "cup", first, 10)
    paint(dock, wait, "cup", second, 20)
    masks = dock.export.masks
    masks.format.setCurrentText("COCO outlines")
    masks.save(tmp_path / "cups.json")
    wait(lambda: dock.export.state is State.DONE)
    assert "2 masks written" in dock.export.sentence
    assert "--format coco" in dock.export._command
    dock.session.forget_mask(second, "cup")
    masks.bring_in(tmp_path / "cups.json")
    wait(lambda: "taken over" in dock.export.sentence)
    assert dock.export.sentence == (
        "1 mask taken over; Undo takes them back. 1 of them stay as you drew them."
    )
    said = dock.session.masks.structures["cup"].said[1]
    assert np.argwhere(said.bits.mask())[0].tolist() == [20, 10]
