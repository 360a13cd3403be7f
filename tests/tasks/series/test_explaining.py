"""Where a classifier looked: aligned with the frames, on the finding, gone with the weights."""

import numpy as np
import pytest
import tifffile
import torch
from draining import finish

from napari_localcl.data.errors import BadInput
from napari_localcl.data.heat_map import HeatMap
from napari_localcl.data.tables import read_table
from napari_localcl.tasks.series.classification import learn_findings, look_with
from napari_localcl.tasks.series.explaining import Explanation, explain, write_maps
from napari_localcl.tasks.series.serving import Reasons
from napari_localcl.training.budget import Budget

CLIPS = {
    "head": "convlstm",
    "folds": 3,
    "grid": 8,
    "frames": 6,
    "clips": 8,
    "looks": 1,
    "width": 32,
    "hidden": 8,
    "learning_rate": 1e-2,
    "dropout": 0.0,
    "decay": 0.0,
    "places": False,
}


@pytest.fixture(scope="module", params=["logistic", "convlstm"])
def trained(request, spots, tmp_path_factory):
    run = tmp_path_factory.mktemp("why") / "run"
    clips = request.param == "convlstm"
    settings = CLIPS if clips else {"folds": 3, "light.segments": 1}
    finish(
        learn_findings(
            spots / "images",
            run,
            spots / "series.csv",
            findings=["spot"],
            preset="pixels",
            settings=settings,
            budget=Budget(steps=60) if clips else None,
            device="cpu",
        )
    )
    _, found = finish(look_with(spots / "images", run, device="cpu"))
    return run, *found


def spot_of(exam):
    """Frames, rows and columns of the spot, as the pictures were drawn."""
    column = 40 if exam % 4 == 0 else 12
    return slice(2, 4), slice(24, 38), slice(column, column + 12)


def test_the_largest_evidence_lies_on_the_finding(trained):
    _, classifier, features = trained
    hits = []
    for exam in range(0, 24, 2):
        why = explain(classifier, features, exam, "axial", "spot")
        maps = np.stack([why.frame(z) for z in range(6)])
        place = np.unravel_index(np.argmax(maps), maps.shape)
        truth = np.zeros(maps.shape, bool)
        frames, rows, columns = spot_of(exam)
        truth[frames, rows.start - 4 : rows.stop + 4, columns.start - 4 : columns.stop + 4] = True
        hits.append(truth[place])
    assert np.mean(hits) >= 0.8


def test_the_frames_that_show_the_finding_mattered_most(trained):
    _, classifier, features = trained
    firsts = [
        explain(classifier, features, exam, "axial", "spot").mattered(1) for exam in range(0, 24, 2)
    ]
    assert np.mean([first in ([2], [3]) for first in firsts]) >= 0.8


def test_other_weights_say_something_else(trained):
    _, classifier, features = trained
    before = explain(classifier, features, 0, "axial", "spot").maps
    kept = {name: value.clone() for name, value in classifier.heads.state_dict().items()}
    torch.manual_seed(0)
    with torch.no_grad():
        for value in classifier.heads.parameters():
            value.copy_(value[..., torch.randperm(value.shape[-1])] if value.dim() else value)
            value.add_(torch.randn(value.shape) * value.std(correction=0))
    after = explain(classifier, features, 0, "axial", "spot").maps
    classifier.heads.load_state_dict(kept)
    if before.max() and after.max():
        assert np.corrcoef(before.ravel(), after.ravel())[0, 1] < 0.9
    else:
        assert not np.array_equal(before, after)


def test_maps_are_from_0_to_1_with_1_in_the_frame_that_mattered_most():
    maps = np.zeros((3, 4, 4))
    maps[1, 2, 2], maps[2, 0, 0] = 1.0, 0.5
    why = Explanation(maps, ())
    assert why.shares.tolist() == pytest.approx([0, 2 / 3, 1 / 3])
    assert why.mattered() == [1, 2]
    assert Explanation(np.zeros((3, 4, 4)), ()).mattered() == []


def test_a_map_has_the_pixels_of_its_frame(trained):
    _, classifier, features = trained
    why = explain(classifier, features, 0, "axial", "spot")
    assert why.frame(2).shape == (64, 64)
    peak = np.unravel_index(np.argmax(why.maps[2]), why.maps[2].shape)
    side = 64 / why.maps.shape[1]
    fine = np.unravel_index(np.argmax(why.frame(2)), (64, 64))
    assert np.abs(np.array(fine) - (np.array(peak) + 0.5) * side).max() <= 2 * side


def test_maps_are_written_as_stacks_like_the_series(trained, spots, tmp_path):
    run, _, _ = trained
    finish(write_maps(spots / "images", run, tmp_path / "maps", device="cpu"))
    stack = tifffile.imread(tmp_path / "maps" / "spot" / "axial" / "exam_00.tif")
    assert (stack.shape, stack.dtype) == ((6, 64, 64), np.uint8)
    lines = read_table(
        tmp_path / "maps" / "frames.csv", "table", ("series", "share"), ("series", "frame")
    )
    assert len(lines) == 24 * 6
    shares = [line.number("share") for line in lines if line.cells["series"] == "exam_00"]
    assert sum(shares) == pytest.approx(1.0, abs=0.001)


def test_a_window_s_questions_are_answered_from_the_run(trained, spots):
    run, classifier, features = trained
    reasons = Reasons()
    question = {
        "ask": "explain",
        "series": [str(spots / "images")],
        "run": str(run),
        "exam": "exam_04",
        "finding": "spot",
    }
    *_, evidence, last = reasons.answers(question)
    why = explain(classifier, features, 4, "axial", "spot")
    assert (evidence["event"], last["event"]) == ("evidence", "explained")
    assert evidence["frames"] == [f"axial/exam_04.tif#{z}" for z in range(6)]
    assert evidence["shares"] == pytest.approx(why.shares, abs=1e-3)
    (answer,) = reasons.answers({"ask": "evidence", "image": "axial/exam_04.tif#2"})
    heat = HeatMap.from_event(answer)
    assert (heat.values.shape, heat.cell, heat.corner) == ((64, 64), 1.0, (0.0, 0.0))
    np.testing.assert_allclose(heat.values, why.frame(2), atol=1e-3)
    with pytest.raises(BadInput, match="no frame of the series"):
        next(reasons.answers({"ask": "evidence", "image": "axial/exam_05.tif#2"}))
    with pytest.raises(BadInput, match="has not learned 'tear'"):
        next(reasons.answers({**question, "finding": "tear"}))
