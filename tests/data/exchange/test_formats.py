from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.formats import FORMATS, find_format, import_landmarks
from napari_localcl.data.folder import find_images

if TYPE_CHECKING:
    from pathlib import Path

ROWS = (
    Landmark("T2#1", "tip", 10, 5, confidence=0.5, source="machine:r1"),
    Landmark("a.png", "tip", 4.5, 5, source="human"),
    Landmark("a.png", "base", 1, 2, source="human"),
    Landmark("v.nii.gz#2", "tip", 8, 6),
)


def saved(path: Path, *labels: str) -> Path:
    points = [{"label": label, "position": [1, 2, 0]} for label in labels]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"markups": [{"type": "Fiducial", "controlPoints": points}]}))
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_what_any_format_writes_is_read_back_whole(tmp_path: Path, listing, name):
    one = find_format(name)
    path = tmp_path / "out" if one.per_image else tmp_path / f"out{one.suffix}"
    one.write(path, ROWS, listing)
    assert set(import_landmarks([path], listing)) == set(ROWS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_failed_write_leaves_the_old_files(tmp_path: Path, listing, name):
    one = find_format(name)
    path = tmp_path / "out" if one.per_image else tmp_path / f"out{one.suffix}"
    one.write(path, ROWS, listing)

    def rows():
        yield Landmark("a.png", "other", 0, 0)
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        one.write(path, rows(), listing)
    assert set(import_landmarks([path], listing)) == set(ROWS)


def test_an_unknown_format_is_told_with_those_there_are():
    with pytest.raises(BadInput, match="no format 'vott'; choose one of csv, slicer, coco, deep"):
        find_format("vott")


def test_files_of_several_formats_are_read_together(tmp_path: Path, listing):
    find_format("coco").write(tmp_path / "p.json", ROWS[:1], listing)
    find_format("deeplabcut").write(tmp_path / "p.csv", ROWS[1:3], listing)
    find_format("slicer").write(tmp_path / "out", ROWS[3:], listing)
    paths = [tmp_path / "p.json", tmp_path / "p.csv", tmp_path / "out"]
    assert import_landmarks(paths, listing) == ROWS


def test_a_point_placed_twice_is_told_with_both_files(tmp_path: Path, listing):
    paths = [saved(tmp_path / side / "a.png.mrk.json", " tip") for side in ("left", "right")]
    with pytest.raises(BadInput, match=r"^.*right.* 'tip' on a.png again \(first in .*left"):
        import_landmarks(paths, listing)


def test_a_point_without_a_name_is_told(tmp_path: Path, listing):
    with pytest.raises(BadInput, match=r"a.mrk.json has a point without a name on a.png"):
        import_landmarks([saved(tmp_path / "a.mrk.json", " ")], listing)


def test_files_without_points_are_told(tmp_path: Path, listing):
    with pytest.raises(BadInput, match=r"a.mrk.json holds no landmarks"):
        import_landmarks([saved(tmp_path / "a.mrk.json")], listing)


def test_an_empty_folder_and_another_kind_of_file_are_told(tmp_path: Path, listing):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match=r"empty holds no .mrk.json files; give the files to import"):
        import_landmarks([tmp_path / "empty"], listing)
    with pytest.raises(
        BadInput, match=r"p.xml is of no format .*\.mrk\.json \(3D Slicer markups\)"
    ):
        import_landmarks([tmp_path / "p.xml"], listing)


@pytest.mark.parametrize("name", FORMATS)
def test_images_that_are_not_listed_can_be_noted_instead_of_refused(tmp_path: Path, listing, name):
    one = find_format(name)
    path = tmp_path / "out" if one.per_image else tmp_path / f"out{one.suffix}"
    one.write(path, ROWS, listing)
    (listing.root / "a.png").unlink()
    fewer = find_images(listing.root)
    with pytest.raises(BadInput, match="named 'a"):
        import_landmarks([path], fewer)
    strangers: set[str] = set()
    rows = import_landmarks([path], fewer, strangers)
    assert {row.image for row in rows} == {"T2#1", "v.nii.gz#2"}
    assert [stranger.endswith("a.png") for stranger in strangers] == [True]


@pytest.mark.parametrize("name", FORMATS)
def test_the_files_that_a_format_will_write_are_known_before(tmp_path: Path, listing, name):
    one, out = find_format(name), tmp_path / "written"
    path = out if one.per_image else out / f"points{one.suffix}"
    files = one.files(path, ROWS, listing)
    one.write(path, ROWS, listing)
    assert set(files) == {file for file in out.rglob("*") if file.is_file()}


def test_a_table_and_a_deeplabcut_file_are_told_apart_by_how_they_begin(tmp_path: Path, listing):
    for name in ("csv", "deeplabcut"):
        find_format(name).write(tmp_path / f"{name}.csv", ROWS, listing)
        assert set(import_landmarks([tmp_path / f"{name}.csv"], listing)) == set(ROWS)
