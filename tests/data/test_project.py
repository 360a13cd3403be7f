from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest
from projects import new_project, predicted

from napari_localcl.data import project_landmarks
from napari_localcl.data.errors import BadInput
from napari_localcl.data.project_opening import open_project
from napari_localcl.data.review import Status

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = "blobs_1.png"


@pytest.fixture
def project(tmp_path: Path, pictures: Path):
    return new_project(tmp_path / "study", pictures)


def clicked(project):
    project.edit(project.annotations.add_landmark("tip"))
    project.edit(project.annotations.place(IMAGE, "tip", 3, 4))
    return project


def reopened(project):
    project.close()
    return open_project(project.folder)


def test_what_was_saved_is_there_again(project):
    clicked(project).set_predictions([predicted("blobs_2.png")])
    project.edit(project.annotations.add_landmark("not placed yet"))
    project.save()
    again = reopened(project)
    assert again.annotations.names == ("tip", "not placed yet")
    assert again.annotations.points(IMAGE) == project.annotations.points(IMAGE)
    assert again.annotations.points("blobs_2.png") == (predicted("blobs_2.png"),)
    assert not again.is_dirty


def test_a_project_is_dirty_until_it_is_saved_and_clean_when_all_is_undone(project):
    assert not project.is_dirty
    clicked(project)
    assert project.is_dirty
    project.history.undo()
    project.history.undo()
    assert not project.is_dirty
    project.update(name="other")
    project.save()
    assert not project.is_dirty
    assert reopened(project).record.name == "other"


def test_undo_reaches_every_kind_of_edit(project):
    clicked(project)
    assert project.set_predictions([predicted("blobs_0.png")]) == 0
    project.edit(project.annotations.accept("blobs_0.png", "tip"))
    project.edit(project.annotations.rename_landmark("tip", "end"))
    project.edit(project.annotations.delete_landmark("end"))
    seen = []
    while project.history.can_undo:
        project.history.undo()
        seen.append((project.annotations.names, len(project.annotations.points("blobs_0.png"))))
    assert seen == [
        (("end",), 1),
        (("tip",), 1),
        (("tip",), 1),
        (("tip",), 0),
        ((), 0),
    ]


def test_predictions_say_how_many_of_them_changed(project):
    names = [row.name for row in project.rows]
    project.set_predictions([predicted(name, y=5) for name in names])
    assert project.set_predictions([predicted(name, y=5 + i) for i, name in enumerate(names)]) == 4


def test_the_list_follows_the_projects_own_threshold(project):
    project.set_predictions([predicted(IMAGE, confidence=0.6)])
    assert project.rows.named(IMAGE).status is Status.PREDICTED
    project.update(review_below=0.7)
    assert project.rows.named(IMAGE).status is Status.NEEDS_REVIEW


def test_a_second_window_reads_but_does_not_save(project):
    second = clicked(open_project(project.folder))
    assert second.annotations.human_points()
    with pytest.raises(BadInput, match="is open in another window"):
        second.save()
    project.close()
    with pytest.raises(BadInput, match="was open in another window meanwhile"):
        second.save()
    assert second.is_dirty
    assert not (project.folder / "landmarks.csv").exists()


def test_a_project_can_be_taken_over_and_the_window_before_no_longer_saves(project):
    clicked(open_project(project.folder, take_over=True)).save()
    with pytest.raises(BadInput, match="is open in another window"):
        clicked(project).save()


def test_a_full_disk_is_told_and_nothing_is_lost(project, monkeypatch):
    clicked(project).save()
    before = (project.folder / "landmarks.csv").read_text()
    project.edit(project.annotations.place(IMAGE, "tip", 9, 9))

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(project_landmarks, "as_cell", refuse)
        with pytest.raises(BadInput, match=r"could not be saved \(No space left.*kept in memory"):
            project.save()
    assert (project.folder / "landmarks.csv").read_text() == before
    assert project.is_dirty
    project.save()
    assert reopened(project).annotations.points(IMAGE)[0].y == 9


def test_saving_writes_only_what_has_changed(project):
    clicked(project).save()
    times = [(project.folder / name).stat().st_mtime_ns for name in ("project.json",)]
    project.edit(project.annotations.place(IMAGE, "tip", 8, 8))
    project.save()
    assert times == [(project.folder / "project.json").stat().st_mtime_ns]
