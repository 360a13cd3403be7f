"""Curves of probabilities against the truth."""

import numpy as np
import pytest

from napari_localcl.tasks.series.curves import draw_curves

NAN = float("nan")


def test_the_curves_of_five_series_are_as_by_hand():
    told = np.array([0.92, 0.8, 0.8, 0.15, NAN, 0.1])
    truth = np.array([1.0, 1.0, 0.0, 0.0, 1.0, NAN])
    found = draw_curves(told, truth)
    # The two of the same probability are called together.
    assert found.false_alarms.tolist() == [0, 0, 0.5, 1]
    assert found.sensitivity.tolist() == [0, 0.5, 1, 1]
    assert found.recall.tolist() == [0.5, 1, 1]
    assert found.precision.tolist() == pytest.approx([1, 2 / 3, 0.5])
    assert found.told.tolist() == pytest.approx([0.15, 0.8, 0.92])
    assert found.observed.tolist() == [0, 0.5, 1]
    assert found.counts.tolist() == [1, 2, 1]
    assert found.prevalence == 0.5


def test_there_are_no_curves_of_one_class():
    assert draw_curves(np.array([0.1, 0.9]), np.array([1.0, 1.0])) is None
