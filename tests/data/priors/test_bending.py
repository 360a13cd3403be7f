from __future__ import annotations

import numpy as np
import pytest

from napari_localcl.data.priors.bending import bend


def test_a_bend_has_the_deviation_asked_for(chance):
    moved = np.stack([bend((64, 96), 0.02, chance) for _ in range(300)])
    assert moved.shape == (300, 2, 64, 96)
    assert moved.std() == pytest.approx(0.02 * 64, rel=0.05)


def test_a_bend_moves_nothing_as_a_whole_and_is_smooth(chance):
    moved = bend((64, 64), 0.02, chance)
    assert np.abs(moved.mean(axis=(1, 2))).max() < 1e-3
    # Neighbours move nearly alike, so nothing is torn or folded.
    assert np.abs(np.diff(moved, axis=1)).max() < 0.5
    assert np.abs(np.diff(moved, axis=2)).max() < 0.5


def test_no_bend_is_no_work(chance):
    assert not bend((64, 64), 0.0, chance).any()
