"""``export`` and ``import`` in the terminal."""

import json

import pytest

from napari_localcl.cli.entry import run
from napari_localcl.data.annotations import read_landmarks

TEXT = (
    "image,landmark,y,x,confidence,source\n"
    "blobs_0.png,tip,10,20.5,,human\nblobs_1.png,tip,30,40,0.75,machine:r1\n"
)


@pytest.fixture
def landmarks(tmp_path):
    (tmp_path / "points.csv").write_text(TEXT)
    return tmp_path / "points.csv"


@pytest.mark.parametrize(
    ("name", "out"),
    [("csv", "out.csv"), ("slicer", "out"), ("coco", "out.json"), ("deeplabcut", "out.csv")],
)
def test_what_was_exported_is_imported_again(pictures, landmarks, tmp_path, capsys, name, out):
    out, back = str(tmp_path / out), tmp_path / "back.csv"
    more = ["--landmarks", str(landmarks), "--format", name, "--out", out]
    assert run(["export", str(pictures), *more]) == 0
    assert capsys.readouterr().out == f"exported 2 landmarks of 2 images: {out}\n"
    assert run(["import", str(pictures), out, "--out", str(back)]) == 0
    assert capsys.readouterr().out == f"imported 2 landmarks of 2 images: {back}\n"
    assert back.read_text() == TEXT


def test_several_files_are_imported_into_one(pictures, tmp_path):
    for index in range(3):
        point = {"label": "tip", "position": [2, index, 0]}
        text = json.dumps({"markups": [{"type": "Fiducial", "controlPoints": [point]}]})
        (tmp_path / f"blobs_{index}.mrk.json").write_text(text)
    files = [str(path) for path in sorted(tmp_path.glob("*.mrk.json"))]
    assert run(["import", str(pictures), *files, "--out", str(tmp_path / "all.csv")]) == 0
    assert [row.y for row in read_landmarks(tmp_path / "all.csv")] == [0, 1, 2]


def test_an_unknown_format_or_image_is_one_sentence(pictures, landmarks, tmp_path, capsys):
    more = ["--landmarks", str(landmarks), "--out", str(tmp_path / "out")]
    assert run(["export", str(pictures), *more, "--format", "vott"]) == 2
    assert "choose one of csv, slicer, coco, deeplabcut" in capsys.readouterr().err
    landmarks.write_text(TEXT.replace("blobs_1", "blob_1"))
    assert run(["export", str(pictures), *more, "--format", "coco"]) == 2
    error = capsys.readouterr().err
    assert "no image named 'blob_1.png'" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_predictions_can_be_left_out(pictures, landmarks, tmp_path, capsys):
    out = str(tmp_path / "out.csv")
    more = ["--landmarks", str(landmarks), "--format", "csv", "--out", out]
    assert run(["export", str(pictures), *more, "--without-predictions"]) == 0
    assert capsys.readouterr().out == f"exported 1 landmarks of 1 images: {out}\n"
