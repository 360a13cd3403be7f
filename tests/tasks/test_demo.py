"""The demo, with next to no training."""

import json
import shutil

import numpy as np
import pytest
from draining import finish
from PIL import Image
from small import SMALL_LD

from napari_localcl.data.annotations import read_landmarks, write_landmarks
from napari_localcl.data.errors import BadInput
from napari_localcl.data.marks import Kind
from napari_localcl.data.project_opening import open_project
from napari_localcl.data.samples import sample_folder
from napari_localcl.tasks.demo import run_demo
from napari_localcl.training.budget import Budget

COUNT = 14  # images: more than the overview shows


@pytest.fixture(scope="module", autouse=True)
def sample(tmp_path_factory):
    """Let the sample set have its first images alone: what is done with each takes its time."""
    whole, part = sample_folder("skeleton"), tmp_path_factory.mktemp("sample")
    (part / "images").mkdir()
    images = sorted((whole / "images").iterdir())[:COUNT]
    for image in images:
        shutil.copy(image, part / "images")
    names = {image.name for image in images}
    rows = [row for row in read_landmarks(whole / "landmarks.csv") if row.image in names]
    write_landmarks(part / "landmarks.csv", rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("napari_localcl.tasks.demo.sample_folder", lambda _name: part)
        yield


@pytest.fixture(scope="module")
def result(sample, tmp_path_factory):
    out = tmp_path_factory.mktemp("demo")
    return finish(run_demo(out, budget=Budget(steps=2), settings=SMALL_LD, device="cpu"))[1]


def test_every_point_of_every_other_image_is_found_and_compared_with_the_truth(result):
    assert (result.sample, result.images) == ("skeleton", COUNT - 1)
    assert (result.found.count, result.found.missing) == ((COUNT - 1) * 17, 0)
    assert result.copied.pixels.mean > 20, "copying fails on this set"
    rows = read_landmarks(result.folder / "landmarks.csv")
    assert len(rows) == (COUNT - 1) * 17
    assert result.template not in {row.image for row in rows}
    assert {row.image for row in read_landmarks(result.folder / "template.csv")} == {
        result.template
    }


def test_pictures_and_report_are_written(result):
    assert len(list((result.folder / "figures").iterdir())) == COUNT - 1
    with Image.open(result.folder / "overview.png") as overview:
        assert overview.width == 4 * 256
    report = json.loads((result.folder / "report.json").read_text())
    assert report["found"]["pixels"]["mean"] == result.found.pixels.mean


def test_the_text_says_where_to_look_and_how_copying_fares(result):
    assert "copied from template" in result.text
    assert str(result.folder) in result.text


def test_the_project_holds_the_template_and_what_was_found(result):
    project = open_project(result.project)
    kinds = project.annotations.kinds()
    template = project.annotations.images.index(result.template)
    assert (kinds[:, template] == Kind.HUMAN).all()
    assert np.count_nonzero(kinds == Kind.PREDICTED) == (COUNT - 1) * 17
    assert project.record.current_run == "ld-1"
    project.close()


def test_another_demo_keeps_earlier_runs_and_what_people_did(result):
    project = open_project(result.project)
    name = project.annotations.names[0]
    project.edit(project.annotations.place(result.template, name, 7.0, 9.0))
    project.save()
    project.close()
    finish(run_demo(result.folder, budget=Budget(steps=1), settings=SMALL_LD, device="cpu"))
    project = open_project(result.project)
    assert {path.name for path in project.runs.iterdir()} == {"ld-1", "ld-2"}
    (kept,) = [p for p in project.annotations.points(result.template) if p.landmark == name]
    assert (kept.y, kept.x) == (7.0, 9.0)
    project.close()


def test_a_demo_whose_project_a_window_has_open_says_so(result):
    project = open_project(result.project)
    with pytest.raises(BadInput, match="open in another window"):
        finish(run_demo(result.folder, budget=Budget(steps=1), settings=SMALL_LD, device="cpu"))
    project.close()
