"""Parts of a cross-validation."""

import numpy as np

from napari_localcl.data.findings import Findings
from napari_localcl.tasks.series.folds import labelled, learnable, make_folds, spread


def findings(values, patients=None):
    values = np.asarray(values, float)
    series = tuple(f"s{i}" for i in range(len(values)))
    names = tuple("abcdef"[: values.shape[1]])
    return Findings(series, names, values, tuple(patients or series))


def columns(*shares, count=60):
    chance = np.random.default_rng(0)
    return np.stack([chance.permutation(np.arange(count) < share) for share in shares], axis=1)


def test_every_labelled_exam_is_tested_once_and_never_seen_by_its_fold():
    truth = findings(columns(25, 6))
    truth.values[[3, 7]] = np.nan
    folds = make_folds(truth, 5, 0.2, seed=0)
    tested = sorted(exam for fold in folds for exam in fold.test)
    assert tested == labelled(truth) == [i for i in range(60) if i not in (3, 7)]
    for fold in folds:
        assert set(fold.train) | set(fold.held) | set(fold.test) == set(tested)
        assert len(fold.train) + len(fold.held) + len(fold.test) == len(tested)


def test_exams_of_one_patient_stay_together():
    truth = findings(columns(25, 6), [f"p{i // 3}" for i in range(60)])
    for fold in make_folds(truth, 5, 0.2, seed=0):
        parts = [{truth.patients[i] for i in part} for part in (fold.train, fold.held, fold.test)]
        assert not (parts[0] & parts[1])
        assert not (parts[0] & parts[2])
        assert not (parts[1] & parts[2])


def test_rare_findings_are_spread_evenly():
    truth = findings(columns(30, 5, 55))
    for fold in make_folds(truth, 5, 0.2, seed=1):
        counts = truth.values[list(fold.test)].sum(axis=0)
        assert counts[1] == 1
        assert 5 <= counts[0] <= 7
        assert len(fold.test) - counts[2] == 1  # the rare side may be 0
        assert 2 <= len(fold.held) * 60 / 48 <= 20


def test_a_single_case_left_is_learned_from_rather_than_held_back():
    truth = findings(columns(2, 20))
    for fold in make_folds(truth, 5, 0.2, seed=0):
        assert truth.values[list(fold.train), 0].sum() >= 1


def test_shares_are_kept_in_number_too():
    truth = findings(columns(20, 20, count=100))
    parts = spread(truth, range(100), [0.8, 0.2], np.random.default_rng(0))
    assert abs(len(parts[0]) - 80) <= 4


def test_the_seed_decides():
    truth = findings(columns(25, 6))
    assert make_folds(truth, 5, 0.2, 0) == make_folds(truth, 5, 0.2, 0)
    assert make_folds(truth, 5, 0.2, 0) != make_folds(truth, 5, 0.2, 1)


def test_there_are_no_more_folds_than_patients():
    assert len(make_folds(findings([[1], [0], [1], [0]]), 5, 0.2, 0)) == 4


def test_what_cannot_be_learned_is_said_in_a_sentence():
    values = np.full((6, 4), np.nan)
    values[:, 0] = [1, 0, 1, 0, 1, 0]
    values[:, 1] = 1
    values[:, 2] = [0, 0, 0, 0, 0, 1]
    chosen, sentences = learnable(findings(values))
    assert chosen == [0]
    assert "finding 'b' is left out: it is present in all 6 patients" in sentences[0]
    assert "finding 'c' is left out: 1 patients have it and 5 do not" in sentences[1]
    assert "finding 'd' is left out: nothing is known of it" in sentences[2]


def test_two_exams_of_one_patient_are_one_case():
    chosen, _ = learnable(findings([[1], [1], [0], [0]], ["p", "p", "q", "r"]))
    assert chosen == []
