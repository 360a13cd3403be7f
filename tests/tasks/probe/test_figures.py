"""Figures, controls and skills."""

import numpy as np
import pytest

from napari_localcl.tasks.probe.figures import Figure, Kind

RATE = Kind("rate", "rate", "", "places", is_ranked=True)
ERROR = Kind("error", "error", "", "places", best=0.0, unit="px")


def test_skill_is_0_at_the_control_and_1_at_the_best_whatever_the_unit():
    assert Figure.of(RATE, [0.6, 0.6], 0.2).skill == pytest.approx(0.5)
    assert Figure.of(ERROR, [10.0, 10.0], 40.0).skill == pytest.approx(0.75)
    assert Figure.of(ERROR, [50.0, 50.0], 40.0).skill < 0


def test_a_difference_within_its_scatter_is_not_clear():
    clear, vague = [0.5, 0.6, 0.55, 0.5], [0.9, -0.5, 0.3, 0.1]
    assert Figure.of(RATE, clear, 0.1).beats_control
    assert not Figure.of(RATE, vague, 0.1).beats_control


def test_encoders_are_compared_image_by_image():
    base = np.random.default_rng(0).random(20)
    first, second = (Figure.of(RATE, base + by, 0.0) for by in (0.05, 0.0))
    assert first.clearly_beats(second)
    assert not second.clearly_beats(first)


def test_what_was_not_measured_is_left_out():
    figure = Figure.of(RATE, [0.5, np.nan, 0.7], 0.0)
    assert figure.value == pytest.approx(0.6)
    assert np.isnan(Figure.of(RATE, [np.nan]).value)


def test_a_control_that_is_perfect_leaves_nothing_to_show():
    assert Figure.of(RATE, [1.0, 1.0], 1.0).skill == 0
