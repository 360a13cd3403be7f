"""Masks of images of mixed sizes, proposed, looked at and corrected without a mouse."""

from __future__ import annotations

import numpy as np
import pytest
from controls_of import by_tab, control, own_controls
from PIL import Image
from projects import new_project
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QPushButton, QTableView
from shapes_child import __file__ as CHILD

from napari_localcl.data.structures import MaskState

pytestmark = pytest.mark.end_to_end

ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
SIZES = [(60, 80), (120, 50), (33, 200), (90, 90)]


@pytest.fixture(scope="module")
def program():
    return CHILD


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Return a folder with four images of as many sizes."""
    folder = tmp_path_factory.mktemp("mixed")
    for number, size in enumerate(SIZES):
        grey = np.full(size, 60 * number + 20, np.uint8)
        Image.fromarray(grey).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def dock(window, images, tmp_path, wait, qapp):
    """Return the dock in a window on the screen, its step Shape open, nothing chosen."""
    dock = window.dock
    control(dock, QComboBox, "Structure").setCurrentText("")
    control(dock, QComboBox, "Shape").setCurrentIndex(0)
    dock.session.open(new_project(tmp_path / "project", images))
    dock.shape.set_open(True)
    window = dock.window()
    window.show()
    qapp.setActiveWindow(window)
    wait(lambda: dock.canvas.image is not None and dock.shape.budget.is_known)
    return dock


def strike(dock, key, modifiers=ALT):
    QTest.keyClick(dock.window(), key, modifiers)


def choose(dock, name, letters):
    """Choose in a list, by its first letters."""
    box = control(dock, QComboBox, name)
    box.view().keyboardSearch("")  # forgets what was typed a moment ago
    QTest.keyClicks(box, letters)


def segment(dock, wait):
    QTest.keyClicks(control(dock, QComboBox, "Structure").lineEdit(), "disc")
    choose(dock, "Shape", "Ell")
    wait(control(dock, QPushButton, "Segment").isEnabled)
    strike(dock, Qt.Key.Key_Q, ALT | SHIFT)
    wait(lambda: dock.review.is_open and not dock.training.is_running)
    is_shown(dock, wait)


def is_shown(dock, wait):
    size = dock.session.plane.header.size
    wait(lambda: dock.masks.layer is not None and dock.masks.layer.data.shape == size)


def test_from_a_name_to_reviewed_and_corrected_masks_with_keys_alone(dock, wait):
    segment(dock, wait)
    masks = dock.session.masks
    assert [masks.state(f"{n}.png", "disc") for n in range(4)] == [MaskState.PROPOSED] * 4
    strike(dock, Qt.Key.Key_A)
    is_shown(dock, wait)
    strike(dock, Qt.Key.Key_R)
    is_shown(dock, wait)
    strike(dock, Qt.Key.Key_E, ALT | SHIFT)
    wait(lambda: dock.masks.layer is not None and dock.masks.layer.mode == "paint")
    masks = dock.session.masks
    states = [masks.state(f"{number}.png", "disc") for number in range(3)]
    assert states == [MaskState.ACCEPTED, MaskState.REJECTED, MaskState.PROPOSED]
    for _ in range(2):
        strike(dock, Qt.Key.Key_Z)
    assert dock.session.image == "0.png"
    assert dock.review.waiting == 4


def test_the_table_goes_to_an_image_by_arrow_keys_and_enter(dock, wait):
    segment(dock, wait)
    table = control(dock, QTableView, "Predictions")
    table.setFocus()
    for _ in range(2):
        QTest.keyClick(table, Qt.Key.Key_Down)
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert dock.session.image == "2.png"
    is_shown(dock, wait)


@pytest.mark.parametrize("shape", ["Drawn", "Ellipse", "Ring", "Vessels", "Lungs", "Masks"])
def test_every_control_of_a_shape_says_what_it_is_and_is_reached_in_the_order_of_sight(
    dock, wait, shape, qapp
):
    choose(dock, "Shape", shape)
    qapp.processEvents()
    check(dock.shape)


def test_every_control_of_the_review_of_masks_says_what_it_is_and_is_reached(dock, wait, qapp):
    segment(dock, wait)
    qapp.processEvents()
    check(dock.review)


def check(step):
    controls = [one for one in own_controls(step) if one.isVisibleTo(step)]
    for one in controls:
        assert one.accessibleName(), one
        assert one.toolTip(), one.accessibleName()
    reached = by_tab(step)
    assert {one.accessibleName() for one in controls} == {one.accessibleName() for one in reached}
    tops = [(one.mapTo(step, one.rect().center()).y() // 14, one.x()) for one in reached]
    assert tops == sorted(tops), [one.accessibleName() for one in reached]
