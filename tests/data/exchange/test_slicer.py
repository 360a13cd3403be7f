from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import SimpleITK

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange import slicer
from napari_localcl.data.folder import find_images

if TYPE_CHECKING:
    from pathlib import Path

PREDICTED = Landmark("v.nii.gz#2", "tip", 8, 6, confidence=0.1 + 0.2, source="machine:run 1")
ROWS = (
    PREDICTED,
    Landmark("v.nii.gz#4", "tip", 1.25, 7.5, source="human"),
    Landmark("a.png", "Spitze, links", 4.5, 5, confidence=1e-9),
    Landmark("sub/b.png", "tip", 39, 59),
    Landmark("T2#1", "tip", 10, 5),
)


def document(points: list, **markup) -> str:
    markup = {"type": "Fiducial", "coordinateSystem": "LPS", "controlPoints": points, **markup}
    return json.dumps({"@schema": "markups-schema-v1.0.3", "markups": [markup]})


def saved(path: Path, *args, **markup) -> Path:
    path.write_text(document(*args, **markup))
    return path


def points(path: Path) -> dict:
    (markup,) = json.loads(path.read_text(encoding="utf-8"))["markups"]
    return {point["label"]: point["position"] for point in markup["controlPoints"]}


def test_each_image_and_each_volume_has_a_file(tmp_path: Path, listing):
    slicer.write(tmp_path / "out", ROWS, listing)
    found = sorted(
        path.relative_to(tmp_path / "out").as_posix() for path in tmp_path.rglob("*.js*")
    )
    expected = ["T2", "a.png", "sub/b.png", "v.nii.gz"]
    assert found == [f"{item}.mrk.json" for item in expected]


def test_a_point_in_a_slice_gets_its_millimetres(tmp_path: Path, listing):
    slicer.write(tmp_path, [PREDICTED, ROWS[4]], listing)
    # 10 + 8 rows of 0.75; -20 + 6 columns of 0.5; 30 - 2 slices of 3.
    assert points(tmp_path / "v.nii.gz.mrk.json")["tip"] == pytest.approx((16.0, -17.0, 24.0))
    # -5 + 5 columns of 0.6; 100 + 1 slice of 2.5; 7 - 10 rows of 0.8.
    assert points(tmp_path / "T2.mrk.json")["tip"] == pytest.approx((-2.0, 102.5, -1.0))


def test_itk_finds_the_voxel_at_the_millimetres(tmp_path: Path, listing):
    slicer.write(tmp_path, [PREDICTED], listing)
    place = points(tmp_path / "v.nii.gz.mrk.json")["tip"]
    image = SimpleITK.ReadImage(str(listing.root / "v.nii.gz"))
    assert image.TransformPhysicalPointToIndex(place) == (6, 8, 2)


def test_a_picture_without_geometry_counts_pixels_as_millimetres(tmp_path: Path, listing):
    slicer.write(tmp_path, [ROWS[2]], listing)
    assert points(tmp_path / "a.png.mrk.json") == {"Spitze, links": [5.0, 4.5, 0.0]}


def test_the_file_says_what_slicer_asks_for(tmp_path: Path, listing):
    slicer.write(tmp_path, [PREDICTED], listing)
    written = json.loads((tmp_path / "v.nii.gz.mrk.json").read_text())
    (markup,) = written["markups"]
    (point,) = markup.pop("controlPoints")
    assert "markups-schema-v1.0.3.json" in written["@schema"]
    assert markup == {"type": "Fiducial", "coordinateSystem": "LPS", "coordinateUnits": "mm"}
    assert point["description"] == "confidence=0.30000000000000004, source=machine:run 1"
    assert (point["id"], point["positionStatus"]) == ("1", "defined")


def test_all_comes_back_with_slice_confidence_and_source(tmp_path: Path, listing):
    slicer.write(tmp_path, ROWS, listing)
    items = ["v.nii.gz", "a.png", "sub/b.png", "T2"]
    found = [row for one in items for row in slicer.read(tmp_path / f"{one}.mrk.json", listing)]
    assert tuple(found) == ROWS


