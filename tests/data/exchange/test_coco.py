from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pycocotools.coco import COCO

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange import coco

if TYPE_CHECKING:
    from pathlib import Path

ROWS = (
    Landmark("a.png", "tip", 20.5, 10, confidence=0.5, source="machine:r1"),
    Landmark("a.png", "base", 35, 50, confidence=0.9, source="machine:r1"),
    Landmark("v.nii.gz#2", "base", 8, 6, source="human"),
    Landmark("sub/b.png", "tip", 0.1 + 0.2, 59),
)


@pytest.fixture
def path(tmp_path: Path, listing) -> Path:
    coco.write(tmp_path / "points.json", ROWS, listing)
    return tmp_path / "points.json"


def changed(path: Path, change) -> Path:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return path


def test_pycocotools_reads_the_file(path, capsys):
    dataset = COCO(str(path))
    (category,) = dataset.loadCats(dataset.getCatIds())
    assert category["keypoints"] == ["tip", "base"]
    assert [image["file_name"] for image in dataset.loadImgs(dataset.getImgIds())] == [
        "a.png",
        "v.nii.gz#2",
        "sub/b.png",
    ]
    assert dataset.imgs[2]["height"] == 20
    assert dataset.imgs[2]["width"] == 30
    (first,) = dataset.loadAnns(dataset.getAnnIds(imgIds=1))
    (second,) = dataset.loadAnns(dataset.getAnnIds(imgIds=2, areaRng=[0.5, 1.5]))
    assert first["keypoints"] == [10, 20.5, 2, 50, 35, 2]
    assert first["num_keypoints"] == 2
    assert second["keypoints"] == [0, 0, 0, 6, 8, 2]
    assert second["num_keypoints"] == 1
    assert capsys.readouterr().out.startswith("loading annotations")


def test_the_box_covers_the_pixels_that_hold_points(path):
    first, second, _ = json.loads(path.read_text())["annotations"]
    assert first["bbox"] == [10, 20.5, 41, 15.5]
    assert first["area"] == pytest.approx(635.5)
    assert (second["bbox"], second["area"], second["iscrowd"]) == ([6, 8, 1, 1], 1, 0)


def test_confidence_and_source_stand_beside_the_keypoints(path):
    first, second, third = json.loads(path.read_text())["annotations"]
    assert first["score"] == pytest.approx(0.7)
    assert first["keypoint_confidences"] == [0.5, 0.9]
    assert second["keypoint_sources"] == [None, "human"]
    assert "score" not in second
    assert not {"score", "keypoint_confidences", "keypoint_sources"} & third.keys()


def test_all_comes_back(path, listing):
    assert coco.read(path, listing) == ROWS


def test_a_foreign_file_is_read(tmp_path: Path, listing):
    document = {
        "images": [{"id": 7, "file_name": "/data/train/a.png", "width": 60, "height": 40}],
        "categories": [
            {"id": 1, "name": "cat"},
            {"id": 2, "name": "hand", "keypoints": ["wrist", "thumb", "index"]},
        ],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 1, "bbox": [0, 0, 5, 5]},
            {
                "image_id": 7,
                "category_id": 2,
                "keypoints": [1, 2, 1, 3, 4, 0, 5, 6, 2],
                "score": 0.8,
            },
        ],
    }
    path = tmp_path / "foreign.json"
    path.write_text(json.dumps(document))
    assert coco.read(path, listing) == (
        Landmark("a.png", "wrist", 2, 1, confidence=0.8),
        Landmark("a.png", "index", 6, 5, confidence=0.8),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda all_: all_["annotations"][0]["keypoints"].pop(), "5 keypoint values; .* need 6"),
        (lambda all_: all_["annotations"][0].update(keypoint_sources=["x"]), "confidence and sour"),
        (lambda all_: all_["images"][0].update(file_name="c.png"), "no image named 'c.png'"),
        (lambda all_: all_["images"].pop(0), "an annotation of image 1, which it does not list"),
        (lambda all_: all_["categories"].pop(), "of category 1, which it does not list"),
        (lambda all_: all_.pop("categories"), "is not a COCO file: categories: Field required"),
        (lambda all_: all_["annotations"][0].update(keypoints=["x"]), "0.keypoints.0: Input"),
    ],
)
def test_a_mistake_is_told_in_one_sentence_with_the_file(path, listing, change, message):
    changed(path, change)
    with pytest.raises(BadInput, match=message) as caught:
        coco.read(path, listing)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_an_unknown_image_is_told_and_nothing_written(tmp_path: Path, listing):
    with pytest.raises(BadInput, match=r"no image named 'c.png'"):
        coco.write(tmp_path / "p.json", [Landmark("c.png", "tip", 1, 2)], listing)
    assert not (tmp_path / "p.json").exists()
