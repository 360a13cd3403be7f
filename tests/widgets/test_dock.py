"""The whole way in a real viewer: open, learn, click, correct, export."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from awake import AWAKE
from projects import predicted
from qtpy.QtCore import QEvent, QMimeData, QPointF, Qt, QThreadPool, QTimer, QUrl
from qtpy.QtGui import QDropEvent, QKeySequence
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractButton,
    QAction,
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QPushButton,
    QShortcut,
)
from small import SMALL_LD

from napari_localcl.data.annotations import read_landmarks
from napari_localcl.data.samples import sample_folder
from napari_localcl.widgets.step import State

pytestmark = pytest.mark.slow


@pytest.fixture
def hands(tmp_path):
    """Return a folder with four radiographs and a file that is none."""
    folder = tmp_path / "hands"
    folder.mkdir()
    for number in range(1, 5):
        name = f"hand_{number:02}.png"
        shutil.copyfile(sample_folder("skeleton") / "images" / name, folder / name)
    (folder / "empty.png").write_bytes(b"")
    return folder


@pytest.fixture
def viewer(window):
    return window.viewer


@pytest.fixture
def dock(window):
    window.dock.learn.form.change({})
    return window.dock


@pytest.fixture
def pulse(qapp, quiet):
    """Return how much work the main thread had done at each beat of a timer.

    Not the time of day: that also tells how busy the computer is with other things.
    """
    beats = [time.thread_time()]
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(time.thread_time()))
    timer.start(5)
    yield beats
    timer.stop()


def control(parent, kind, name):
    """Return a control by what a screen reader calls it."""
    return next(one for one in parent.findChildren(kind) if one.accessibleName() == name)


def press(parent, name):
    QTest.mouseClick(control(parent, QPushButton, name), Qt.MouseButton.LeftButton)


def open_folder(dock, folder, wait):
    before = dock.session.project
    dock.images.open(folder)
    is_open(dock, wait, before)


def is_open(dock, wait, before):
    wait(lambda: dock.session.project is not before and dock.canvas.image is not None)


def start_learning(dock, wait, steps):
    start = control(dock, QPushButton, "Start")
    wait(start.isEnabled)
    control(dock, QComboBox, "Unit").setCurrentText("steps")
    control(dock, QDoubleSpinBox, "How long").setValue(steps)
    control(dock, QComboBox, "Device").setCurrentText("cpu")
    dock.learn.form.settings.update(SMALL_LD)
    press(dock, "Start")
    assert dock.learn.state is State.RUNNING


def learn_two_steps(dock, wait):
    start_learning(dock, wait, 2)
    wait(lambda: not dock.training.is_running, 400)


def click(viewer, dock, wait, landmark, y, x):
    control(dock, QComboBox, "Landmark").setCurrentText(landmark)
    press(dock, "Place it in this image")
    viewer.layers["Landmarks"].add([y, x])
    wait(lambda: not dock.finder.is_busy)


def drag(viewer, dock, wait, y, x):
    """Move the first point, as napari does at the end of a drag."""
    points = viewer.layers["Landmarks"]
    points.data[0] = y, x
    points.events.data(value=points.data, action="changed", data_indices=(0,), vertex_indices=((),))
    wait(lambda: not dock.finder.is_busy)


@pytest.mark.end_to_end
def test_the_way_from_a_folder_to_a_table(viewer, dock, hands, wait, tmp_path):
    open_folder(dock, hands, wait)
    assert dock.images.state is State.DONE
    assert "4 images, 1 skipped" in dock.images.sentence

    learn_two_steps(dock, wait)
    assert dock.learn.state is State.DONE, dock.learn.sentence

    click(viewer, dock, wait, "tip", 60.0, 80.0)
    assert dock.review.waiting == 3, dock.landmark.sentence
    dock.session.next_uncertain()
    wait(lambda: dock.canvas.image is not None)
    features = viewer.layers["Landmarks"].features
    assert features["source"][0].startswith("machine:")
    assert 0 <= features["confidence"][0] <= 1

    corrected = dock.session.image
    drag(viewer, dock, wait, 100.0, 90.0)
    assert dock.session.annotations.points(corrected)[0].source == "human"
    assert dock.session.image != corrected, "the review goes on"
    assert dock.review.waiting == 2

    dock.export.save(tmp_path / "out.csv")
    wait(lambda: dock.export.state is State.DONE)
    rows = read_landmarks(tmp_path / "out.csv")
    assert len(rows) == 4
    assert sum(row.source == "human" for row in rows) == 2
    assert len(list(hands.iterdir())) == 5


def test_one_step_is_open_at_a_time(dock):
    for step in dock.steps:
        if not step.isVisibleTo(dock):
            continue  # there are no series
        step.set_open(True)
        assert [one for one in dock.steps if one.is_open] == [step]
        assert step.body.parentWidget().isVisibleTo(dock)


def test_a_failed_run_says_why_and_leaves_nothing_in_use(dock, hands, wait):
    open_folder(dock, hands, wait)
    wait(control(dock, QPushButton, "Start").isEnabled)
    dock.learn.form.settings["image_size"] = 7
    press(dock, "Start")
    wait(lambda: not dock.training.is_running)
    assert dock.learn.state is State.NEEDS_YOU
    assert "image_size" in dock.learn.sentence
    assert dock.session.run is None


def test_a_folder_dropped_on_the_dock_is_opened(dock, hands, wait):
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(hands))])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        dropped,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    before = dock.session.project
    dock.dropEvent(event)
    is_open(dock, wait, before)
    assert "4 images, 1 skipped" in dock.images.sentence


def test_one_key_each_goes_to_the_next_accepts_and_rejects(dock, hands, wait, qapp):
    open_folder(dock, hands, wait)
    _, *others = dock.session.names
    dock.session.place("tip", 5, 6)
    dock.session.take([predicted(name, confidence=0.1 * n) for n, name in enumerate(others, 1)])
    window = dock.window()
    window.show()
    qapp.setActiveWindow(window)
    qapp.processEvents()
    for key, image, waiting in ((Qt.Key.Key_U, 0, 3), (Qt.Key.Key_A, 1, 2), (Qt.Key.Key_R, 2, 1)):
        QTest.keyClick(window, key, Qt.KeyboardModifier.AltModifier)
        assert (dock.session.image, dock.review.waiting) == (others[image], waiting)
    QTest.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert dock.session.image == others[1]


def test_no_key_does_two_things(dock):
    window, portable = dock.window(), QKeySequence.SequenceFormat.PortableText
    ours = [one.shortcut().toString(portable) for one in dock.findChildren(QAbstractButton)]
    ours += [one.key().toString(portable) for one in window.findChildren(QShortcut)]
    taken = {one.shortcut().toString(portable) for one in window.findChildren(QAction)}
    ours = [key for key in ours if key]
    assert sorted(ours) == sorted(set(ours))
    assert not taken.intersection(ours)


def test_closing_the_window_ends_threads_and_processes_and_saves(own_viewer, hands, wait):
    others = set(psutil.Process().children(recursive=True))
    _, dock = own_viewer.window.add_plugin_dock_widget("napari-localcl", "LocalCL")
    open_folder(dock, hands, wait)
    wait(control(dock, QPushButton, "Start").isEnabled)
    press(dock, "Start")
    dock.session.place("tip", 10, 10)
    project = dock.session.project.folder
    own_viewer.close()
    QApplication.processEvents()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert set(psutil.Process().children(recursive=True)) <= others
    assert QThreadPool.globalInstance().activeThreadCount() == 0
    assert "tip" in (project / "landmarks.csv").read_text(encoding="utf-8")


def test_opening_never_holds_the_window_up(dock, hands, wait, pulse):
    open_folder(dock, hands, wait)
    start = len(pulse)
    for _ in range(3):
        dock.session.go_by(1)
        wait(lambda: dock.canvas.image is not None)
    assert np.diff(pulse[start:]).max() < AWAKE


def test_opening_the_dock_does_not_import_torch():
    code = "import sys, napari_localcl.widgets.dock; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
