"""Learning in the whole window, with real trainings: each is a process that takes seconds."""

from __future__ import annotations

import shutil
import time

import numpy as np
import psutil
import pytest
from awake import AWAKE
from controls_of import control
from qtpy.QtCore import QThreadPool, QTimer
from qtpy.QtWidgets import QComboBox, QPushButton
from small import SMALL_LD

from napari_localcl.widgets.service import Service
from napari_localcl.widgets.step import State

pytestmark = pytest.mark.slow


@pytest.fixture
def images(pictures, tmp_path):
    return shutil.copytree(pictures, tmp_path / "images")


@pytest.fixture
def pulse(qapp, quiet):
    """Return how much work the main thread had done at each beat of a timer."""
    beats = []
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(time.thread_time()))
    timer.start(5)
    yield beats
    timer.stop()


@pytest.fixture
def dock(viewer, images, wait):
    viewer.window.show()
    return open_dock(viewer, images, wait)


def open_dock(viewer, images, wait):
    _, dock = viewer.window.add_plugin_dock_widget("napari-localcl", "LocalCL")
    dock.images.open(images)
    wait(lambda: dock.canvas.image is not None and dock.learn.form.is_ready)
    return dock


def field(dock, name):
    return control(dock.learn.form, QComboBox, name)


def press(dock, name):
    control(dock.learn, QPushButton, name).click()


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


def begin_long(dock, wait):
    start(dock, 5000)
    wait(lambda: dock.training.can_stop_early, 200)


def test_trainings_are_ended_with_the_dock_killed_resumed_and_stopped_early(
    viewer, dock, images, wait, pulse, monkeypatch
):
    # Nothing is to be found here: that is another process, tested elsewhere.
    monkeypatch.setattr(Service, "ask", lambda *_, **__: None)
    others = set(psutil.Process().children(recursive=True))
    start(dock, 5000)
    # The first picture, the new dock and the first losses are drawn.
    wait(lambda: dock._monitor is not None and dock._monitor.isVisible())
    wait(lambda: dock.training.can_stop_early)
    pulse.clear()
    wait(lambda: len(pulse) > 50)
    assert np.diff(pulse).max() < AWAKE, "the window stays awake"
    assert dock._monitor._plot.stages
    assert dock._monitor.height() <= 220

    dock.session.place("tip", 10, 12)
    process, project = trainer(dock), dock.session.project.folder
    viewer.window.remove_dock_widget("all")
    assert not process.is_running()
    assert set(psutil.Process().children(recursive=True)) <= others
    assert QThreadPool.globalInstance().activeThreadCount() == 0
    assert "tip" in (project / "landmarks.csv").read_text(encoding="utf-8")

    dock = open_dock(viewer, images, wait)
    assert "was broken off after" in dock.learn.sentence
    assert dock.learn.is_open
    assert dock.learn._resume.isVisibleTo(dock)
    resume_and_stop_early(dock, wait)
    kept, points = dock.session.run, dock.session.annotations.human_points()
    weights = (kept / "weights.safetensors").read_bytes()

    start(dock, 5000)
    wait(lambda: dock.training.can_stop_early)
    trainer(dock).kill()
    wait(lambda: not dock.training.is_running)
    assert dock.learn.state is State.NEEDS_YOU
    assert "its process was killed" in dock.learn.sentence
    assert dock.session.run == kept
    assert (kept / "weights.safetensors").read_bytes() == weights
    assert dock.session.annotations.human_points() == points
    resume_and_stop_early(dock, wait)
    assert dock.session.run != kept
    assert kept.is_dir()


def resume_and_stop_early(dock, wait):
    press(dock, "Resume")
    wait(lambda: dock.training.can_stop_early)
    assert "resumed after step" in dock.training.setting
    press(dock, "Stop early")
    wait(lambda: not dock.training.is_running)
    assert dock.learn.state is State.DONE, dock.learn.sentence
