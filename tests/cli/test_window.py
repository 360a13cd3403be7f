"""``window``: what it says where no window can be opened, and what it opens."""

import subprocess
import sys

import pytest

from napari_localcl.cli import window
from napari_localcl.cli.entry import run


@pytest.fixture
def started(monkeypatch):
    """Return the commands that were started, none of which really is."""
    commands = []

    def start(command, check):
        commands.append(command)
        return subprocess.CompletedProcess(command, 3 if "failing" in command[-1] else 0)

    monkeypatch.setattr(window.subprocess, "run", start)
    monkeypatch.setattr(window, "obstacle", lambda: None)
    return commands


def test_a_folder_is_opened_in_a_process_of_its_own(started, tmp_path):
    assert run(["window", str(tmp_path)]) == 0
    assert started == [[sys.executable, "-m", "napari_localcl.widgets", str(tmp_path)]]


def test_without_a_folder_an_empty_window_is_opened(started):
    assert run(["window"]) == 0
    assert started == [[sys.executable, "-m", "napari_localcl.widgets"]]


def test_how_the_window_ended_is_passed_on(started, tmp_path):
    (tmp_path / "failing").mkdir()
    assert run(["window", str(tmp_path / "failing")]) == 3


def test_what_is_no_folder_is_refused(started, tmp_path, capsys):
    assert run(["window", str(tmp_path / "gone")]) == 2
    assert "gone is not a folder" in capsys.readouterr().err
    assert not started


def test_without_a_screen_it_says_so(monkeypatch, capsys):
    monkeypatch.setattr(window.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(window, "find_spec", lambda name: object())
    assert run(["window"]) == 2
    assert "no screen" in capsys.readouterr().err


def test_without_napari_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(window, "find_spec", lambda name: None if name == "napari" else object())
    assert run(["window"]) == 2
    assert "pip install" in capsys.readouterr().err
