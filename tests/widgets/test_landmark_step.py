"""Step 3 in a real viewer, with a run that learned a little."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from hands import THUMB, WRIST, copy_hands, learn
from projects import predicted
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QCheckBox, QComboBox, QInputDialog, QMessageBox, QPushButton

from napari_localcl.data.heat_map import HeatMap
from napari_localcl.widgets.step import State

pytestmark = pytest.mark.slow

OF_PIXEL = "Similarity: the pixel under the mouse"


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A folder of four hands, and a run that learned a little of them."""
    images = copy_hands(tmp_path_factory.mktemp("step") / "hands")
    return images, learn(images, images.parent / "run", 8)


@pytest.fixture
def viewer(window):
    return window.viewer


@pytest.fixture
def open_hands(window, wait, learned, tmp_path):
    """Return a function that opens a new project of the hands, with a run that is not in use."""

    def open_it():
        dock = window.dock
        images, run = learned
        before = dock.session.project
        dock.images.open(images, tmp_path / "project")
        wait(lambda: dock.session.project is not before and dock.canvas.image is not None)
        shutil.copytree(run, tmp_path / "project" / "runs" / "ld-1")
        name(dock, "")
        return dock

    return open_it


@pytest.fixture
def dock(open_hands):
    return open_hands()


@pytest.fixture(scope="module")
def opened():
    """What the project has that is ready, and how it was when it was."""
    return {}


@pytest.fixture
def ready(window, opened, open_hands, wait):
    """The dock with its run in use and everything open, as long as all the tests want it so."""
    session = window.dock.session
    if session.project is None or session.project is not opened.get("project"):
        open_hands()
        session.use("ld-1")
        opened.update(project=session.project, annotations=session.annotations)
    else:
        forget_all(window, opened["annotations"])
    wait(lambda: not window.dock.finder.is_at_work)
    return window.dock


def forget_all(window, nothing):
    """Make all as it was when the project was opened."""
    dock, layer = window.dock, heat(window.viewer)
    dock.canvas.stop_placing()
    dock.session.go_by(-9)
    dock.session.project.history.amend(nothing)
    dock.session.annotations_changed.emit()
    dock.session.people_changed.emit()
    name(dock, "")
    if layer is not None:
        window.viewer.layers.remove(layer)
    dock.similarity.want(True)


def control(dock, kind, name):
    return next(one for one in dock.findChildren(kind) if one.accessibleName() == name)


def press(dock, name):
    control(dock, QPushButton, name).click()


def name(dock, landmark):
    control(dock, QComboBox, "Landmark").setCurrentText(landmark)


def place(dock, viewer, mark, landmark=None):
    name(dock, landmark or mark.landmark)
    press(dock, "Place it in this image")
    viewer.layers["Landmarks"].add([mark.y, mark.x])


def heat(viewer):
    return next((one for one in viewer.layers if one.name.startswith("Similarity")), None)


def is_shown(viewer, title):
    return title in viewer.layers and viewer.layers[title].visible


def peak(layer):
    """Where the map is highest, in pixels of the image; these have no spacing."""
    cell = np.unravel_index(layer.data.argmax(), layer.data.shape)
    return np.array(layer.data_to_world(cell))


def found(dock, viewer, wait, mark=THUMB):
    place(dock, viewer, mark)
    wait(lambda: not dock.finder.is_busy)
    wait(lambda: is_shown(viewer, f"Similarity: {mark.landmark}"))


def move_mouse(viewer, y, x):
    for listener in list(viewer.mouse_move_callbacks):
        listener(viewer, SimpleNamespace(position=(y, x), type="mouse_move"))


# The heat map


def test_a_click_brings_the_heat_map_highest_where_the_landmark_is(ready, viewer, wait):
    found(ready, viewer, wait)
    layer = heat(viewer)
    assert np.abs(peak(layer) - (THUMB.y, THUMB.x)).max() < 12
    assert [one.name for one in viewer.layers] == ["Image at hand", layer.name, "Landmarks"]
    assert viewer.layers.selection.active is viewer.layers["Landmarks"]
    assert (layer.opacity, tuple(layer.contrast_limits)) == (0.5, (0, 1))


