"""``probe`` in the terminal, on runs of LD at its smallest."""

import json

import pytest
from small import SMALL_FLAGS

from napari_localcl.cli.entry import run


@pytest.fixture(scope="module")
def trained(pictures, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "brief"
    more = ["--steps", "2", "--device", "cpu"]
    assert run(["pretrain", str(pictures), "--run", str(folder), *more, *SMALL_FLAGS]) == 0
    return folder


@pytest.fixture
def call(pictures, trained, tmp_path):
    def call(*more):
        given = ["probe", str(pictures), "--run", str(trained), "--out", str(tmp_path / "report")]
        return run([*given, "--device", "cpu", *map(str, more)])

    return call


@pytest.fixture
def points(tmp_path):
    path = tmp_path / "points.csv"
    rows = [
        f"blobs_{i}.png,{name},{20 + i},{x}" for i in range(4) for name, x in (("a", 30), ("b", 50))
    ]
    path.write_text("\n".join(["image,landmark,y,x", *rows]) + "\n")
    return path


def test_the_report_has_all_figures_and_random_weights_and_says_what_to_take(
    call, tmp_path, capsys, points
):
    assert call("--landmarks", points, "--limit", 5) == 0
    facts = json.loads((tmp_path / "report.json").read_text())
    assert [one["name"] for one in facts["encoders"]] == ["brief", "random weights"]
    assert facts["images"] == 5
    names = {figure["name"] for figure in facts["figures"]}
    assert {"view_hits", "cycle_hits", "cosegmentation", "composition_mrr"} <= names
    assert {"one_shot_error", "landmark_silhouette", "effective_rank"} <= names
    assert facts["recommendation"]["sentences"]
    assert (tmp_path / "report.html").exists()
    printed = capsys.readouterr().out
    assert "places found in another view" in printed
    assert facts["recommendation"]["sentences"][0] in printed


def test_the_same_seed_gives_the_same_figures(call, tmp_path):
    found = []
    for _ in range(2):
        assert call("--seed", 3) == 0
        found.append(json.loads((tmp_path / "report.json").read_text())["figures"])
    assert found[0] == found[1]


def test_events_say_how_far_it_is_and_end_with_the_recommendation(call, capsys):
    capsys.readouterr()
    assert call("--events", "--limit", 4) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    probing = [event for event in events if event["event"] == "probe"]
    assert {event["stage"] for event in probing} == {"brief", "random weights"}
    shares = [event.get("step", 0) / event["steps"] for event in probing]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert probing[-1]["seconds_left"] == 0
    assert events[-1]["event"] == "result"
    assert events[-1]["recommendation"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--run", "nowhere"), "nowhere holds no run"),
        (("--template", "points.csv"), "blobs_9.png is not among the images"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(call, tmp_path, capsys, monkeypatch, more, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "points.csv").write_text("image,landmark,y,x\nblobs_9.png,a,1,1\n")
    assert call(*more) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "report.json").exists()
