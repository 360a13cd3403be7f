"""Runs of MoCo and of LRC: resumed, begun from each other, and used by tasks."""

import add_on
import pytest
import torch
from small_ace import SMALL_ACE

from napari_localcl.data.errors import BadInput
from napari_localcl.tasks.pretraining import load_encoder, pretrain
from napari_localcl.training.budget import Budget
from napari_localcl.training.run import RunFolder

RUNS = {
    "moco": ("moco", add_on.SMALL_MOCO),
    "ld": ("ld", add_on.SMALL["ld"]),
    "lrc": ("lrc", add_on.small("moco")),
    "lrc-ld": ("lrc", add_on.small("ld", **{"correspondences_share": 0})),
    "lrc-two": ("lrc", add_on.small("moco", **{"lrc.two_stage": True})),
    "none": ("lrc", add_on.small("none")),
}


def begin(name, pictures, path, steps=4, **given):
    method, settings = RUNS[name]
    budget = Budget(steps=steps)
    return pretrain(
        pictures, path, budget=budget, method=method, settings=settings, device="cpu", **given
    )


@pytest.fixture(scope="module")
def run(pictures, tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("runs"), {}

    def get(name):
        if name not in made:
            list(begin(name, pictures, folder / name))
            made[name] = folder / name
        return made[name]

    return get


def weights(path):
    return RunFolder.open(path).load_weights()


def took(pictures, path, name, start_from):
    said = list(begin(name, pictures, path, steps=1, start_from=start_from))
    return next(news.message for news in said if news.message.startswith("took"))


@pytest.mark.parametrize("name", ["moco", "lrc", "lrc-ld", "lrc-two", "none"])
def test_a_run_left_while_training_resumes_to_the_same_weights(name, run, pictures, tmp_path):
    left = begin(name, pictures, tmp_path / "run")
    next(news for news in left if news.event == "step")
    left.close()
    list(pretrain(pictures, tmp_path / "run", resume=True, device="cpu"))
    one, two = weights(tmp_path / "run"), weights(run(name))
    assert all(torch.equal(one[key], two[key]) for key in one.keys() | two.keys())


@pytest.mark.parametrize("name", ["moco", "lrc", "lrc-ld", "none"])
def test_a_run_gives_its_encoder_to_tasks(name, run):
    encoder, record = load_encoder(run(name))
    assert record.method == RUNS[name][0]
    levels = encoder.embed(torch.rand(1, 1, 64, 64))
    assert tuple(levels) == encoder.strides


def test_a_run_can_be_stopped_early_and_keeps_its_model(pictures, tmp_path):
    work = begin("lrc", pictures, tmp_path / "run", steps=100)
    for news in work:
        if news.event == "step":
            (tmp_path / "run" / "stop").touch()
    assert RunFolder.open(tmp_path / "run").record.stopped_early
    load_encoder(tmp_path / "run")


@pytest.mark.parametrize(
    ("name", "start"), [("lrc", "moco"), ("moco", "lrc"), ("lrc-ld", "ld"), ("ld", "lrc-ld")]
)
def test_an_add_on_and_its_base_take_over_each_others_weights(name, start, run, pictures, tmp_path):
    said = took(pictures, tmp_path / "run", name, run(start))
    afresh = said.partition("begun afresh: ")[2].split(", ")
    expected = {"lrc": {"base", "heads"}, "lrc-ld": {"heads"}}.get(name, {""})
    assert set(afresh) == expected


@pytest.mark.parametrize("start", ["moco", "ld", "lrc-ld", "none"])
def test_regions_alone_begin_with_the_encoder_of_any_run(start, run, pictures, tmp_path):
    left = begin("none", pictures, tmp_path / "run", start_from=run(start))
    next(news for news in left if news.event == "start")
    left.close()
    theirs = {name.removeprefix("base."): value for name, value in weights(run(start)).items()}
    begun = RunFolder.open(tmp_path / "run").load_state().model
    name = "network.backbone.stages.0.0.0.weight"
    assert torch.equal(begun[f"base.{name}"], theirs[name])


def test_regions_alone_learn_on_a_network_of_another_kind(pictures, tmp_path):
    given = {**SMALL_ACE, "backbone": "transformer"}
    budget = Budget(steps=1)
    list(pretrain(pictures, tmp_path / "ace", budget=budget, method="ace", settings=given))
    list(begin("none", pictures, tmp_path / "run", steps=2, start_from=tmp_path / "ace"))
    encoder, record = load_encoder(tmp_path / "run")
    assert encoder.strides == (8,)
    assert record.backbone.method == "ace"
    left = begin("none", pictures, tmp_path / "more", start_from=tmp_path / "run")
    said = [news.message for news in left if news.event == "note"]
    assert any("took" in one and "afresh" not in one for one in said), said


def test_an_unknown_base_is_refused_before_any_work(pictures, tmp_path):
    with pytest.raises(BadInput, match="cannot be added to 'ls'"):
        next(
            pretrain(
                pictures,
                tmp_path / "run",
                budget=Budget(steps=1),
                method="lrc",
                settings={"base": "ls"},
            )
        )
    assert not (tmp_path / "run").exists()
