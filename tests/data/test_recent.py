from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from napari_localcl.data.recent import recent_projects, remember_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch) -> Path:
    folder = tmp_path / "config"
    monkeypatch.setenv("LOCALCL_CONFIG", str(folder))
    return folder


def project(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "project.json").touch()
    return folder


def test_at_first_there_are_none():
    assert recent_projects() == ()


def test_the_latest_comes_first_and_each_once(tmp_path: Path):
    a, b = project(tmp_path, "a"), project(tmp_path, "b")
    for folder in (a, b, a):
        remember_project(folder)
    assert recent_projects() == (a, b)


def test_projects_that_are_gone_are_left_out(tmp_path: Path):
    a, b = project(tmp_path, "a"), project(tmp_path, "b")
    remember_project(a)
    remember_project(b)
    shutil.rmtree(b)
    assert recent_projects() == (a,)


def test_no_more_than_ten_are_kept(tmp_path: Path):
    folders = [project(tmp_path, str(number)) for number in range(12)]
    for folder in folders:
        remember_project(folder)
    assert recent_projects() == tuple(reversed(folders))[:10]


@pytest.mark.parametrize("text", ["", "{", "5", "[1]", '{"a": 1}'])
def test_a_damaged_list_is_forgotten(tmp_path: Path, config: Path, text):
    config.mkdir()
    (config / "recent.json").write_text(text)
    assert recent_projects() == ()
    remember_project(project(tmp_path, "a"))
    assert recent_projects() == (tmp_path / "a",)


def test_where_the_list_cannot_be_written_nothing_happens(tmp_path: Path, config: Path):
    config.touch()
    remember_project(project(tmp_path, "a"))
    assert recent_projects() == ()


def test_the_list_lies_in_the_users_own_folder(monkeypatch):
    from napari_localcl.data import recent

    monkeypatch.delenv("LOCALCL_CONFIG")
    assert "napari-localcl" in str(recent._file())
