"""Evaluation of predictions: figures, intervals, chance, means."""

import numpy as np
import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.findings import Findings
from napari_localcl.tasks.series.evaluation import FIGURES, evaluate_series


def table(values, names=("tear", "cyst"), series=None, patients=None):
    values = np.asarray(values, float)
    series = tuple(series or (f"s{i}" for i in range(len(values))))
    return Findings(series, names[: values.shape[1]], values, tuple(patients or series))


@pytest.fixture
def truth():
    chance = np.random.default_rng(0)
    return table(np.stack([chance.random(100) < 0.5, chance.random(100) < 0.1], axis=1))


def test_a_perfect_prediction_reaches_every_best_value(truth):
    found = evaluate_series(table(truth.values), truth)
    for one in found.findings:
        values = {name: figure.value for name, figure in one.figures.items()}
        assert values == {**dict.fromkeys(FIGURES, 1.0), "calibration error": 0.0}


def test_knowing_the_prevalence_alone_is_what_chance_says(truth):
    told = table(np.tile(truth.prevalence, (100, 1)))
    found = evaluate_series(told, truth)
    for one, rate in zip(found.findings, truth.prevalence, strict=True):
        figures = one.figures
        assert figures["AUC"].value == figures["AUC"].chance == 0.5
        assert figures["AUPRC"].value == pytest.approx(rate)
        assert figures["AUPRC"].chance == pytest.approx(rate)
        assert figures["balanced accuracy"].value == 0.5
        assert figures["calibration error"].value == pytest.approx(0.0, abs=1e-9)


def test_intervals_hold_the_value_and_shrink_with_more_series():
    chance = np.random.default_rng(1)

    def width(count):
        known = chance.random((count, 1)) < 0.5
        told = table(
            np.clip(0.5 + 0.2 * (known - 0.5) + 0.3 * chance.standard_normal((count, 1)), 0, 1)
        )
        auc = evaluate_series(told, table(known)).findings[0].figures["AUC"]
        assert auc.low < auc.value < auc.high
        return auc.high - auc.low

    assert width(400) < 0.6 * width(60)


def test_means_are_over_all_and_over_rare_findings(truth):
    chance = np.random.default_rng(2)
    found = evaluate_series(table(chance.random((100, 2))), truth)
    tear, cyst = (one.figures["AUC"].value for one in found.findings)
    both, rare = found.means
    assert (both.name, rare.name) == ("mean of 2", "mean of 1 rare")
    assert both.figures["AUC"].value == pytest.approx((tear + cyst) / 2)
    assert rare.figures["AUC"].value == pytest.approx(cyst)


def test_a_threshold_of_one_half_misses_what_is_rare_and_prevalence_does_not(truth):
    told = table(np.where(truth.values == 1, 0.3, 0.05))
    half, own = evaluate_series(told, truth, 0.5), evaluate_series(told, truth)
    assert half.findings[1].figures["sensitivity"].value == 0.0
    assert own.findings[1].figures["sensitivity"].value == 1.0


def test_series_without_prediction_or_truth_are_named(truth):
    told = table(
        truth.values[:98],
        series=[
            *truth.series[2:],
        ],
    )
    found = evaluate_series(table(told.values, series=[*truth.series[2:99], "new"]), truth)
    assert found.missing == ("s0", "s1", "s99")
    assert found.untold == ("new",)


def test_what_is_not_known_is_left_out(truth):
    truth.values[:10, 0] = np.nan
    assert evaluate_series(table(np.full((100, 2), 0.5)), truth).findings[0].series == 90


def test_a_finding_of_one_class_has_no_area_but_a_specificity():
    found = evaluate_series(table([[0.2], [0.9]]), table([[0], [0]]), 0.5)
    figures = found.findings[0].figures
    assert figures["AUC"].value is None
    assert figures["specificity"].value == 0.5


def test_tables_that_share_nothing_are_told(truth):
    with pytest.raises(BadInput, match="say nothing of tear, cyst"):
        evaluate_series(table(truth.values, names=("x", "y")), truth)
    with pytest.raises(BadInput, match="no series is in both tables"):
        evaluate_series(table(truth.values, series=[f"t{i}" for i in range(100)]), truth)
