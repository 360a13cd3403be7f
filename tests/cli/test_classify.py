"""``classify`` and ``evaluate series`` in the terminal."""

import json

import numpy as np
import pytest

from napari_localcl.cli.entry import run

SMALL = ["--preset", "pixels", "--device", "cpu"]
for setting in ("folds=3", "grid=8", "light.cells=8", "light.segments=1"):
    SMALL += ["--set", setting]


@pytest.fixture
def exams(tmp_path):
    """Ten exams, half of them bright in the middle."""
    chance = np.random.default_rng(0)
    lines = ["series,bright,word"]
    (tmp_path / "exams").mkdir()
    for index in range(10):
        frames = 50 + 10 * chance.standard_normal((3, 64, 64))
        frames[:, 20:40, 20:40] += 120 * (index % 2)
        frames[:, :8, :8] = 255
        np.save(tmp_path / "exams" / f"e{index}.npy", frames.astype(np.float32))
        lines.append(f"e{index},{index % 2},{'yes' if index % 2 else 'no'}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    return tmp_path


def classify(folder, *more):
    return run(["classify", str(folder / "exams"), "--run", str(folder / "run"), *map(str, more)])


def test_one_verb_learns_evaluates_predicts_and_explains(exams, capsys):
    labels, out = exams / "labels.csv", exams / "p.csv"
    learned = ("--labels", labels, "--finding", "bright", "--finding", "word=yes", "--out", out)
    assert classify(exams, *learned, *SMALL) == 0
    told = capsys.readouterr().out
    assert f"predicted 10 series: {out}" in told
    assert "balanced accuracy" in told
    again = exams / "again.csv"
    assert classify(exams, "--out", again, "--maps", exams / "maps", "--device", "cpu") == 0
    assert again.read_bytes() == out.read_bytes()
    assert len(list((exams / "maps").rglob("*.tif"))) == 20
    capsys.readouterr()
    figures = exams / "figures.json"
    arguments = [str(out), str(labels), "--finding", "bright", "--json", str(figures)]
    assert run(["evaluate", "series", *arguments]) == 0
    (one,) = json.loads(figures.read_text())["findings"]
    assert one["figures"]["AUC"]["value"] > 0.8
    assert one["figures"]["AUPRC"]["chance"] == 0.5


def test_a_run_that_broke_off_goes_on_with_the_labels_it_kept(exams, capsys):
    learned = ("--labels", exams / "labels.csv", "--finding", "bright", *SMALL)
    assert classify(exams, *learned) == 0
    assert classify(exams, "--resume") == 2
    assert "has learned already" in capsys.readouterr().err
    (exams / "run" / "classifier.json").unlink()
    assert classify(exams, "--resume", "--out", exams / "p.csv", "--device", "cpu") == 0
    assert "predicted 10 series" in capsys.readouterr().out


def test_events_hold_the_figures(exams, capsys):
    given = ("--labels", exams / "labels.csv", "--finding", "bright", "--events")
    assert classify(exams, *given, *SMALL) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"cache", "embed", "fit", "predict", "result"} <= {e["event"] for e in events}
    assert events[-1]["findings"][0]["name"] == "bright"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ((), "give --labels to learn"),
        (("--labels", "nowhere.csv", *SMALL), "nowhere.csv does not exist"),
        (("--labels", "{}/labels.csv", *SMALL), "has 'no' in column 'word' where 0, 1 or nothing"),
        (("--out", "{}/p.csv"), "holds no run"),
        (("--labels", "{}/labels.csv", "--from", "a", "--from", "b"), "PLANE=RUN0"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(exams, capsys, more, sentence):
    assert classify(exams, *(str(part).format(exams) for part in more)) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1
    assert not (exams / "run").exists()


def test_a_threshold_that_is_none_is_told(exams, capsys):
    labels = str(exams / "labels.csv")
    (exams / "p.csv").write_text("series,bright\ne1,0.5\n")
    assert run(["evaluate", "series", str(exams / "p.csv"), labels, "--threshold", "2"]) == 2
    assert "--threshold 2 is neither" in capsys.readouterr().err
