"""Pre-training by ACE, as a task: resumed, ended early, refused, and used."""

import pytest
import torch
from draining import finish
from small_ace import SMALL_ACE

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.tasks.atlas import open_atlas
from napari_localcl.tasks.landmarks import predict
from napari_localcl.tasks.pretraining import load_encoder, pretrain
from napari_localcl.tasks.suggestions import rank_templates
from napari_localcl.training.budget import Budget
from napari_localcl.training.run import RunFolder


def begin(images, run, steps=6, **given):
    settings = {**SMALL_ACE, **given.pop("settings", {})}
    budget = Budget(steps=steps)
    return pretrain(
        images, run, budget=budget, method="ace", settings=settings, device="cpu", **given
    )


@pytest.fixture(scope="module")
def run(pictures, tmp_path_factory):
    return finish(begin(pictures, tmp_path_factory.mktemp("runs") / "run"))[1]


def weights_of(path):
    return RunFolder.open(path).load_weights()


def test_a_run_left_in_training_resumes_to_bitwise_the_same_weights(run, pictures, tmp_path):
    left = begin(pictures, tmp_path / "left")
    steps = (news for news in left if news.event == "step")
    next(steps)
    left.close()
    finish(pretrain(pictures, tmp_path / "left", method="ace", device="cpu", resume=True))
    one, two = weights_of(run.path), weights_of(tmp_path / "left")
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert one["centre"].abs().sum() > 0


def test_ended_early_it_keeps_the_model(pictures, tmp_path):
    asked = iter([False, False, True])
    stop = lambda: next(asked, True)  # noqa: E731
    _, kept = finish(begin(pictures, tmp_path / "run", steps=1000, stop=stop))
    assert (kept.record.status, kept.record.stopped_early) == ("finished", True)
    assert weights_of(kept.path)


def test_its_encoder_embeds_images_of_any_size_and_all_of_each(run):
    encoder, record = load_encoder(run.path)
    assert not encoder.training
    with torch.inference_mode():
        for size in ((64, 64), (96, 160)):
            images = torch.rand(2, record.channels, *size)
            assert encoder.embed(images)[8].shape == (2, 64, size[0] // 8, size[1] // 8)
            assert encoder.embed_whole(images).shape == (2, 64)


@pytest.mark.parametrize(("backbone", "cell"), [("convolutional", 8), ("transformer", 32)])
def test_landmarks_are_found_and_templates_ranked_with_one_stride_only(
    pictures, tmp_path, backbone, cell
):
    given = {"backbone": backbone, "cell": cell, "sides": "learned", "image_size": 192}
    _, run = finish(begin(pictures, tmp_path / "run", 2, settings=given))
    _, atlas = finish(open_atlas(pictures, run.path, device="cpu"))
    click = [Landmark("blobs_0.png", "spot", 30.0, 20.0)]
    _, found = finish(predict(atlas, click))
    assert {mark.image for mark in found} == {f"blobs_{index}.png" for index in range(6)}
    assert all(0 <= mark.y < 80 and 0 <= mark.x < 64 for mark in found)
    _, ranking = finish(rank_templates(atlas))
    assert len(ranking) == 6


def test_images_too_small_for_its_crops_are_refused_in_a_sentence(pictures, tmp_path):
    with pytest.raises(BadInput, match="raise image_size"):
        finish(begin(pictures, tmp_path / "run", settings={"scale": 4}))
    assert RunFolder.open(tmp_path / "run").record.status == "failed"
