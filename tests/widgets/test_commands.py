"""What the command palette and the menus do."""

from __future__ import annotations

import pytest
from projects import new_project, predicted
from qtpy.QtWidgets import QPushButton
from shapes_child import __file__ as CHILD

from napari_localcl.widgets import commands
from napari_localcl.widgets.dock import MONITOR, LocalCL
from napari_localcl.widgets.monitor import Monitor
from napari_localcl.widgets.runs_dialog import RunsDialog

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def program():
    return CHILD


@pytest.fixture
def viewer(window):
    return window.viewer


@pytest.fixture
def dock(window, pictures, tmp_path):
    window.dock.session.open(new_project(tmp_path / "project", pictures))
    return window.dock


def test_they_go_through_the_images_of_the_open_dock(dock):
    assert commands.open_dock() is dock
    names = dock.session.names
    commands.next_image()
    assert dock.session.image == names[1]
    commands.previous_image()
    assert dock.session.image == names[0]
    dock.session.place("tip", 5, 6)
    dock.session.take([predicted(names[1], confidence=0.2), predicted(names[2], confidence=0.1)])
    commands.next_uncertain()
    assert dock.session.image == names[2]
    commands.accept()
    assert dock.session.image == names[1]
    commands.reject()
    assert len(dock.session.annotations.human_points()) == 2
    commands.next_unannotated()
    assert dock.session.image == names[3]


def test_models_are_compared(dock):
    commands.compare()
    (dialog,) = dock.findChildren(RunsDialog)
    assert dialog.compare.isVisible()
    dialog.close()


def test_next_without_says_when_there_is_none(dock):
    problems = []
    dock.session.problem.connect(problems.append)
    dock.session.take([predicted(name) for name in dock.session.names])
    commands.next_unannotated()
    assert problems == ["every image has a point or a prediction"]


def test_the_monitor_is_that_of_the_dock_wherever_it_is_opened(viewer, dock, wait):
    monitor = commands.training_monitor()
    assert isinstance(monitor, Monitor)
    viewer.window.add_dock_widget(monitor, name=MONITOR)
    wait(lambda: monitor.parentWidget() is not None)
    dock.show_monitor()
    assert dock.monitor is monitor
    again = commands.training_monitor()
    assert again is monitor
    viewer.window.add_dock_widget(again, name=MONITOR)
    shown = [one for one in viewer.window.dock_widgets if "monitor" in one.lower()]
    assert shown == [MONITOR]


def test_without_the_dock_they_say_to_open_it_and_the_monitor_offers_to(
    own_viewer, monkeypatch, qapp
):
    said = []
    monkeypatch.setattr(commands, "show_info", said.append)
    commands.next_image()
    assert said == ["Open LocalCL first: Plugins > LocalCL."]
    hint = commands.training_monitor()
    own_viewer.window.add_dock_widget(hint, name=MONITOR)
    hint.findChild(QPushButton).click()
    qapp.processEvents()
    assert isinstance(commands.open_dock(), LocalCL)
    assert commands.open_dock() in own_viewer.window.dock_widgets.values()
    assert MONITOR not in own_viewer.window.dock_widgets
