"""Fusion of planes and calibration."""

import numpy as np
import pytest

from napari_localcl.tasks.series.calibration import (
    Verdict,
    calibrate,
    entropy,
    learn_verdict,
    logit,
    mean_probability,
    sigmoid,
)


def cases(count, slope, shift, seed=0):
    """Logits whose true probability is known: sigmoid(slope * logit + shift)."""
    chance = np.random.default_rng(seed)
    logits = chance.normal(0, 3, count)
    return logits, (chance.random(count) < sigmoid(slope * logits + shift)).astype(float)


def test_calibration_finds_the_true_probabilities():
    slope, shift = calibrate(*cases(20_000, 0.4, -1.5))
    assert slope == pytest.approx(0.4, rel=0.06)
    assert shift == pytest.approx(-1.5, rel=0.06)


def test_calibration_never_turns_an_order_round():
    logits, truth = cases(40, 1.0, 0.0)
    slope, _ = calibrate(-logits, truth)
    assert slope > 0


def test_a_few_exams_told_apart_perfectly_do_not_make_certain():
    slope, shift = calibrate(np.array([-1.0, 1.0, 2.0]), np.array([0.0, 1.0, 1.0]))
    assert sigmoid(np.array(slope * 2 + shift)) < 0.99


def test_a_plane_weighs_by_the_odds_of_its_area_and_useless_ones_not_at_all():
    truth = np.array([0, 0, 1, 1, 0, 1, 0, 1.0])
    perfect = truth * 2 - 1
    swapped = perfect.copy()
    swapped[:3:2] *= -1  # 9 of 16 pairs right, 7 wrong or so
    useless = -perfect
    verdict = learn_verdict(np.stack([perfect, swapped, useless], axis=1), truth)
    quality = [0.99, 0.75]
    odds = [np.log(a / (1 - a)) for a in quality]
    assert verdict.weights == pytest.approx([odds[0] / sum(odds), odds[1] / sum(odds), 0], abs=1e-6)


def test_a_missing_plane_leaves_its_weight_to_the_others():
    verdict = Verdict(weights=(0.75, 0.25, 0.0))
    nan = np.nan
    logits = np.array([[1.0, 3.0, 9], [nan, 3.0, 9], [nan, nan, 9], [nan, nan, nan]])
    np.testing.assert_allclose(verdict.fuse(logits), [1.5, 3.0, 9.0, nan])


def test_without_both_classes_held_back_logits_stay_as_they_are():
    verdict = learn_verdict(np.ones((4, 2)), np.array([0, 0, np.nan, 0]))
    assert verdict == Verdict(weights=(0.5, 0.5))
    assert verdict.probability(np.array([[0.0, 2.0]]))[0] == pytest.approx(1 / (1 + np.exp(-1)))


def test_probabilities_of_clips_are_averaged_not_logits():
    said = mean_probability(
        [logit(np.array([0.9])), logit(np.array([0.1])), logit(np.array([0.2]))]
    )
    assert sigmoid(said)[0] == pytest.approx(0.4)


def test_uncertainty_is_in_bits():
    np.testing.assert_allclose(
        entropy(np.array([0.5, 0.0, 1.0, 0.25])), [1, 0, 0, 0.811278], atol=1e-5
    )
