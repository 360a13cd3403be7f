from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from projects import new_project

from napari_localcl.data import project as project_module
from napari_localcl.data.autosave import Autosave
from napari_localcl.data.errors import BadInput
from napari_localcl.data.project_opening import open_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, pictures: Path):
    return new_project(tmp_path / "study", pictures)


def change(project, name: str) -> None:
    project.edit(project.annotations.add_landmark(name).place("blobs_0.png", name, 1, 1))


def saved_names(project) -> tuple[str, ...]:
    lines = (project.folder / "landmarks.csv").read_text().splitlines()[1:]
    return tuple(line.split(",")[1] for line in lines)


def settle(autosave: Autosave, now: float, until, pace: float = 0.0) -> None:
    """Tick until something has happened; by itself, the clock does not go on."""
    end = time.monotonic() + 30
    while not until():
        assert time.monotonic() < end, "it never happened"
        autosave.save_if_due(now)
        now += pace
        time.sleep(0.005)


def test_a_change_is_saved_a_second_later_not_before(project):
    autosave = Autosave(project)
    change(project, "a")
    for now in (10.0, 10.5, 10.9):
        autosave.save_if_due(now)
    assert not (project.folder / "landmarks.csv").exists()
    settle(autosave, 11.0, lambda: not autosave.is_dirty)
    assert saved_names(project) == ("a",)


def test_steady_work_does_not_put_the_saving_off(project):
    autosave = Autosave(project)
    for tenth in range(10):
        change(project, str(tenth))
        autosave.save_if_due(tenth / 10)
    autosave.save_if_due(1.0)
    settle(autosave, 1.0, (project.folder / "landmarks.csv").exists)


def test_flush_saves_at_once(project):
    autosave = Autosave(project)
    change(project, "a")
    autosave.flush()
    assert not autosave.is_dirty
    assert saved_names(project) == ("a",)


def test_a_slow_disk_holds_nobody_up_and_later_edits_are_saved_later(project, monkeypatch):
    write, may_go_on = project_module.write_project_landmarks, threading.Event()

    def slow(*arguments: object) -> None:
        may_go_on.wait(30)
        write(*arguments)

    monkeypatch.setattr(project_module, "write_project_landmarks", slow)
    autosave = Autosave(project)
    change(project, "a")
    autosave.save_if_due(0)
    autosave.save_if_due(1)
    change(project, "b")
    autosave.save_if_due(2)
    may_go_on.set()
    settle(autosave, 3, lambda: project._saved.annotations.names == ("a",))
    assert autosave.is_dirty
    settle(autosave, 5, lambda: not autosave.is_dirty, pace=1)
    assert saved_names(project) == ("a", "b")


def test_a_failure_is_told_kept_in_memory_and_tried_again_at_the_next_tick(project, monkeypatch):
    attempts = []

    def refuse(*_: object) -> None:
        attempts.append(1)
        raise OSError(28, "No space left on device")

    autosave = Autosave(project)
    change(project, "a")
    with monkeypatch.context() as patch:
        patch.setattr(project_module, "write_project_landmarks", refuse)
        autosave.save_if_due(0)
        settle(autosave, 1, lambda: autosave.problem)
        assert "No space left on device" in autosave.problem
        assert "\n" not in autosave.problem
        settle(autosave, 1, lambda: len(attempts) > 2)
        with pytest.raises(BadInput, match="could not be saved"):
            autosave.flush()
    assert autosave.is_dirty
    assert project.annotations.points("blobs_0.png")
    settle(autosave, 1, lambda: not autosave.is_dirty)
    autosave.save_if_due(1)
    assert autosave.problem is None
    assert saved_names(project) == ("a",)


def test_a_window_for_reading_only_says_so_instead_of_saving(project):
    second = open_project(project.folder)
    autosave = Autosave(second)
    change(second, "a")
    autosave.save_if_due(0)
    settle(autosave, 1, lambda: autosave.problem)
    assert "is open in another window" in autosave.problem
    second.history.undo()
    settle(autosave, 1, lambda: autosave.problem is None)


def test_where_nothing_changed_nothing_is_written(project):
    autosave = Autosave(project)
    before = (project.folder / "project.json").stat().st_mtime_ns
    autosave.save_if_due(0)
    autosave.save_if_due(100)
    autosave.flush()
    assert (project.folder / "project.json").stat().st_mtime_ns == before
    assert not (project.folder / "landmarks.csv").exists()
