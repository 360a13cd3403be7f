"""``landmarks`` in the terminal."""

import csv
import json

import pytest
from small import SMALL_FLAGS

from napari_localcl.cli.entry import run
from napari_localcl.data.annotations import read_landmarks


@pytest.fixture(scope="module")
def trained(pictures, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    more = ["--steps", "2", "--device", "cpu"]
    assert run(["pretrain", str(pictures), "--run", str(folder), *more, *SMALL_FLAGS]) == 0
    return folder


@pytest.fixture
def call(pictures, trained, tmp_path):
    template = tmp_path / "template.csv"
    template.write_text("image,landmark,y,x\nblobs_0.png,a,20,30\nblobs_0.png,b,50.5,12.25\n")

    def call(*more):
        arguments = [str(part) for part in more]
        return run(["landmarks", str(pictures), "--run", str(trained), *arguments])

    call.template = template
    return call


def test_every_landmark_is_found_in_every_image_with_a_confidence(call, tmp_path, capsys):
    out = tmp_path / "found.csv"
    assert call("--template", call.template, "--out", out) == 0
    rows = read_landmarks(out)
    assert len(rows) == 6 * 2
    machine = [row for row in rows if row.source == "machine:run"]
    assert {row.image for row in machine} == {f"blobs_{index}.png" for index in range(1, 6)}
    assert all(0 <= row.confidence <= 1 for row in machine)
    assert all(-0.5 <= row.y <= 79.5 and -0.5 <= row.x <= 63.5 for row in machine)
    assert "found 12 landmarks in 6 images" in capsys.readouterr().out


def test_figures_are_drawn_when_asked_for(call, tmp_path):
    figures = tmp_path / "figures"
    more = ("--template", call.template, "--out", tmp_path / "found.csv", "--figures", figures)
    assert call(*more, "--set", "detail=1") == 0
    assert len(list(figures.glob("*.png"))) == 6


def test_suggest_ranks_all_images_without_a_template(call, tmp_path, capsys):
    assert call("--suggest", "--out", tmp_path / "ranking.csv", "--events") == 0
    rows = list(csv.DictReader((tmp_path / "ranking.csv").read_text().splitlines()))
    assert len(rows) == 6
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["suggestions"][0]["image"] == rows[0]["image"]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("blobs_9.png,a,1,1", "no image named 'blobs_9.png'"),
        ("blobs_0.png,a,500,1", "lies outside of blobs_0.png"),
        ("blobs_0.png,a,up,1", "where a number is needed"),
    ],
)
def test_a_template_that_does_not_fit_is_one_sentence(call, tmp_path, capsys, row, sentence):
    call.template.write_text(f"image,landmark,y,x\n{row}\n")
    capsys.readouterr()
    assert call("--template", call.template, "--out", tmp_path / "found.csv") == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "found.csv").exists()


def test_without_template_or_suggest_there_is_nothing_to_do(call, capsys):
    capsys.readouterr()
    assert call() == 2
    assert "give --template and --out, or --suggest" in capsys.readouterr().err


def test_predictions_are_no_template(call, tmp_path, capsys):
    call.template.write_text(
        "image,landmark,y,x,confidence,source\nblobs_0.png,a,20,30,0.5,machine:run\n"
    )
    capsys.readouterr()
    assert call("--template", call.template, "--out", tmp_path / "found.csv") == 2
    assert "no landmark in the template" in capsys.readouterr().err
