from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from napari_localcl.data.lock import Lock, LockState

TAKE = """
import sys, pathlib
from napari_localcl.data.lock import Lock
print(Lock(pathlib.Path(sys.argv[1])).state.value, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def another_process(tmp_path: Path):
    """Give a process that has taken the lock of the folder."""
    command = [sys.executable, "-c", TAKE, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as child:
        assert child.stdout.readline() == "ours\n"
        yield child


def test_the_first_window_has_the_lock_and_the_second_learns_who_has_it(tmp_path: Path):
    first, second = Lock(tmp_path), Lock(tmp_path)
    assert (first.state, first.obstacle) == (LockState.OURS, None)
    assert second.state is LockState.OTHER_WINDOW
    assert "is open in another window" in second.obstacle


def test_a_window_of_another_process_is_named(tmp_path: Path, another_process):
    lock = Lock(tmp_path)
    assert lock.state is LockState.OTHER_WINDOW
    assert f"(process {another_process.pid})" in lock.obstacle


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path, another_process):
    another_process.communicate()
    assert (tmp_path / "lock.json").exists()
    assert Lock(tmp_path).state is LockState.OURS


def test_a_released_lock_is_free_again(tmp_path: Path):
    Lock(tmp_path).release()
    assert not (tmp_path / "lock.json").exists()
    assert Lock(tmp_path).state is LockState.OURS


def test_a_window_that_came_second_never_gets_it_because_what_it_shows_may_be_old(tmp_path: Path):
    first, second = Lock(tmp_path), Lock(tmp_path)
    first.release()
    assert second.state is LockState.LOST
    assert "open it again" in second.obstacle


def test_a_window_whose_lock_was_taken_knows_it(tmp_path: Path):
    first = Lock(tmp_path)
    second = Lock(tmp_path, force=True)
    assert second.state is LockState.OURS
    assert first.state is LockState.OTHER_WINDOW
    first.release()
    assert second.state is LockState.OURS


def test_on_another_computer_a_person_decides(tmp_path: Path):
    Lock(tmp_path)
    path = tmp_path / "lock.json"
    claim = json.loads(path.read_text())
    claim["process"]["host"] = "ward-7"
    path.write_text(json.dumps(claim))
    lock = Lock(tmp_path)
    assert lock.state is LockState.OTHER_COMPUTER
    assert "computer ward-7" in lock.obstacle
    assert Lock(tmp_path, force=True).state is LockState.OURS


def test_a_damaged_lock_is_nobodys(tmp_path: Path):
    (tmp_path / "lock.json").write_text("{")
    assert Lock(tmp_path).state is LockState.OURS


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch):
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    lock = Lock(tmp_path)
    assert lock.state is LockState.NOT_WRITABLE
    assert "cannot be written" in lock.obstacle