def test_the_heat_map_follows_to_the_next_image(ready, viewer, wait):
    found(ready, viewer, wait)
    before = heat(viewer).data.copy()
    ready.session.go_by(1)
    assert not heat(viewer).visible
    wait(lambda: heat(viewer).visible)
    assert np.abs(heat(viewer).data - before).max() > 0.1


def test_it_is_the_map_of_the_landmark_at_hand(ready, viewer, wait):
    found(ready, viewer, wait)
    found(ready, viewer, wait, WRIST)
    assert np.abs(peak(heat(viewer)) - (WRIST.y, WRIST.x)).max() < 12
    press(ready, "Next landmark")
    assert ready.landmark.names.text == "thumb"
    wait(lambda: is_shown(viewer, "Similarity: thumb"))
    name(ready, "no such landmark")
    assert not heat(viewer).visible


def test_the_box_its_key_and_the_eye_in_the_list_hide_and_show_it(ready, viewer, wait, qapp):
    found(ready, viewer, wait)
    box = control(ready, QCheckBox, "Heat map")
    box.click()
    assert not heat(viewer).visible
    window = ready.window()
    window.show()
    qapp.setActiveWindow(window)
    qapp.processEvents()
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.AltModifier)
    assert box.isChecked()
    wait(lambda: heat(viewer).visible)
    heat(viewer).visible = False
    assert not box.isChecked()


def test_a_heat_map_thrown_out_of_the_list_comes_back_when_it_is_wanted(ready, viewer, wait):
    found(ready, viewer, wait)
    viewer.layers.remove(heat(viewer))
    box = control(ready, QCheckBox, "Heat map")
    assert not box.isChecked()
    box.click()
    wait(lambda: is_shown(viewer, "Similarity: thumb"))


# The preview


def test_while_placing_the_map_follows_the_mouse(ready, viewer, wait):
    name(ready, "tip")
    press(ready, "Place it in this image")
    for place_of_mouse in ((60, 80), (200, 150)):
        move_mouse(viewer, *place_of_mouse)
        wait(
            lambda: (
                is_shown(viewer, OF_PIXEL)
                and np.abs(peak(heat(viewer)) - place_of_mouse).max() < 12  # noqa: B023
            )
        )


def test_the_preview_ends_with_the_click(ready, viewer, wait):
    name(ready, "thumb")
    press(ready, "Place it in this image")
    move_mouse(viewer, 60, 80)
    viewer.layers["Landmarks"].add([THUMB.y, THUMB.x])
    wait(lambda: is_shown(viewer, "Similarity: thumb"))
    assert np.abs(peak(heat(viewer)) - (THUMB.y, THUMB.x)).max() < 12


# Which image first


def test_after_learning_the_best_image_to_click_is_named_and_a_button_goes_there(ready):
    best = ready.finder.suggestion
    assert best in ready.session.names
    assert f"Best image to click first: {best}." in ready.landmark.sentence
    ready.session.go(next(one for one in ready.session.names if one != best))
    press(ready, "Suggest an image")
    assert ready.session.image == best


def test_looking_for_the_best_image_can_be_stopped_and_begun_again(ready, wait):
    ready.finder._rankings.clear()
    ready.session.use("ld-1")
    button = control(ready, QPushButton, "Suggest an image")
    assert button.text() == "Stop suggesting"
    button.click()
    assert (button.text(), ready.finder.is_ranking) == ("Suggest an image", False)
    button.click()
    wait(lambda: ready.finder.suggestion)
    assert button.text() == "Go to best image"


# The search


def test_a_search_can_be_stopped_and_begun_again(ready, viewer, wait):
    found(ready, viewer, wait)
    before = ready.session.annotations
    button = control(ready, QPushButton, "Find in all images")
    button.click()
    assert (button.text(), ready.landmark.state) == ("Stop", State.RUNNING)
    button.click()
    assert not ready.finder.is_at_work
    assert button.text() == "Find in all images"
    assert ready.session.annotations is before
    button.click()
    wait(lambda: not ready.finder.is_at_work)
    assert ready.review.waiting == 3


