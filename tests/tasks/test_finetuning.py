"""Classes of pixels from a few labels: learned, resumed, gone on with, segmented."""

import csv
import shutil

import numpy as np
import pytest
import tifffile
import torch
from add_on import SMALL_LOCAL
from draining import finish
from PIL import Image
from small import SMALL_LD
from small_action import SMALL_ACTION, write_discs

from napari_localcl.data.classes import parse_classes
from napari_localcl.data.errors import BadInput
from napari_localcl.data.labels import LabelRules
from napari_localcl.tasks.finetuning import finetune
from napari_localcl.tasks.looking import Looking
from napari_localcl.tasks.mask_evaluation import evaluate_masks
from napari_localcl.tasks.pretraining import load_encoder, pretrain
from napari_localcl.tasks.segmentation import segment
from napari_localcl.training.budget import Budget
from napari_localcl.training.run import RunFolder


@pytest.fixture(scope="module")
def discs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("discs")
    write_discs(folder)
    return folder


def learn(discs, run, steps=6, labels="labels", settings=SMALL_ACTION, **given):
    work = finetune(
        discs / "images",
        run,
        discs / labels if labels else None,
        budget=Budget(steps=steps) if steps else None,
        settings=settings,
        device="cpu",
        **given,
    )
    return finish(work)


@pytest.fixture(scope="module")
def run(discs, tmp_path_factory):
    """A run of the recipe 'action'."""
    rules = LabelRules(parse_classes("1=rim,2=core"))
    return learn(discs, tmp_path_factory.mktemp("runs") / "run", 9, rules=rules)[1]


def test_the_record_says_what_was_learned_from(run):
    record = run.record
    assert (record.verb, record.method, record.preset) == ("finetune", "action", "action")
    assert [(one.value, one.name) for one in record.labels.classes] == [(1, "rim"), (2, "core")]
    assert record.labels.images == ("disc_0.png", "disc_1.png")
    assert record.backbone is None
    stages = {row["stage"] for row in csv.DictReader(run.metrics.read_text().splitlines())}
    assert stages == {"global", "local", "anatomical"}


@pytest.mark.parametrize("stage", ["global", "local", "anatomical"])
def test_a_run_left_anywhere_resumes_to_the_same_weights(run, discs, tmp_path, stage):
    work = finetune(
        discs / "images",
        tmp_path / "run",
        discs / "labels",
        budget=Budget(steps=9),
        rules=LabelRules(parse_classes("1=rim,2=core")),
        settings=SMALL_ACTION,
        device="cpu",
    )
    next(news for news in work if (news.event, news.stage) == ("step", stage))
    work.close()
    _, resumed = learn(discs, tmp_path / "run", 0, labels=None, settings=None, resume=True)
    weights, wanted = resumed.load_weights(), run.load_weights()
    assert weights.keys() == wanted.keys()
    assert all(torch.equal(weights[name], wanted[name]) for name in wanted)


def test_a_run_is_not_resumed_with_other_labels(discs, tmp_path):
    shutil.copytree(discs, tmp_path / "discs")
    work = finetune(
        tmp_path / "discs" / "images",
        tmp_path / "run",
        tmp_path / "discs" / "labels",
        budget=Budget(steps=4),
        recipe="supervised",
        settings=SMALL_ACTION,
        device="cpu",
    )
    next(news for news in work if news.event == "step")
    work.close()
    shutil.copy(discs / "truth" / "disc_3.png", tmp_path / "discs" / "labels")
    with pytest.raises(BadInput, match="labels are not those"):
        learn(tmp_path / "discs", tmp_path / "run", 0, labels=None, settings=None, resume=True)


@pytest.mark.slow
def test_discs_are_segmented_from_two_labelled_images(discs, tmp_path):
    given = {**SMALL_ACTION, "width": 8, "labelled": 4, "elastic": 0, "learning_rate": 0.01}
    _, run = learn(discs, tmp_path / "run", 60, settings=given, recipe="supervised")
    rows = list(csv.DictReader(run.metrics.read_text().splitlines()))
    dice = [float(row["value"]) for row in rows if row["term"] == "dice"]
    assert np.mean(dice[-5:]) < np.mean(dice[:5]) / 2
    finish(segment(discs / "images", run.path, tmp_path / "out", device="cpu"))
    found = finish(evaluate_masks(tmp_path / "out", discs / "truth"))[1]
    assert [one.name for one in found.structures] == ["label 1", "label 2"]
    assert all(one.dice.mean > 0.75 for one in found.structures)


