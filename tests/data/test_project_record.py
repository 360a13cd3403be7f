from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.project_record import (
    ImageItem,
    ProjectRecord,
    images_of,
    located,
    portable,
    read_record,
    require_project,
    write_record,
)
from napari_localcl.data.scan import Header

VOLUME = ImageItem(name="v", files=("v/1", "v/2"), content="0" * 64, header=Header((9, 8), 2))
PICTURE = ImageItem(
    name="a.png", files=("a.png",), content="1" * 64, header=Header((20, 30), 1, 3, (0.5, 0.25))
)
RECORD = ProjectRecord(name="study", input=("../in",), root="../in", images=(VOLUME, PICTURE))


def test_a_record_comes_back_as_written(tmp_path: Path):
    write_record(tmp_path / "project.json", RECORD)
    assert read_record(tmp_path / "project.json") == RECORD


def test_the_file_says_its_version_and_each_images_path_content_and_size(tmp_path: Path):
    write_record(tmp_path / "project.json", RECORD)
    facts = json.loads((tmp_path / "project.json").read_text())
    assert facts["version"] == 1
    assert facts["images"][1]["files"] == ["a.png"]
    assert facts["images"][1]["content"] == "1" * 64
    assert facts["images"][1]["header"]["size"] == [20, 30]


def test_slices_of_a_volume_are_images(tmp_path: Path):
    assert images_of(RECORD.listing(tmp_path)).names == ("v#0", "v#1", "a.png")
    listing = RECORD.listing(tmp_path / "project")
    assert listing.named("v#1").path == (tmp_path / "in/v/1", tmp_path / "in/v/2")
    assert listing.named("a.png").header.spacing == (0.5, 0.25)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 2}', '{"images": [{"header": {"size": [0, 4]}}]}']
)
def test_damage_is_told_with_the_way_back(tmp_path: Path, text):
    path = tmp_path / "project.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"project\.json is damaged.*restore it from a copy"):
        read_record(path)
    write_record(path, RECORD)
    write_record(path, RECORD)
    path.write_text(text)
    with pytest.raises(BadInput, match=r"rename project\.json\.bak to project\.json"):
        read_record(path)


def test_a_header_that_no_image_has_is_damage(tmp_path: Path):
    path = tmp_path / "project.json"
    write_record(path, RECORD)
    path.write_text(path.read_text().replace("20,", "0,"))
    with pytest.raises(BadInput, match="is damaged"):
        read_record(path)


def test_a_folder_without_a_project_is_told(tmp_path: Path):
    with pytest.raises(BadInput, match="holds no project; make a new one"):
        require_project(tmp_path)
    assert not list(tmp_path.iterdir())


def test_paths_move_with_the_project(tmp_path: Path):
    text = portable(tmp_path / "study" / "in", tmp_path / "study" / "project")
    assert text == "../in"
    assert located(text, Path("/elsewhere/project")) == Path("/elsewhere/in").absolute()