def test_a_process_that_dies_is_told_and_the_next_search_starts_another(ready, viewer, wait):
    found(ready, viewer, wait)
    press(ready, "Find in all images")
    ready.finder._service.ask("suggest")
    for process in psutil.Process().children(recursive=True):
        if "serve" in process.cmdline():
            process.kill()
    wait(lambda: not ready.finder.is_at_work)
    assert "ended" in ready.landmark.sentence
    press(ready, "Find in all images")
    wait(lambda: not ready.finder.is_at_work)
    assert ready.landmark.state is State.DONE


# Before there is anything to find with


def test_a_mouse_that_runs_asks_one_question_at_a_time_and_the_last_counts(
    dock, viewer, monkeypatch
):
    service, asked = dock.finder._service, []

    def ask(kind, **facts):
        asked.append((kind, facts))
        service._newest[kind] = len(asked)

    monkeypatch.setattr(service, "ask", ask)  # nobody answers
    dock.session.use("ld-1")
    name(dock, "tip")
    press(dock, "Place it in this image")
    for step in range(200):
        move_mouse(viewer, 50 + step, 100)
    heat_map = HeatMap(dock.session.image, np.zeros((80, 64), np.float32), 4.0, (1.5, 1.5))
    service._on_said({"id": service._newest["pixel"], "event": "map", **heat_map.as_event()})
    assert [facts["y"] for kind, facts in asked if kind == "pixel"] == [50, 249]
    dock.finder.close()


def test_outside_of_the_image_and_outside_of_placing_the_mouse_asks_nothing(dock, viewer):
    hovered = []
    dock.canvas.hovered.connect(lambda y, x: hovered.append((y, x)))
    move_mouse(viewer, 50, 50)
    name(dock, "tip")
    press(dock, "Place it in this image")
    move_mouse(viewer, -30, 50)
    press(dock, "Place it in this image")
    move_mouse(viewer, 50, 50)
    assert hovered == []


def test_another_name_ends_placing(dock, viewer):
    name(dock, "tip")
    press(dock, "Place it in this image")
    name(dock, "wrist")
    assert not dock.canvas.is_placing


# Names


@pytest.fixture
def named(dock):
    """The dock, without a run, with a landmark placed in one image and predicted in the others."""
    _, *others = dock.session.names
    dock.session.place("thumb", THUMB.y, THUMB.x)
    dock.session.take([predicted(image, "thumb") for image in others])
    return dock


def test_a_renamed_landmark_keeps_its_points_and_stays_at_hand(named, viewer, monkeypatch):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: (" thumb joint ", True))
    press(named, "Rename")
    assert named.session.annotations.names == ("thumb joint",)
    (point,) = named.session.annotations.human_points()
    assert (point.y, point.x) == (THUMB.y, THUMB.x)
    assert named.landmark.names.text == "thumb joint"
    assert named.review.waiting == 3
    assert list(viewer.layers["Landmarks"].features["shown_as"]) == ["thumb joint"]


def test_a_name_that_is_taken_is_refused_in_a_sentence(named, monkeypatch):
    named.session.place("base", 7, 8)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("base", True))
    press(named, "Rename")
    assert named.session.annotations.names == ("thumb", "base")
    assert "already" in named._problem.text()
    assert named.landmark.names.text == "thumb"


def test_keys_go_through_the_landmarks_and_around(named):
    named.session.place("base", 7, 8)
    at_hand = []
    for button in ("Next landmark", "Next landmark", "Previous landmark"):
        press(named, button)
        at_hand.append(named.landmark.names.text)
    assert at_hand == ["base", "thumb", "base"]


@pytest.mark.parametrize(
    ("answer", "left"),
    [(QMessageBox.StandardButton.No, ("thumb",)), (QMessageBox.StandardButton.Yes, ())],
    ids=["no", "yes"],
)
def test_deleting_a_landmark_asks_first_and_says_what_goes(
    named, viewer, monkeypatch, answer, left
):
    asked = []
    monkeypatch.setattr(
        QMessageBox, "question", lambda *question: (asked.append(question), answer)[1]
    )
    press(named, "Delete")
    assert "thumb with its 4 points, 1 of them set by people" in asked[0][2]
    assert named.session.annotations.names == left
    assert len(viewer.layers["Landmarks"].data) == len(left)
