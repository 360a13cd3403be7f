from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from draining import finish
from projects import new_project

from napari_localcl.data.errors import BadInput
from napari_localcl.data.project_opening import create_project, open_project

if TYPE_CHECKING:
    from pathlib import Path


def snapshot(folder: Path) -> dict[Path, tuple[int, int]]:
    return {p: (p.stat().st_size, p.stat().st_mtime_ns) for p in [folder, *folder.rglob("*")]}


def test_a_new_project_has_all_parts_and_leaves_the_images_alone(tmp_path: Path, pictures: Path):
    before = snapshot(pictures)
    project = new_project(tmp_path / "deep" / "study", pictures)
    assert sorted(path.name for path in project.folder.iterdir()) == [
        "cache",
        "labels",
        "lock.json",
        "project.json",
        "runs",
    ]
    assert len(project.rows) == 6
    assert project.record.name == "study"
    assert project.rows[0][:2] == ("blobs_0.png", (80, 64))
    assert all(plane.path.is_file() for plane in project.listing.planes)
    assert project.input == (pictures,)
    assert snapshot(pictures) == before


def test_progress_is_said_while_images_are_read(tmp_path: Path, pictures: Path):
    said, _ = finish(create_project(tmp_path / "study", pictures))
    assert [news.step for news in said] == [0, 1, 2, 3, 4, 5, 6]
    assert said[-1].steps == 6


@pytest.mark.parametrize("kind", ["glob", "list", "files", "relative"])
def test_images_may_be_given_in_every_way(tmp_path: Path, pictures: Path, monkeypatch, kind):
    (tmp_path / "list.txt").write_text(f"{pictures}/blobs_3.png\n{pictures}/blobs_4.png\n")
    monkeypatch.chdir(pictures.parent)
    given = {
        "glob": f"{pictures}/blobs_[34].png",
        "list": tmp_path / "list.txt",
        "files": [pictures / "blobs_3.png", pictures / "blobs_4.png"],
        "relative": [f"{pictures.name}/blobs_3.png", f"{pictures.name}/blobs_4.png"],
    }
    project = new_project(tmp_path / "study", given[kind])
    paths = [plane.path for plane in project.listing.planes]
    assert paths == [pictures / "blobs_3.png", pictures / "blobs_4.png"]
    assert project.missing() == ()


def test_files_that_cannot_be_used_are_remembered_with_the_reason(tmp_path: Path, pictures: Path):
    shutil.copytree(pictures, tmp_path / "images")
    (tmp_path / "images" / "broken.png").touch()
    project = new_project(tmp_path / "study", tmp_path / "images")
    project.close()
    (skipped,) = open_project(project.folder).record.skipped
    assert (skipped.name, skipped.reason) == ("broken.png", "is empty (0 bytes)")


def test_images_and_project_moved_together_are_found(tmp_path: Path, pictures: Path):
    shutil.copytree(pictures, tmp_path / "one" / "images")
    new_project(tmp_path / "one" / "study", tmp_path / "one" / "images").close()
    (tmp_path / "one").rename(tmp_path / "two")
    project = open_project(tmp_path / "two" / "study")
    assert project.missing() == ()
    assert project.input == (tmp_path / "two" / "images",)


def test_no_project_is_made_among_the_images(tmp_path: Path, pictures: Path):
    images = shutil.copytree(pictures, tmp_path / "images")
    before = snapshot(images)
    for folder in (images, images / "study", tmp_path / "x" / ".." / "images" / "study"):
        with pytest.raises(BadInput, match="lies in the folder of the images"):
            new_project(folder, images)
    with pytest.raises(BadInput, match="lies in the folder of the images"):
        new_project(images, f"{images}/*.png")
    assert snapshot(images) == before


def test_images_may_lie_inside_the_project(tmp_path: Path, pictures: Path):
    shutil.copytree(pictures, tmp_path / "study" / "images")
    project = new_project(tmp_path / "study", tmp_path / "study" / "images")
    assert project.record.root == "images"


def test_a_project_is_never_made_over_another(tmp_path: Path, pictures: Path):
    new_project(tmp_path / "study", pictures).close()
    with pytest.raises(BadInput, match="holds a project already; open it"):
        new_project(tmp_path / "study", pictures)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, pictures: Path):
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="no project can be made in"):
        new_project(tmp_path / "file" / "study", pictures)


def test_a_project_that_is_damaged_does_not_stay_locked(tmp_path: Path, pictures: Path):
    project = new_project(tmp_path / "study", pictures)
    project.close()
    (project.folder / "landmarks.csv").write_text("nonsense")
    with pytest.raises(BadInput, match="has no column"):
        open_project(project.folder)
    assert not (project.folder / "lock.json").exists()


def test_opening_a_project_needs_neither_torch_nor_a_window():
    code = (
        "import sys, napari_localcl.data.project_opening, napari_localcl.data.autosave, "
        "napari_localcl.data.recent, napari_localcl.tasks.project_runs; "
        "sys.exit(', '.join({'torch', 'qtpy', 'napari'} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
