"""What the losses mean: on curves whose course is known."""

import numpy as np
import pytest

from napari_localcl.tasks.loss_history import StageLosses
from napari_localcl.tasks.verdict import Trend, judge, judge_stage

STEPS = np.arange(1, 401)


def noisy(course, noise=0.05, seed=0):
    chance = np.random.default_rng(seed)
    return course(STEPS / len(STEPS)) + noise * chance.standard_normal(len(STEPS))


@pytest.mark.parametrize(
    ("course", "trend"),
    [
        (lambda part: 1 + np.exp(-3 * part), Trend.IMPROVING),
        (lambda part: 1 + np.exp(-30 * part), Trend.FLAT),
        (lambda part: 1 + 0 * part, Trend.FLAT),
        (lambda part: 1 + 0.3 * part, Trend.DIVERGING),
        (lambda part: 1 + 10 * (part > 0.95), Trend.DIVERGING),
        (lambda part: -1 - part, Trend.IMPROVING),
    ],
)
def test_the_course_is_seen_through_the_noise(course, trend):
    trends = [judge(STEPS, noisy(course, seed=seed)).trend for seed in range(20)]
    assert trends.count(trend) >= 19


def test_a_loss_without_noise_is_judged_too():
    assert judge(STEPS, np.ones(len(STEPS))).trend is Trend.FLAT
    assert judge(STEPS, 2 - STEPS / 400).trend is Trend.IMPROVING


def test_at_first_nothing_can_be_told():
    assert judge([], []).trend is Trend.UNKNOWN
    assert judge(STEPS[:10], STEPS[:10]).trend is Trend.UNKNOWN


def test_single_steps_without_a_number_are_passed_over_and_many_are_an_alarm():
    falling = noisy(lambda part: 1 + np.exp(-3 * part))
    falling[::40] = np.nan
    assert judge(STEPS, falling).trend is Trend.IMPROVING
    falling[300:] = np.nan
    assert judge(STEPS, falling).trend is Trend.DIVERGING
    assert judge(STEPS, np.full(len(STEPS), np.nan)).trend is Trend.DIVERGING


def test_single_outliers_change_nothing():
    flat = noisy(lambda part: 1 + 0 * part)
    flat[[250, 300, 390]] = 1e6
    assert judge(STEPS, flat).trend is Trend.FLAT


def test_a_falling_loss_says_by_how_much():
    steps = np.arange(0, 401)
    assert str(judge(steps, 4 - steps / 200)) == (
        "Still improving: over the last 200 steps the loss fell by 31 %; more time would help."
    )


def test_a_curve_whose_first_half_is_coarser_is_judged_by_its_steps():
    kept = np.concatenate([STEPS[:200:4], STEPS[200:]])
    falling = noisy(lambda part: 1 + np.exp(-3 * part))
    assert judge(kept, falling[kept - 1]).trend is Trend.IMPROVING


def test_two_networks_that_contest_are_not_told_to_be_at_an_end():
    stage = StageLosses("shape", 0)
    for step in STEPS:
        stage.add(int(step), {"shape": 1.0, "discriminator": 1.3})
    assert str(judge_stage(stage)) == (
        "A contest of two networks: losses need not fall while masks get better."
    )
    stage.terms.pop("discriminator")
    assert judge_stage(stage).trend is Trend.FLAT