@pytest.fixture(scope="module")
def ld(discs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ld") / "run"
    given = {**SMALL_LD, "correspondences_share": 0.0}
    work = pretrain(discs / "images", folder, budget=Budget(steps=2), settings=given, device="cpu")
    return finish(work)[1]


def test_the_network_of_any_run_is_gone_on_with(discs, ld, tmp_path):
    given = {name: value for name, value in SMALL_ACTION.items() if name != "image_size"}
    said, first = learn(
        discs, tmp_path / "run", 3, settings=given, recipe="weak-to-strong", start_from=ld.path
    )
    record = first.record
    assert record.backbone.method == "ld"
    assert record.settings["image_size"] == 64
    assert record.settings["local_contrast"], "as it was learned"
    assert any(f"built on the network of {ld.path}" in news.message for news in said)
    shutil.rmtree(ld.path / "state", ignore_errors=True)
    assert load_encoder(first.path)[0].strides == load_encoder(ld.path)[0].strides
    # And on: a run of the same system is taken over with its head.
    said, second = learn(
        discs,
        tmp_path / "second",
        2,
        settings=given,
        recipe="weak-to-strong",
        start_from=first.path,
    )
    assert second.record.backbone == record.backbone
    taken = next(news.message for news in said if news.message.startswith("took"))
    assert "begun afresh" not in taken
    finish(segment(discs / "images", second.path, tmp_path / "out", device="cpu"))


def test_regions_are_learned_on_the_network_of_a_segmenter(discs, run, tmp_path):
    work = pretrain(
        discs / "images",
        tmp_path / "regions",
        budget=Budget(steps=2),
        method="lrc",
        preset="none",
        settings=SMALL_LOCAL,
        device="cpu",
        start_from=run.path,
    )
    next(news for news in work if news.event == "start")
    begun = RunFolder.open(tmp_path / "regions").load_state().model
    theirs, _ = load_encoder(run.path)
    for name, value in theirs.state_dict().items():
        assert torch.equal(begun[f"base.network.{name}"], value)
    finish(work)
    encoder, record = load_encoder(tmp_path / "regions")
    assert type(encoder) is type(theirs)
    assert record.backbone.method == "action"
    assert record.settings["image_size"] == run.record.settings["image_size"]
    again = learn(discs, tmp_path / "again", 3, start_from=tmp_path / "regions")[1]
    assert again.record.backbone == record.backbone


def test_an_earlier_runs_weights_are_where_the_training_begins(discs, ld, tmp_path):
    work = finetune(
        discs / "images",
        tmp_path / "run",
        discs / "labels",
        budget=Budget(steps=2),
        recipe="supervised",
        settings={**SMALL_ACTION, "learning_rate": 1e-12},
        start_from=ld.path,
        device="cpu",
    )
    _, run = finish(work)
    weights, before = run.load_weights(), ld.load_weights()
    for name in ("backbone.stages.0.0.0.weight", "decoder.fuse.0.0.0.weight"):
        now = weights[f"student.backbone.{name}"]
        assert torch.allclose(now, before[f"network.{name}"], atol=1e-6)


def test_pre_training_without_labels_is_the_first_stage_alone(discs, tmp_path):
    given = dict(SMALL_ACTION)
    work = pretrain(
        discs / "images",
        tmp_path / "pre",
        method="action",
        budget=Budget(steps=2),
        settings=given,
        device="cpu",
    )
    finish(work)
    given.pop("width")
    said, run = learn(
        discs,
        tmp_path / "run",
        2,
        settings=given,
        recipe="supervised",
        start_from=tmp_path / "pre",
    )
    assert run.record.settings["width"] == 4
    taken = next(news.message for news in said if news.message.startswith("took"))
    assert "backbone" not in taken.split("afresh")[-1]


def test_masks_have_the_values_of_the_labels_and_a_figure_for_each_class(discs, run, tmp_path):
    _, found = finish(segment(discs / "images", run.path, tmp_path / "out", device="cpu"))
    assert set(found.shown) == {"rim", "core"}
    with (tmp_path / "out" / "masks.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[4:] == ["confidence rim", "area rim", "confidence core", "area core"]
    for row in rows:
        mask = np.asarray(Image.open(tmp_path / "out" / row["mask"]))
        assert set(np.unique(mask)) <= {0, 1, 2}
        assert int(float(row["area rim"])) == (mask == 1).sum()
        assert int(float(row["area"])) == (mask > 0).sum()
    assert (tmp_path / "out" / "classes.csv").read_text() == "value,name\n1,rim\n2,core\n"


def test_what_was_segmented_can_be_learned_from(discs, run, tmp_path):
    finish(segment(discs / "images", run.path, tmp_path / "out", device="cpu"))
    rules = LabelRules(parse_classes("1=rim,2=core"))
    shown = {v for p in (tmp_path / "out").glob("*.png") for v in np.unique(Image.open(p))}
    if shown >= {1, 2}:
        work = finetune(
            discs / "images",
            tmp_path / "run",
            tmp_path / "out",
            budget=Budget(steps=1),
            recipe="supervised",
            rules=rules,
            settings=SMALL_ACTION,
            device="cpu",
        )
        assert finish(work)[1].record.labels.classes[0].name == "rim"


def test_mirror_images_and_windows_are_looked_at_too(discs, run, tmp_path):
    looks = {"once": Looking(), "flips": Looking(flips=True), "large": Looking(magnification=2)}
    doubt = {}
    for name, looking in looks.items():
        finish(segment(discs / "images", run.path, tmp_path / name, device="cpu", looking=looking))
        doubt[name] = np.asarray(Image.open(tmp_path / name / "uncertainty" / "disc_0.png"))
    assert doubt["flips"].shape == doubt["large"].shape == (72, 72)
    assert not np.array_equal(doubt["once"], doubt["flips"])
    assert not np.array_equal(doubt["once"], doubt["large"])


def test_volumes_are_learned_from_slices_and_written_back_whole(tmp_path):
    chance = np.random.default_rng(0)
    for kind in ("images", "labels"):
        (tmp_path / kind).mkdir()
    for index in range(2):
        volume = chance.integers(0, 90, (3, 64, 64)).astype(np.uint8)
        volume[1, 20:40, 20:40] += 120
        tifffile.imwrite(
            tmp_path / "images" / f"v{index}.tif",
            volume,
            metadata={"axes": "ZYX"},
            photometric="minisblack",
        )
    mask = np.zeros((3, 64, 64), np.uint8)
    mask[1, 20:40, 20:40] = 300 // 100
    tifffile.imwrite(
        tmp_path / "labels" / "v0.tif", mask, metadata={"axes": "ZYX"}, photometric="minisblack"
    )
    run = learn(tmp_path, tmp_path / "run", 2, recipe="weak-to-strong")[1]
    assert run.record.labels.images == ("v0.tif",)
    finish(segment(tmp_path / "images", run.path, tmp_path / "out", device="cpu"))
    found = tifffile.imread(tmp_path / "out" / "v1.tif")
    assert found.shape == (3, 64, 64)
    assert set(np.unique(found)) <= {0, 3}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"labels": None}, "give --labels"),
        ({"labels": "nowhere"}, "nowhere does not exist"),
        ({"recipe": "acton"}, "no recipe 'acton': choose action or weak-to-strong"),
        ({"steps": 0}, "--minutes or --steps"),
        ({"rules": LabelRules(parse_classes("1=rim"))}, "holds the label 2, which no class has"),
        ({"rules": LabelRules(parse_classes("1=a,2=b,3=c"))}, r"shows class 3 \(c\)"),
        ({"hold_out": ["disc_9.png"]}, "no image named 'disc_9.png'"),
        ({"settings": {"pseudo.wieght": 1}}, "pseudo.weight"),
    ],
)
def test_what_cannot_be_used_is_refused_before_any_work(discs, tmp_path, given, sentence):
    with pytest.raises(BadInput, match=sentence):
        learn(discs, tmp_path / "run", **given)
    assert not (tmp_path / "run").exists()
