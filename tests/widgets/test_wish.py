from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from napari_localcl.data.project_mask_files import MaskFiles
from napari_localcl.tasks.project_runs import RunRow
from napari_localcl.widgets.wish import Budget, Continuation, ShapeWish, Wish


def test_a_wish_becomes_the_arguments_of_the_terminal_verb():
    wish = Wish("ld", "small", Budget("cpu", 2.5), {"flip": True, "grid": 4})
    arguments = wish.arguments(["/a b"], Path("run"))
    assert arguments[:2] == ["pretrain", "/a b"]
    assert arguments[arguments.index("--minutes") + 1] == "2.5"
    assert arguments[-4:] == ["--set", "flip=true", "--set", "grid=4"]


def row(**changes):
    facts = dict.fromkeys((field.name for field in fields(RunRow)), "")
    return RunRow(**{**facts, "folder": "left lung-4", "verb": "shapes", **changes})


def test_a_shape_to_segment_becomes_the_arguments_of_the_terminal_verb(tmp_path):
    masks = MaskFiles(tmp_path, None)
    budget, varied = Budget("cpu", 3, "steps"), {"prior.heart": 0.2}
    wish = ShapeWish("lung", "left lung", "lungs", budget, masks, varied)
    arguments = wish.arguments(["/images"], Path("runs/left lung-4"))
    assert arguments[:4] == ["shapes", "/images", "--prior", "lungs"]
    out = Path(arguments[arguments.index("--out") + 1])
    assert out == tmp_path / "proposals" / "left lung" / "left lung-4"
    assert arguments[-2:] == ["--set", "prior.heart=0.2"]
    assert "--from" not in arguments


def test_a_segmentation_goes_on_with_learning_or_only_makes_the_masks_that_are_missing(tmp_path):
    masks, run = MaskFiles(tmp_path, None), Path("runs/left lung-4")
    broken = Continuation(row(status="interrupted"), "cpu", masks).arguments(["/images"], run)
    assert "--resume" in broken
    assert broken[-2] == "--out"
    learned = Continuation(row(status="finished"), "cpu", masks).arguments(["/images"], run)
    assert "--resume" not in learned
    assert "--prior" not in learned
