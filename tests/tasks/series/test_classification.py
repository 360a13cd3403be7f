"""Learning findings from labels, and predicting them."""

import json

import numpy as np
import pytest
import tifffile
from draining import finish
from spots import draw

from napari_localcl.data.errors import BadInput
from napari_localcl.data.findings import read_findings, read_probabilities
from napari_localcl.tasks.series.classification import (
    learn_findings,
    predict_findings,
    save_predictions,
)
from napari_localcl.tasks.series.classifier import Classifier
from napari_localcl.tasks.series.planning import PRESET
from napari_localcl.training.budget import Budget
from napari_localcl.training.record import RunRecord
from napari_localcl.training.run import RunFolder

SMALL = {
    "folds": 3,
    "grid": 8,
    "light.cells": 8,
    "light.segments": 1,
    "frames": 4,
    "clips": 4,
    "looks": 2,
    "width": 8,
    "hidden": 8,
}
CLIPS = {**SMALL, "head": "convlstm", "learning_rate": 1e-2, "dropout": 0.0}


def learn(spots, run, **given):
    preset = {"preset": "pixels", "settings": SMALL, "labels": spots / "series.csv"}
    images = given.pop("images", spots / "images")
    return finish(learn_findings(images, run, device="cpu", **{**preset, **given}))


@pytest.fixture(scope="module")
def light(spots, tmp_path_factory):
    run = tmp_path_factory.mktemp("light") / "run"
    said, predicted = learn(spots, run)
    return run, said, predicted


def test_a_finding_that_frames_show_is_learned_and_evaluated(light):
    _, _, predicted = light
    assert predicted.findings.names == ("spot", "right")
    for one in predicted.evaluation.findings:
        assert one.figures["AUC"].value > 0.9
        assert one.series == 24


def test_each_series_is_judged_by_the_fold_that_never_saw_it(light, spots):
    run, _, predicted = light
    record = Classifier.load(run, "cpu")[0].record
    assert len(record.tested) == 24
    _, again = finish(predict_findings(spots / "images", run, device="cpu"))
    np.testing.assert_allclose(again.findings.values, predicted.findings.values)
    assert again.evaluation is None


def test_other_series_are_judged_by_all_folds_together(light, tmp_path):
    run, _, _ = light
    for index in range(100, 104):
        tifffile.imwrite(tmp_path / f"new_{index}.tif", draw(index)[0])
    # One plane without a name in its path: the run knows it as 'axial' by its folder.
    folder = tmp_path / "axial"
    folder.mkdir()
    for file in tmp_path.glob("*.tif"):
        file.rename(folder / file.name)
    _, told = finish(predict_findings(tmp_path, run, device="cpu"))
    assert told.findings.series == tuple(f"new_{i}" for i in range(100, 104))
    assert ((told.findings.values[:, 0] > 0.5) == [True, False, True, False]).all()


def test_predictions_are_written_with_their_uncertainty(light, tmp_path):
    run, _, predicted = light
    save_predictions(tmp_path / "p.csv", predicted, run)
    found = read_probabilities(tmp_path / "p.csv")
    np.testing.assert_allclose(found.values, predicted.findings.values, atol=1e-4)
    assert "machine:run" in (tmp_path / "p.csv").read_text()


def test_a_run_holds_all_that_prediction_needs(light):
    run, _, _ = light
    record = RunFolder.open(run).record
    assert (record.verb, record.method, record.status) == ("classify", "logistic", "finished")
    assert len(record.images) == 24 * 6
    assert json.loads((run / "classifier.json").read_text())["channels"] == {"axial": 1}


def test_clips_are_learned_with_a_budget_and_resumed(spots, tmp_path):
    given = {"settings": CLIPS, "budget": Budget(steps=4), "seed": 3}
    whole = learn(spots, tmp_path / "whole", **given)[1]
    asked = iter([False, False])

    def interrupting():
        if next(asked, None) is None:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        learn(spots, tmp_path / "parts", stop=interrupting, **given)
    with pytest.raises(BadInput, match="was interrupted"):
        finish(predict_findings(spots / "images", tmp_path / "parts", device="cpu"))
    parts = learn(spots, tmp_path / "parts", resume=True, **given)[1]
    np.testing.assert_allclose(parts.findings.values, whole.findings.values, atol=1e-6)


def test_a_run_is_resumed_with_the_labels_it_was_begun_with(spots, tmp_path):
    given = {"settings": CLIPS, "budget": Budget(steps=2)}
    learn(spots, tmp_path / "run", **given)
    (tmp_path / "run" / "classifier.json").unlink()
    text = (spots / "series.csv").read_text()
    (tmp_path / "other.csv").write_text(text.replace("exam_03,p3,0", "exam_03,p3,1"))
    with pytest.raises(BadInput, match="the labels are not those"):
        learn(spots, tmp_path / "run", resume=True, labels=tmp_path / "other.csv", **given)


