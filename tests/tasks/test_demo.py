"""The demo, with next to no training."""

import json

import pytest
from PIL import Image
from small import SMALL_LD

from napari_localcl.data.annotations import read_landmarks
from napari_localcl.tasks.demo import run_demo
from napari_localcl.training.budget import Budget


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo")
    work = run_demo(out, budget=Budget(steps=2), settings=SMALL_LD, device="cpu")
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_every_point_of_every_other_image_is_found_and_compared_with_the_truth(result):
    assert (result.sample, result.images) == ("skeleton", 39)
    assert (result.found.count, result.found.missing) == (39 * 17, 0)
    assert result.copied.pixels.mean > 20, "copying fails on this set"
    rows = read_landmarks(result.folder / "landmarks.csv")
    assert len(rows) == 39 * 17
    assert result.template not in {row.image for row in rows}
    assert {row.image for row in read_landmarks(result.folder / "template.csv")} == {
        result.template
    }


def test_pictures_and_report_are_written(result):
    assert len(list((result.folder / "figures").iterdir())) == 39
    with Image.open(result.folder / "overview.png") as overview:
        assert overview.width == 4 * 256
    report = json.loads((result.folder / "report.json").read_text())
    assert report["found"]["pixels"]["mean"] == result.found.pixels.mean


def test_the_text_says_where_to_look_and_how_copying_fares(result):
    assert "copied from template" in result.text
    assert str(result.folder) in result.text


def test_an_earlier_demo_is_kept(result):
    work = run_demo(result.folder, budget=Budget(steps=1), settings=SMALL_LD, device="cpu")
    next(news for news in work if news.event == "start")
    work.close()
    assert {path.name for path in result.folder.glob("run*")} == {"run", "run-2"}
