from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_localcl.data.atomic import has_copy, keep_last, replacing, way_back

if TYPE_CHECKING:
    from pathlib import Path


def test_the_new_file_replaces_the_old_one(tmp_path: Path):
    path = tmp_path / "deep" / "file.txt"
    for text in ("old", "new"):
        with replacing(path) as part:
            part.write_text(text)
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_no_rubbish(tmp_path: Path):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as part:
            part.write_text("half")
            raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_copy_of_the_file_before_is_kept_and_the_way_back_names_it(tmp_path: Path):
    path = tmp_path / "file.txt"
    keep_last(path)
    assert not has_copy(path)
    assert way_back(path) == "restore it from a copy"
    for text in ("first", "second", "third"):
        keep_last(path)
        path.write_text(text)
    assert (tmp_path / "file.txt.bak").read_text() == "second"
    assert "rename file.txt.bak to file.txt" in way_back(path)
