"""What the recurrent networks are trained on, and that they learn."""

import numpy as np
import pytest
import torch

from napari_localcl.data.findings import read_findings
from napari_localcl.data.shard import Shard
from napari_localcl.tasks.series.folds import make_folds
from napari_localcl.tasks.series.learner import STAGE, ClipLearner, class_weights
from napari_localcl.tasks.series.settings import ClassifySettings

CPU = torch.device("cpu")


@pytest.fixture
def truth(spots):
    return read_findings(spots / "series.csv")


def learner(truth, **given):
    torch.manual_seed(0)
    settings = ClassifySettings(**{"frames": 4, "clips": 4, "folds": 3, "width": 8, **given})
    folds = make_folds(truth, 3, 0.2, 0)
    return ClipLearner(settings, {"axial": 1}, truth, folds)


def draw(learner, features, seed=0, shard=None):
    chance = torch.Generator().manual_seed(seed)
    return learner.sample(STAGE, features, chance, shard or Shard(), CPU)


def test_a_fold_sees_only_what_it_may_learn_from(truth, features, monkeypatch):
    method, seen = learner(truth, clips=32), []
    whole = type(features).clip

    def noting(self, plane, exam, rows):
        seen.append(exam)
        return whole(self, plane, exam, rows)

    monkeypatch.setattr(type(features), "clip", noting)
    draw(method, features)
    for fold, exams in zip(method.folds, np.reshape(seen, (3, 32)), strict=True):
        assert set(exams.tolist()) <= set(fold.train)


def test_clips_come_with_the_truth_of_their_exam(truth, features):
    (clips, told), *_ = draw(learner(truth), features)["axial"]
    assert clips.shape == (4, 4, 1, 8, 8)
    assert told.shape == (4, 2)


def test_two_processes_share_the_clips_of_one(truth, features):
    method = learner(truth)
    whole = draw(method, features)["axial"]
    parts = [draw(method, features, shard=Shard(rank, 2))["axial"] for rank in (0, 1)]
    for fold, (clips, told) in enumerate(whole):
        assert torch.equal(torch.cat([part[fold][0] for part in parts]), clips)
        assert torch.equal(torch.cat([part[fold][1] for part in parts]), told)


def test_what_is_not_known_does_not_count(truth, features):
    method = learner(truth)
    batch = draw(method, features)
    logits = torch.zeros(4, 2)
    told = torch.tensor([[1.0, float("nan")]] * 4)
    assert method._loss(logits, told, 0).item() == pytest.approx(np.log(2))
    blank = torch.full((4, 2), float("nan"))
    assert method._loss(logits, blank, 0).item() == 0.0
    assert batch


def test_weights_are_inverse_to_how_often_a_class_is_the_less_rare_one_at_1():
    truth = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [np.nan, 0]])
    assert class_weights(truth, weighted=False).tolist() == [[1, 1], [1, 1]]
    weights = class_weights(truth, weighted=True)
    assert weights.tolist() == [[1, 4], [3, 1]]


def test_the_published_weights_of_the_knees():
    counts = ((913, 217), (208, 922), (397, 733))
    truth = np.full((1130, 3), 0.0)
    for column, (present, _) in enumerate(counts):
        truth[:present, column] = 1
    present, absent = class_weights(truth, weighted=True).tolist()
    assert present == pytest.approx([1, 4.43, 1.85], abs=0.01)
    assert absent == pytest.approx([4.21, 1, 1], abs=0.01)


def test_it_learns_what_the_frames_show(truth, features):
    method = learner(truth, frames=6, dropout=0.0)
    optimiser = torch.optim.Adam(method.parameters(), lr=1e-2)
    losses = []
    for step in range(40):
        optimiser.zero_grad()
        loss = method.losses(STAGE, draw(method, features, step))["axial"]
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])
