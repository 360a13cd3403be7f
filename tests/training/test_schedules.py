"""Schedules, as tables."""

import pytest

from napari_localcl.training.schedules import along_cosine, cosine, halving


@pytest.mark.parametrize(
    ("fraction", "factor"), [(0.0, 0.01), (0.01, 0.505), (0.02, 1.0), (0.51, 0.505), (1.0, 0.01)]
)
def test_the_cosine_warms_up_and_falls(fraction, factor):
    assert cosine(fraction) == pytest.approx(factor)


@pytest.mark.parametrize(("fraction", "factor"), [(0.0, 0.01), (0.05, 0.505), (0.1, 1.0)])
def test_the_warm_up_is_as_long_as_asked(fraction, factor):
    assert cosine(fraction, warm_up=0.1) == pytest.approx(factor)


@pytest.mark.parametrize(("fraction", "value"), [(0, 2), (0.5, 3), (1, 4), (1.2, 4)])
def test_a_number_goes_from_one_to_another(fraction, value):
    assert along_cosine(2, 4, fraction) == pytest.approx(value)


@pytest.mark.parametrize(("fraction", "factor"), [(0.0, 1), (0.3, 1), (0.34, 0.5), (1.0, 0.25)])
def test_the_halving_schedule_halves(fraction, factor):
    assert halving(fraction) == factor


@pytest.mark.parametrize("schedule", [cosine, halving])
def test_a_schedule_stays_in_bounds_outside_the_stage(schedule):
    assert schedule(-0.1) == schedule(0.0)
    assert schedule(1.3) == schedule(1.0)
