"""Figures of merit, against hand-computed values and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from napari_localcl.tasks.series import scores

TOLD = np.array([0.9, 0.8, 0.7, 0.4, 0.4, 0.1])
TRUTH = np.array([1, 0, 1, 1, 0, 0.0])
ONCE = np.ones((1, 6))


def test_the_area_under_the_roc_curve_counts_ties_half():
    # Pairs of present and absent: 3 x 3; right: 3 + 2 + 1.5.
    assert scores.roc_area(TOLD, TRUTH, ONCE)[0] == pytest.approx(6.5 / 9)


def test_average_precision_by_hand():
    # At .9: precision 1; at .7: 2/3; at .4: 3/5.
    assert scores.precision_area(TOLD, TRUTH, ONCE)[0] == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)


def test_areas_of_all_weightings_are_those_of_scikit_learn():
    chance = np.random.default_rng(0)
    told, truth = chance.random(50).round(1), (chance.random(50) < 0.3).astype(float)
    weights = chance.integers(0, 3, (20, 50)).astype(float)
    for row, (auc, precision) in enumerate(
        zip(
            scores.roc_area(told, truth, weights),
            scores.precision_area(told, truth, weights),
            strict=True,
        )
    ):
        given = {"sample_weight": weights[row]}
        assert auc == pytest.approx(roc_auc_score(truth, told, **given))
        assert precision == pytest.approx(average_precision_score(truth, told, **given))


def test_counts_at_a_threshold_by_hand():
    found = scores.at_threshold(TOLD, TRUTH, ONCE, 0.5)  # calls .9, .8, .7
    assert found["sensitivity"][0] == pytest.approx(2 / 3)
    assert found["specificity"][0] == pytest.approx(2 / 3)
    assert found["balanced accuracy"][0] == pytest.approx(2 / 3)
    assert found["F1"][0] == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))


def test_the_calibration_error_is_the_mean_gap_of_bins():
    told = np.array([0.05, 0.05, 0.95, 0.95])
    truth = np.array([0, 0, 1, 0.0])
    # The first bin is 0.05 off, the last 0.45.
    weights = np.ones((1, 4))
    assert scores.calibration_error(told, truth, weights)[0] == pytest.approx(0.25)


def test_one_class_alone_has_no_area():
    truth = np.zeros(6)
    assert np.isnan(scores.roc_area(TOLD, truth, ONCE)[0])
    assert np.isnan(scores.precision_area(TOLD, truth, ONCE)[0])


def test_a_bootstrap_draws_patients_with_all_their_exams():
    drawn = scores.draws(["p", "q", "p", "r"], 500, 0)
    assert (drawn[:, 0] == drawn[:, 2]).all()
    assert ((drawn[:, [0, 1, 3]]).sum(axis=1) == 3).all()
    assert drawn.mean() == pytest.approx(1.0, abs=0.05)
