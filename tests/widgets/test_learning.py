"""Learning in the whole window, with real trainings."""

from __future__ import annotations

import shutil
import time

import numpy as np
import psutil
import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QComboBox
from small import SMALL_LD

from napari_localcl.widgets.step import State

pytestmark = pytest.mark.slow


@pytest.fixture
def images(pictures, tmp_path):
    return shutil.copytree(pictures, tmp_path / "images")


@pytest.fixture
def pulse(qapp):
    """Return how much work the main thread had done at each beat of a timer."""
    beats = []
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(time.thread_time()))
    timer.start(5)
    yield beats
    timer.stop()


@pytest.fixture
def dock(viewer, images, wait):
    _, dock = viewer.window.add_plugin_dock_widget("napari-localcl", "LocalCL")
    viewer.window.show()
    dock.images.open(images)
    wait(lambda: "Landmarks" in viewer.layers and dock.learn.form.is_ready)
    return dock


def field(dock, name):
    combos = dock.learn.form.findChildren(QComboBox)
    return next(one for one in combos if one.accessibleName() == name)


def start(dock, steps):
    field(dock, "Unit").setCurrentText("steps")
    field(dock, "Device").setCurrentText("cpu")
    dock.learn.form.budget._amount.setValue(steps)
    dock.learn.form.settings.update(SMALL_LD)
    dock.learn._start.click()
    assert dock.training.is_running


def trainer(dock):
    """Return the process that trains."""
    return psutil.Process(dock.training._child._process.processId())


def test_the_window_stays_awake_while_a_training_runs(dock, wait, pulse):
    start(dock, 40)
    wait(lambda: dock._monitor is not None and dock._monitor.isVisible())
    pulse.clear()
    # The first picture, the new dock and the first losses are drawn.
    wait(lambda: dock.training.can_stop_early and len(pulse) > 50)
    del pulse[:-1]
    at_end = []
    # Not what comes after its end, when the model is put to use and napari adds a layer.
    dock.training.ended.connect(lambda *_: at_end.append(len(pulse)))
    wait(lambda: not dock.training.is_running, 400)
    assert dock.learn.state is State.DONE, dock.learn.sentence
    assert np.diff(pulse[: at_end[0]]).max() < 0.1
    assert dock._monitor._plot.stages
    assert dock._monitor.height() <= 220


def test_a_killed_training_leaves_all_that_was_and_is_resumed(dock, wait):
    start(dock, 2)
    wait(lambda: not dock.training.is_running, 400)
    dock.session.place("tip", 10, 12)
    earlier, points = dock.session.run, dock.session.annotations.human_points()
    weights = (earlier / "weights.safetensors").read_bytes()

    start(dock, 5000)
    wait(lambda: dock.training.can_stop_early, 200)
    trainer(dock).kill()
    wait(lambda: not dock.training.is_running)
    assert dock.learn.state is State.NEEDS_YOU
    assert "its process was killed" in dock.learn.sentence
    assert dock.session.run == earlier
    assert (earlier / "weights.safetensors").read_bytes() == weights
    assert dock.session.annotations.human_points() == points

    dock.learn._resume.click()
    wait(lambda: dock.training.can_stop_early, 200)
    assert "resumed after step" in dock.training.setting
    dock.training.stop_early()
    wait(lambda: not dock.training.is_running, 200)
    assert dock.learn.state is State.DONE, dock.learn.sentence
    assert dock.session.run != earlier
    assert earlier.is_dir()


def test_a_training_that_the_closed_window_ended_is_offered_when_it_is_opened_again(
    viewer, dock, images, wait
):
    start(dock, 5000)
    wait(lambda: dock.training.can_stop_early, 200)
    process = trainer(dock)
    viewer.window.remove_dock_widget("all")
    assert not process.is_running()

    _, again = viewer.window.add_plugin_dock_widget("napari-localcl", "LocalCL")
    again.images.open(images)
    wait(lambda: again.session.project is not None)
    assert "was broken off after" in again.learn.sentence
    assert again.learn.is_open
    assert again.learn._resume.isVisibleTo(again)
