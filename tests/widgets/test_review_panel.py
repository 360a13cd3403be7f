from __future__ import annotations

import time
from dataclasses import replace

import pytest
from awake import AWAKE
from controls_of import control
from projects import empty_annotations, new_project, predicted
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QPushButton, QTableView
from shapes_child import __file__ as CHILD

from napari_localcl.widgets.review_panel import ReviewPanel
from napari_localcl.widgets.session import Session
from napari_localcl.widgets.step import State


@pytest.fixture(scope="module")
def program():
    return CHILD


@pytest.fixture
def viewer(window):
    return window.viewer


@pytest.fixture
def dock(window, pictures, tmp_path):
    """Return the dock with a click of two landmarks, and predictions in the images after it."""
    dock = window.dock
    session = dock.session
    session.open(new_project(tmp_path / "project", pictures))
    for name in ("Landmark to review", "Show"):
        box = control(dock, QComboBox, name)
        box.setCurrentIndex(0)
        box.textActivated.emit(box.currentText())
    for landmark in ("tip", "base"):
        session.place(landmark, 5, 6)
        session.take(
            predicted(name, landmark, confidence=0.1 * n)
            for n, name in enumerate(session.names[1:], 1)
        )
    dock.review.set_open(True)
    return dock


def cells(dock, column):
    model = control(dock, QTableView, "Predictions").model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def button(dock, name):
    return control(dock, QPushButton, name)


def press(dock, name):
    QTest.mouseClick(button(dock, name), Qt.MouseButton.LeftButton)


def test_before_anything_was_found_the_step_says_where_to_begin(window):
    dock = window.dock
    assert dock.session.project is None
    assert dock.review.state is State.NOT_STARTED
    assert "Click a landmark in one image, in step 3" in dock.review.sentence
    assert not control(dock, QTableView, "Predictions").isVisibleTo(dock.review)


def test_the_table_shows_the_least_sure_first_and_can_keep_to_one_landmark(dock):
    assert cells(dock, 1)[:4] == ["tip", "base"] * 2
    assert cells(dock, 2) == [f"{10 * n}%" for n in range(1, 6) for _ in "ab"]
    landmarks = control(dock, QComboBox, "Landmark to review")
    landmarks.setCurrentText("base")
    landmarks.textActivated.emit("base")
    assert set(cells(dock, 1)) == {"base"}
    dock.session.next_uncertain()
    dock.session.accept()
    assert dock.session.doubt.name == "base"
    assert dock.review.waiting == 9, "those of the other landmark wait all the same"


def test_rejected_and_absent_ones_are_listed_and_can_be_looked_for_again(dock):
    dock.session.next_uncertain()
    rejected = dock.session.doubt
    press(dock, "Reject")
    absent = dock.session.doubt
    press(dock, "Absent")
    for kind, place in (("Rejected", rejected), ("Absent", absent)):
        control(dock, QComboBox, "Show").setCurrentText(kind)
        assert list(zip(cells(dock, 0), cells(dock, 1), strict=True)) == [place[:2]]
        dock.session.look_at(place)
        assert not button(dock, "Accept").isEnabled()
        assert button(dock, "Look again").isEnabled()
    press(dock, "Look again")
    assert cells(dock, 0) == []


@pytest.mark.parametrize(
    ("key", "sources"),
    [
        (Qt.Key.Key_A, ["accepted", "machine:one"]),
        (Qt.Key.Key_R, ["machine:one"]),
        (Qt.Key.Key_X, ["machine:one"]),
        (Qt.Key.Key_G, ["accepted", "accepted"]),
    ],
)
def test_each_decision_has_one_key_and_each_can_be_undone_and_redone_by_one(
    viewer, dock, qapp, key, sources
):
    window = dock.window()
    window.show()
    qapp.setActiveWindow(window)
    qapp.processEvents()
    session = dock.session
    session.next_uncertain()
    at, image = session.doubt, session.image

    def of_image():
        return [point.source for point in session.annotations.points(image)]

    for strike, expected in (
        (key, sources),
        (Qt.Key.Key_Z, ["machine:one"] * 2),
        (Qt.Key.Key_Y, sources),
    ):
        QTest.keyClick(window, strike, Qt.KeyboardModifier.AltModifier)
        assert of_image() == expected
    press(dock, "Next uncertain")
    assert session.doubt[:2] != at[:2]


def test_points_chosen_together_are_dragged_and_deleted_together(viewer, dock, wait):
    session = dock.session
    wait(lambda: "Landmarks" in viewer.layers and len(viewer.layers["Landmarks"].data) == 2)
    layer = viewer.layers["Landmarks"]
    layer.data[:] = [[10, 11], [20, 21]]
    layer.events.data(
        value=layer.data, action="changed", data_indices=(0, 1), vertex_indices=((), ())
    )
    assert [(point.y, point.x) for point in session.points] == [(10, 11), (20, 21)]
    layer.selected_data = {0, 1}
    layer.remove_selected()
    assert session.points == ()
    session.undo()
    assert len(layer.data) == 2


def test_buttons_are_there_for_what_is_possible_only(dock):
    undo, redo = button(dock, "Undo"), button(dock, "Redo")
    assert (undo.isEnabled(), redo.isEnabled()) == (True, False)
    press(dock, "Undo")
    assert redo.isEnabled()
    press(dock, "Undo")
    assert not undo.isEnabled()
    for name in ("Accept", "Reject", "Absent", "Accept all in this image"):
        assert not button(dock, name).isEnabled()


def test_how_many_predictions_an_edit_has_moved_is_said_until_the_next(dock):
    session = dock.session
    session.take([predicted(name, y=30) for name in session.names[1:]])
    assert dock.review.sentence.startswith("5 predictions moved. 10 predictions to review")
    session.go_by(1)
    session.accept()
    assert dock.review.sentence.startswith("9 predictions to review")


def test_a_decision_among_ten_thousand_predictions_is_quick(pictures, tmp_path, qapp, quiet):
    # Without the picture: only the first project's images have one.
    session = Session()
    session.open(new_project(tmp_path / "project", pictures))
    panel = ReviewPanel(session, lambda: None)
    panel.set_open(True)
    panel.show()
    state = many(2000, 5)
    session.project.history.amend(state)
    session.image = state.images.names[0]
    session.annotations_changed.emit()
    assert panel.waiting == 5 * 1999
    times = []
    for decide in (session.next_uncertain, session.accept, session.reject, session.accept_all):
        start = time.thread_time()
        decide()
        qapp.processEvents()
        times.append(time.thread_time() - start)
    rows = waiting_rows(state)
    start = time.thread_time()
    session.take(rows)
    times.append(time.thread_time() - start)
    session.close()
    panel.close()
    assert max(times) < AWAKE


def many(images, landmarks):
    names = [f"point {number}" for number in range(landmarks)]
    state = empty_annotations(images, names)
    for name in names:
        state = state.place("0.png", name, 5, 6)
    rows = [predicted(image, name) for image in state.images.names[1:] for name in names]
    return state.with_predictions(rows)[0]


def waiting_rows(state):
    return [replace(row, y=9.0) for name in state.images.names for row in state.points(name)]
