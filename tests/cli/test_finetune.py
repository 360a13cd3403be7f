"""``finetune`` and ``segment`` in the terminal."""

import json

import numpy as np
import pytest
from PIL import Image
from small_action import ACTION_FLAGS, write_discs

from napari_localcl.cli.entry import run

FLAGS = [*ACTION_FLAGS, "--device", "cpu"]


@pytest.fixture(scope="module")
def discs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("discs")
    write_discs(folder, count=4)
    return folder


def finetune(discs, folder, *more):
    return run(["finetune", str(discs / "images"), "--run", str(folder), *map(str, more)])


def segment(discs, folder, *more):
    return run(["segment", str(discs / "images"), "--run", str(folder), *map(str, more)])


def test_labels_are_learned_and_all_images_segmented(discs, tmp_path, capsys):
    flags = (
        "--labels",
        discs / "labels",
        "--classes",
        "1=rim,2=core",
        "--recipe",
        "weak-to-strong",
    )
    recipe = ("--recipe", "weak-to-strong", "--steps", "2")
    assert finetune(discs, tmp_path / "run", *flags, *recipe, *FLAGS) == 0
    said = capsys.readouterr().out
    assert "learned 1 (rim), 2 (core) from the labels of 2 images or volumes" in said
    assert segment(discs, tmp_path / "run", "--out", tmp_path / "out", "--flips") == 0
    said = capsys.readouterr().out
    assert said.startswith("segmented 4 images")
    assert "rim: in " in said
    assert len(list((tmp_path / "out").glob("*.png"))) == 4


def test_events_end_with_the_classes(discs, tmp_path, capsys):
    flags = ("--labels", discs / "labels", "--recipe", "supervised", "--steps", "1", "--events")
    assert finetune(discs, tmp_path / "run", *flags, *FLAGS) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1]["classes"] == [{"value": 1, "name": "1"}, {"value": 2, "name": "2"}]
    assert events[-1]["labelled"] == 2


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--steps", "3"), "give --labels"),
        (("--labels", "nowhere", "--steps", "3"), "nowhere does not exist"),
        (("--classes", "RV=1", "--steps", "3"), "--classes has the value 'RV'"),
        (("--recipe", "magic", "--steps", "3"), "there is no recipe 'magic'"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(discs, tmp_path, capsys, more, sentence):
    assert finetune(discs, tmp_path / "run", *more) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_an_empty_mask_is_told_of(discs, tmp_path, capsys):
    labels = tmp_path / "labels"
    labels.mkdir()
    for name in ("disc_0.png", "disc_1.png"):
        Image.open(discs / "labels" / name).save(labels / name)
    Image.fromarray(np.zeros((72, 72), np.uint8)).save(labels / "disc_2.png")
    flags = ("--labels", labels, "--recipe", "supervised", "--steps", "1")
    assert finetune(discs, tmp_path / "run", *flags, *FLAGS) == 0
    assert "disc_2.png is empty" in capsys.readouterr().err


def test_a_folder_of_others_is_not_written_to(discs, tmp_path, capsys):
    flags = ("--labels", discs / "labels", "--recipe", "supervised", "--steps", "1")
    assert finetune(discs, tmp_path / "run", *flags, *FLAGS) == 0
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("words")
    assert segment(discs, tmp_path / "run", "--out", tmp_path / "precious") == 2
    assert "is not empty" in capsys.readouterr().err


def test_dice_on_what_is_kept_back_is_said_and_each_class_gets_its_folder(tmp_path, capsys):
    write_discs(tmp_path, count=4, labelled=4)
    labels = ("--labels", tmp_path / "labels", "--classes", "1=rim,2=core", "--steps", "1")
    first = ("--recipe", "supervised", "--hold-share", "0.25", "--events")
    assert finetune(tmp_path, tmp_path / "first", *labels, *first, *FLAGS) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["labelled"] == 3
    kept = result["held_out"]
    assert len(kept["images"]) == 1
    assert set(kept["dice"]) <= {"rim", "core"}
    assert not kept["before"]
    more = (*first, "--from", tmp_path / "first", "--out", tmp_path / "out" / "{class}" / "second")
    assert finetune(tmp_path, tmp_path / "second", *labels, *more, *FLAGS[-2:]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kept = next(one["held_out"] for one in events if one.get("held_out"))
    assert kept["earlier"] == "first"
    assert kept["before"] == result["held_out"]["dice"], "measured as it was"
    masks = [np.asarray(Image.open(path)) for path in (tmp_path / "out").rglob("second/disc_0.png")]
    assert len(masks) == 2
    assert all(mask.max() <= 1 for mask in masks)
    assert not (masks[0] & masks[1]).any(), "classes exclude each other"