def test_a_file_in_ras_is_turned(tmp_path: Path, listing):
    point = {"label": "tip", "position": [-16.0, 17.0, 24.0]}
    path = saved(tmp_path / "v.mrk.json", [point], coordinateSystem="RAS")
    assert slicer.read(path, listing) == (Landmark("v.nii.gz#2", "tip", 8, 6),)


@pytest.mark.parametrize("units", ["um", ["um", "UCUM", "micrometer"]])
def test_micrometres_are_understood(tmp_path: Path, listing, units):
    point = {"label": "tip", "position": [5000, 4000, 0]}
    path = saved(tmp_path / "a.mrk.json", [point], coordinateUnits=units)
    assert slicer.read(path, listing) == (Landmark("a.png", "tip", 4, 5),)


def test_a_point_between_slices_goes_to_the_nearer_one(tmp_path: Path, listing):
    path = saved(tmp_path / "v.mrk.json", [{"label": "tip", "position": [16.0, -17.0, 25.6]}])
    assert slicer.read(path, listing) == (Landmark("v.nii.gz#1", "tip", 8, 6),)


def test_points_never_placed_other_markups_and_remarks_are_left_out(tmp_path: Path, listing):
    path = tmp_path / "a.mrk.json"
    placed = {"label": "tip", "position": [5, 4, 0], "description": "confidence=high? see notes"}
    unplaced = [
        {"label": "b", "position": [0, 0, 0], "positionStatus": "undefined"},
        {"label": "c", "positionStatus": "defined"},
    ]
    written = json.loads(document([placed, *unplaced]))
    written["markups"].insert(0, {"type": "ROI", "controlPoints": [placed]})
    path.write_text(json.dumps(written))
    assert slicer.read(path, listing) == (Landmark("a.png", "tip", 4, 5),)


@pytest.mark.parametrize("name", ["v.nii.gz.mrk.json", "v.mrk.json"])
def test_the_files_name_tells_the_image(tmp_path: Path, listing, name):
    path = saved(tmp_path / name, [{"label": "tip", "position": [10, -20, 30]}])
    assert slicer.read(path, listing)[0].image == "v.nii.gz#0"


def test_with_a_single_image_the_name_does_not_matter(tmp_path: Path, listing):
    path = saved(tmp_path / "F.mrk.json", [{"label": "tip", "position": [5, 4, 0]}])
    assert slicer.read(path, find_images(listing.root / "a.png"))[0].image == "a.png"
    with pytest.raises(BadInput, match=r"F.mrk.json is not named after an image: .* named 'F'"):
        slicer.read(path, listing)


@pytest.mark.parametrize(
    ("markup", "message"),
    [
        ({"coordinateSystem": "IJK"}, "in the frame 'IJK'; save them in LPS or RAS"),
        ({"coordinateUnits": "in"}, r"in 'in'; save them in millimetres \(mm\)"),
        ({"type": "Curve"}, r"holds no point list \(type Fiducial\)"),
        ({"controlPoints": [{"label": "a", "position": [1, 2]}]}, "controlPoints.0.position"),
    ],
)
def test_a_mistake_is_told_in_one_sentence_with_the_file(tmp_path: Path, listing, markup, message):
    path = saved(tmp_path / "v.mrk.json", [{"label": "tip", "position": [10, -20, 30]}], **markup)
    with pytest.raises(BadInput, match=message) as caught:
        slicer.read(path, listing)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_point_of_another_patient_is_told(tmp_path: Path, listing):
    path = saved(tmp_path / "v.mrk.json", [{"label": "tip", "position": [10, -20, 80]}])
    with pytest.raises(
        BadInput, match=r"'tip' lies 50\.0 mm away from the nearest slice of v\.nii"
    ):
        slicer.read(path, listing)


def test_an_unknown_image_is_told_before_anything_is_written(tmp_path: Path, listing):
    with pytest.raises(BadInput, match=r"no image named 'c.png'"):
        slicer.write(tmp_path / "out", [*ROWS, Landmark("c.png", "tip", 1, 2)], listing)
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder(tmp_path: Path, listing):
    with pytest.raises(
        BadInput, match=r"one file per image: give a folder instead of .*p.mrk.json"
    ):
        slicer.write(tmp_path / "p.mrk.json", ROWS, listing)
