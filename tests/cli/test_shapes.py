"""``shapes`` in the terminal."""

import json

import numpy as np
import pytest
from PIL import Image
from small import SMALL_FLAGS

from napari_localcl.cli.entry import run

FLAGS = [
    *SMALL_FLAGS,
    *("--set", "shape.bank=16", "--set", "shape.masks_fitted=8"),
    *("--set", "shape.refine.width=4", "--device", "cpu"),
]


@pytest.fixture
def masks(tmp_path):
    folder = tmp_path / "prior"
    folder.mkdir()
    for index in range(3):
        mask = np.zeros((80, 64), np.uint8)
        mask[20 : 50 + index, 20:40] = 255
        Image.fromarray(mask).save(folder / f"shape_{index}.png")
    return folder


def shapes(images, folder, *more):
    return run(["shapes", str(images), "--run", str(folder), *map(str, more)])


def test_one_verb_learns_and_segments_and_again_segments_alone(pictures, masks, tmp_path, capsys):
    out = tmp_path / "masks"
    flags = ("--prior", masks, "--appearance", "darker", "--steps", "4", "--out", out)
    assert shapes(pictures, tmp_path / "run", *flags, *FLAGS) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"learned the shape: {tmp_path / 'run'}"
    assert lines[1].startswith("segmented 6 images")
    assert len(list(out.glob("*.png"))) == 6
    again = tmp_path / "again"
    assert shapes(pictures, tmp_path / "run", "--out", again, "--device", "cpu") == 0
    for path in out.glob("*.png"):
        assert path.read_bytes() == (again / path.name).read_bytes()


def test_events_end_with_where_the_masks_are(pictures, masks, tmp_path, capsys):
    out = tmp_path / "masks"
    flags = ("--prior", masks, "--steps", "3", "--out", out, "--events")
    assert shapes(pictures, tmp_path / "run", *flags, *FLAGS) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"cache", "start", "stage", "step", "segment", "result"} <= {e["event"] for e in events}
    assert events[-1]["out"] == str(out)
    assert events[-1]["images"] == 6


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ((), "give --prior to learn a shape, --out to segment with a run, or both"),
        (("--prior", "nowhere", "--steps", "3"), "nowhere does not exist"),
        (("--prior", "ellipse"), "give --minutes or --steps"),
        (("--prior", "ellipse", "--appearance", "red", "--steps", "3"), "shape.appearance='red'"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(pictures, tmp_path, capsys, more, sentence):
    assert shapes(pictures, tmp_path / "run", *more) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_folder_that_is_not_ours_is_refused_before_the_training(pictures, tmp_path, capsys):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("words")
    flags = ("--prior", "ellipse", "--steps", "3", "--out", precious)
    assert shapes(pictures, tmp_path / "run", *flags) == 2
    assert "is not empty" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