def test_several_processes_are_refused(spots, tmp_path, monkeypatch):
    for name, value in (("WORLD_SIZE", "2"), ("RANK", "0")):
        monkeypatch.setenv(name, value)
    with pytest.raises(BadInput, match="without torchrun"):
        learn(spots, tmp_path / "run")


def test_what_was_trained_but_not_judged_is_judged_on_resuming(spots, tmp_path):
    given = {"settings": CLIPS, "budget": Budget(steps=2)}
    whole = learn(spots, tmp_path / "run", **given)[1]
    (tmp_path / "run" / "classifier.json").unlink()
    again = learn(spots, tmp_path / "run", resume=True, **given)[1]
    np.testing.assert_allclose(again.findings.values, whole.findings.values, atol=1e-6)


def test_a_series_of_one_frame_and_one_of_another_size_are_judged_like_others(spots, tmp_path):
    folder = tmp_path / "axial"
    folder.mkdir()
    for index in range(12):
        tifffile.imwrite(folder / f"exam_{index:02d}.tif", draw(index)[0])
    tifffile.imwrite(folder / "exam_00.tif", draw(0)[0][2])
    tifffile.imwrite(folder / "exam_01.tif", draw(1)[0][:, :50, :40])
    _, told = learn(spots, tmp_path / "run", images=tmp_path)
    assert len(told.findings) == 12
    assert np.isfinite(told.findings.values).all()


def test_a_finding_of_one_class_is_left_out_and_the_others_are_learned(spots, tmp_path):
    lines = (spots / "series.csv").read_text().splitlines()
    text = [lines[0] + ",healthy", *(line + ",0" for line in lines[1:])]
    (tmp_path / "labels.csv").write_text("\n".join(text))
    said, told = learn(spots, tmp_path / "run", labels=tmp_path / "labels.csv")
    assert told.findings.names == ("spot", "right")
    assert any("finding 'healthy' is left out: it is absent in all" in n.message for n in said)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"preset": None, "settings": {}}, "how long to train is missing"),
        ({"preset": "light", "settings": {}}, "what the frames are seen with is missing"),
        ({"preset": "grand"}, "there is no preset 'grand'"),
        ({"settings": {"fold": 3}}, "there is no setting 'fold'; did you mean folds"),
        ({"findings": ["tear"]}, "has no column 'tear'"),
        ({"preset": "light", "settings": {}, "start_from": {"sagittal": "x"}}, "no series has a"),
    ],
)
def test_what_cannot_be_learned_is_one_sentence_and_leaves_no_run(spots, tmp_path, given, sentence):
    with pytest.raises(BadInput, match=sentence):
        learn(spots, tmp_path / "run", **given)
    assert not (tmp_path / "run").exists()


def test_an_encoder_without_weights_leaves_no_run(spots, tmp_path):
    record = RunRecord(verb="pretrain", method="sslm", settings={}, seed=0)
    RunFolder.create(tmp_path / "empty", record)
    with pytest.raises(BadInput, match="does not exist: train the run first"):
        learn(spots, tmp_path / "run", preset="light", settings={}, start_from=tmp_path / "empty")
    assert not (tmp_path / "run").exists()


def test_a_table_of_one_class_alone_is_one_sentence(spots, tmp_path):
    (tmp_path / "labels.csv").write_text("series,spot\nexam_00,1\nexam_02,1\n")
    with pytest.raises(BadInput, match="holds nothing to learn: finding 'spot' is left out"):
        learn(spots, tmp_path / "run", labels=tmp_path / "labels.csv")


def test_a_damaged_stack_is_named_and_the_others_are_learned(spots, tmp_path):
    folder = tmp_path / "axial"
    folder.mkdir()
    for index in range(12):
        tifffile.imwrite(folder / f"exam_{index:02d}.tif", draw(index)[0])
    whole = (folder / "exam_05.tif").read_bytes()
    (folder / "exam_05.tif").write_bytes(whole[:9000])
    said, told = learn(spots, tmp_path / "run", images=tmp_path)
    assert "exam_05" not in told.findings.series
    assert any(n.event == "skipped" and "exam_05" in n.message for n in said)


def test_the_labels_of_the_test_are_those_of_the_pictures(spots):
    truth = read_findings(spots / "series.csv")
    assert [bool(v) for v in truth.values[:, 0]] == [draw(i)[1] for i in range(24)]
    assert PRESET == "small"
