"""The step Series in a real viewer, with a small process in the place of the verb `classify`."""

import shlex

import numpy as np
import pytest
import tifffile
from controls_of import control
from projects import new_project
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QPushButton
from series_child import __file__ as CHILD

from napari_localcl.widgets.child import Child
from napari_localcl.widgets.scores_dialog import ScoresDialog
from napari_localcl.widgets.step import State

COUNT = 6


@pytest.fixture
def dock(viewer, tmp_path, monkeypatch, wait):
    """Return the dock with six series of two planes, its step Series open."""
    monkeypatch.setattr(Child, "program", (CHILD,))
    chance = np.random.default_rng(0)
    for plane, frames in (("axial", 6), ("coronal", 5)):
        (tmp_path / "exams" / plane).mkdir(parents=True)
        for index in range(COUNT):
            pixels = chance.integers(0, 255, (frames, 64, 64), np.uint8)
            tifffile.imwrite(tmp_path / "exams" / plane / f"head_{index}.tif", pixels)
    _, dock = viewer.window.add_plugin_dock_widget("napari-localcl", "LocalCL")
    assert dock.series.isHidden()
    dock.session.open(new_project(tmp_path / "project", tmp_path / "exams"))
    wait(lambda: dock.series.book.exams and dock.series.form.is_known and dock.canvas.image)
    dock.series.set_open(True)
    return dock


def press(dock, name):
    control(dock.series, QPushButton, name).click()


def column(dock, number):
    rows = dock.series.table.rows
    return [rows.data(rows.index(row, number)) for row in range(rows.rowCount())]


def test_from_words_on_some_series_to_the_frames_that_mattered(dock, wait, qapp):
    """Say of some what they have, train, sort, look why, and see how good it is."""
    series, session = dock.series, dock.session
    assert not series.isHidden()
    assert series.state is State.NEEDS_YOU
    start = control(series, QPushButton, "Train")
    assert not start.isEnabled()

    # Words, by keyboard.
    series.book.add("tumour")
    for row, key in ((0, Qt.Key.Key_Y), (1, Qt.Key.Key_N), (2, Qt.Key.Key_Y), (3, Qt.Key.Key_Y)):
        series.table.selectRow(row)
        QTest.keyClick(series.table, key)
    QTest.keyClick(series.table, Qt.Key.Key_Delete)
    assert column(dock, 1) == ["yes", "no", "yes", "", "", ""]
    assert "tumour: 2 yes, 1 no, 3 not known." in series.sentence
    # Nothing has learned what frames look like.
    assert "First learn from the frames in step 2" in series.sentence
    assert not start.isEnabled()
    control(series, QComboBox, "Learned by").setCurrentText("pixels")
    assert start.isEnabled()

    press(dock, "Copy as command")
    command = shlex.split(QGuiApplication.clipboard().text())
    assert command[:2] == ["napari-localcl", "classify"]
    assert command[command.index("--labels") + 1] == str(session.project.series)
    assert {"--preset", "pixels"} < set(command)
    assert not {"--from", "--minutes"} & set(command)

    press(dock, "Train")
    assert series.state is State.RUNNING
    wait(lambda: not dock.training.is_running)
    wait(lambda: series.book.told is not None)
    assert series.state is State.DONE
    assert "finding 'rare' is left out" in series.sentence.lower()
    assert session.run is None  # no landmarks are found with it
    assert column(dock, 2) == ["80%", "30%", "80%", "30%", "30%", "30%"]
    assert column(dock, 3)[:2] == ["0.72", "0.88"]

    # The surest last; head_0 and head_2 are alike.
    series.table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    assert column(dock, 0)[:2] == ["head_0", "head_2"]
    series.table.selectRow(1)
    series.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert series.table.at_hand == 2
    wait(lambda: dock.evidence.layer is not None and dock.evidence.layer.visible)
    assert session.image == "axial/head_2.tif#5"
    layer = dock.evidence.layer
    assert layer.name == "Evidence: tumour"
    assert layer.metadata == {"image": session.image, "series": "head_2", "finding": "tumour"}
    # An 8 x 8 map of cells of 8 pixels covers the 64 x 64 frame.
    np.testing.assert_array_equal(layer.scale[-2:], [8, 8])
    np.testing.assert_array_equal(layer.translate[-2:], [3.5, 3.5])
    assert [b.text() for b in series.why._foremost if not b.isHidden()] == ["#5: 75%", "#4: 25%"]

    # Its other plane, and back by a bar.
    planes = control(series, QComboBox, "Plane")
    planes.setCurrentText("coronal")
    planes.activated.emit(1)
    assert session.image == "coronal/head_2.tif#4"
    wait(lambda: layer.visible)
    session.go("axial/head_1.tif#0")
    wait(lambda: dock.canvas.image is not None)
    assert not layer.visible
    series.why._bars.chosen.emit(1)
    assert session.image == "coronal/head_2.tif#1"

    # How good it is.
    press(dock, "Scores")
    (dialog,) = series.findChildren(ScoresDialog)
    wait(lambda: dialog._table.rowCount() == 1)
    cells = [dialog._table.item(0, number).text() for number in range(4)]
    assert cells[:2] == ["tumour", "2 of 3"]
    assert cells[2].startswith("1.00 (0.50)")
    assert dialog.plots._lines[0].getData()[1].tolist() == [0, 1, 1]
    dialog.close()


def test_cancelling_leaves_nothing_and_landmarks_cannot_be_found_with_it(dock, monkeypatch, wait):
    series = dock.series
    series.book.add("tumour")
    series.book.say(0, "tumour", 1.0)
    control(series, QComboBox, "Learned by").setCurrentText("pixels")
    monkeypatch.setattr(Child, "program", (CHILD, "--seconds", "20"))
    press(dock, "Train")
    wait(lambda: dock.training.fraction)
    press(dock, "Cancel")
    wait(lambda: not dock.training.is_running)
    assert series.sentence == "Cancelled. Nothing was changed."
    assert dock.session.runs.rows() == ()
    assert series.book.findings.values[0, 0] == 1
