from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from draining import finish
from PIL import Image
from projects import new_project

from napari_localcl.data.relocation import relocate

if TYPE_CHECKING:
    from pathlib import Path


def draw(path: Path, seed: int, size: tuple[int, int] = (20, 30)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, size, np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    for seed, name in enumerate(("a.png", "b.png", "sub/a.png")):
        draw(tmp_path / "old" / name, seed)
    return tmp_path / "old"


@pytest.fixture
def project(tmp_path: Path, old: Path):
    return new_project(tmp_path / "project", old)


def look(project, folder: Path):
    return finish(relocate(project.record.images, folder))[1]


def test_a_folder_that_was_moved_as_a_whole_is_found_by_paths(tmp_path: Path, project, old: Path):
    old.rename(tmp_path / "new")
    assert project.missing() == ("a.png", "b.png", "sub/a.png")
    found = look(project, tmp_path / "new")
    assert (found.changed, found.missing) == ((), ())
    project.apply(found)
    assert project.missing() == ()
    assert project.input == (tmp_path / "new",)
    assert project.listing.named("sub/a.png").path == tmp_path / "new" / "sub" / "a.png"


def test_images_in_other_subfolders_are_found_by_name_and_content(tmp_path: Path, project, old):
    project.edit(project.annotations.add_landmark("tip").place("b.png", "tip", 3, 4))
    (tmp_path / "new" / "deep").mkdir(parents=True)
    old.rename(tmp_path / "new" / "deep" / "all")
    project.apply(look(project, tmp_path / "new"))
    assert [row.name for row in project.rows] == [
        "deep/all/a.png",
        "deep/all/b.png",
        "deep/all/sub/a.png",
    ]
    (point,) = project.annotations.human_points()
    assert (point.image, point.y) == ("deep/all/b.png", 3)
    assert not project.history.can_undo


def test_what_is_still_missing_is_told_and_keeps_its_name(tmp_path: Path, project, old: Path):
    (old / "b.png").unlink()
    draw(old / "c.png", 9)
    found = look(project, old)
    assert found.missing == ("b.png",)
    project.apply(found)
    assert [row.name for row in project.rows] == ["a.png", "b.png", "sub/a.png"]
    assert project.missing() == ("b.png",)


def test_other_images_of_the_same_names_are_told(tmp_path: Path, project):
    for seed, name in enumerate(("a.png", "b.png", "sub/a.png"), start=5):
        draw(tmp_path / "foreign" / name, seed)
    assert look(project, tmp_path / "foreign").changed == ("a.png", "b.png", "sub/a.png")


def test_an_image_of_another_size_is_not_taken_for_the_same(tmp_path: Path, project, old: Path):
    draw(old / "b.png", 1, size=(21, 30))
    assert look(project, old).missing == ("b.png",)


def test_a_file_in_the_place_of_another_image_gives_it_no_second_name(project, old: Path):
    (old / "a.png").unlink()
    (old / "sub" / "a.png").rename(old / "a.png")
    found = look(project, old)
    assert found.missing == ("sub/a.png",)
    assert found.changed == ("a.png",)


def test_two_copies_of_one_image_are_both_found(tmp_path: Path):
    for part in ("left", "right"):
        draw(tmp_path / "old" / part / "a.png", 0)
    project = new_project(tmp_path / "project", tmp_path / "old")
    (tmp_path / "new").mkdir()
    shutil.move(tmp_path / "old", tmp_path / "new" / "inner")
    found = look(project, tmp_path / "new")
    assert found.missing == ()
    assert len({item.name for item in found.images}) == 2
