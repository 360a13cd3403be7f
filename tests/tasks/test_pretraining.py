"""Pre-training, with LD at its smallest."""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from small import SMALL_LD

from napari_localcl.data.errors import BadInput
from napari_localcl.tasks.pretraining import load_encoder, pretrain
from napari_localcl.training.budget import Budget
from napari_localcl.training.run import RunFolder


def go(images, run, steps=6, **given):
    """Pre-train; return what was said, with the run as the last item."""
    given.setdefault("settings", SMALL_LD)
    budget = Budget(steps=steps) if steps else None
    work = pretrain(images, run, budget=budget, device="cpu", **given)
    said = []
    while True:
        try:
            said.append(next(work))
        except StopIteration as end:
            return [*said, end.value]


@pytest.fixture(scope="module")
def run(pictures, tmp_path_factory):
    return go(pictures, tmp_path_factory.mktemp("runs") / "run")[-1]


def weights_equal(first, second):
    one, two = (RunFolder.open(path).load_weights() for path in (first, second))
    return all(torch.equal(one[name], two[name]) for name in one.keys() | two.keys())


def test_the_record_says_what_was_done(run, pictures):
    record = run.record
    assert (record.status, record.method, record.verb) == ("finished", "ld", "pretrain")
    assert (record.canvas, record.channels, record.steps) == ((64, 64), 1, 6)
    assert [image.name for image in record.images] == [f"blobs_{i}.png" for i in range(6)]
    assert all(len(image.hash) == 64 for image in record.images)
    assert record.settings["points"]["count"] == 8


def test_the_encoder_of_a_run_embeds_images_at_its_strides(run):
    encoder, record = load_encoder(run.path)
    maps = encoder.embed(torch.rand(2, record.channels, *record.canvas))
    for stride, values in maps.items():
        assert values.shape == (2, 8, 64 // stride, 64 // stride)
    assert not encoder.training


def test_reading_the_images_is_said_first(pictures, tmp_path):
    said = go(pictures, tmp_path / "run", steps=3)
    assert said[0].event == "cache"
    assert [news.event for news in said[:-1]].index("start") > 1


def test_a_run_left_anywhere_resumes_to_the_same_weights(run, pictures, tmp_path):
    for name, event in (("entering", "mine"), ("training", "step")):
        left = pretrain(
            pictures, tmp_path / name, budget=Budget(steps=6), settings=SMALL_LD, device="cpu"
        )
        next(news for news in left if news.event == event)
        left.close()
        said = go(pictures, tmp_path / name, steps=None, settings=None, resume=True)
        assert said[-1].record.status == "finished"
        assert weights_equal(tmp_path / name, run.path)


def test_resume_begins_a_run_that_is_not_there(pictures, tmp_path, run):
    go(pictures, tmp_path / "run", resume=True)
    assert weights_equal(tmp_path / "run", run.path)


def test_a_resumed_run_keeps_its_settings_and_images(pictures, tmp_path):
    images = shutil.copytree(pictures, tmp_path / "images")
    left = pretrain(images, tmp_path / "run", budget=Budget(steps=6), settings=SMALL_LD)
    next(news for news in left if news.event == "start")
    left.close()
    with pytest.raises(BadInput, match="leave them out"):
        go(images, tmp_path / "run", resume=True, settings={"width": 8})
    with pytest.raises(BadInput, match="leave them out"):
        go(images, tmp_path / "run", resume=True, settings=None, seed=5)
    (images / "blobs_3.png").unlink()
    with pytest.raises(BadInput, match=r"first difference: blobs_3\.png"):
        go(images, tmp_path / "run", resume=True, settings=None)


def test_a_run_may_begin_with_the_weights_of_another(run, pictures, tmp_path):
    said = go(pictures, tmp_path / "same", steps=1, start_from=run.path)
    note = next(news.message for news in said[:-1] if news.event == "note")
    assert "took" in note
    assert "begun afresh" not in note
    assert said[-1].record.started_from == str(run.path)
    other = {**SMALL_LD, "clusters": 5}
    said = go(pictures, tmp_path / "other", steps=1, start_from=run.path, settings=other)
    assert any("begun afresh: network" in news.message for news in said[:-1])


def test_nothing_is_begun_without_usable_images(tmp_path):
    (tmp_path / "images").mkdir()
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(tmp_path / "images" / "black.png")
    with pytest.raises(BadInput, match="constant"):
        go(tmp_path / "images", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_skipped_images_are_in_the_record(pictures, tmp_path):
    images = shutil.copytree(pictures, tmp_path / "images")
    (images / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    record = go(images, tmp_path / "run", steps=1)[-1].record
    assert [skipped.name for skipped in record.skipped] == ["broken.png"]
    assert record.skipped[0].reason


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"method": "lb"}, "no method 'lb': choose ace or action or ld"),
        ({"preset": "tiny"}, "no preset 'tiny': choose small or faithful"),
        ({"steps": None}, "give --minutes or --steps"),
        ({"settings": {"width": 1}}, "width=1 must be"),
        ({"start_from": "nowhere"}, "nowhere holds no run"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_written(
    pictures, tmp_path, given, sentence
):
    with pytest.raises(BadInput, match=sentence):
        go(pictures, tmp_path / "run", **given)
    assert not (tmp_path / "run").exists()


def test_weights_of_another_network_are_bad_input(run, tmp_path):
    copy = RunFolder(shutil.copytree(run.path, tmp_path / "copy"))
    copy.save_weights({"foreign": torch.zeros(1)})
    with pytest.raises(BadInput, match="does not fit this network"):
        load_encoder(copy.path)
