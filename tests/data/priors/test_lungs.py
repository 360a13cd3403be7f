from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_localcl.data.priors import build_prior

CANVAS = (160, 160)
UPRIGHT = {"rotation": 0, "elastic": 0, "spread": 0, "shape": 0}


def test_there_are_two_lungs_beside_each_other(chance):
    prior = build_prior("lungs", {})
    assert prior.located
    for mask in prior.draw(40, CANVAS, chance):
        parts, count = ndimage.label(mask)
        assert count == 2
        (left_y, left_x), (right_y, right_x) = ndimage.center_of_mass(mask, parts, (1, 2))
        assert abs(left_x - right_x) > 30
        assert abs(left_y - right_y) < 40


def test_lungs_are_as_high_and_as_wide_as_said(chance):
    settings = {**UPRIGHT, "smallest": 0.7, "largest": 0.7, "slimmest": 1, "broadest": 1}
    (mask,) = build_prior("lungs", settings).draw(1, CANVAS, chance)
    height, width = np.ptp(np.argwhere(mask), axis=0) + 1
    assert height == pytest.approx(0.7 * 160, abs=3)
    assert width == pytest.approx(0.7 * 160, abs=4)


def test_a_lung_is_narrow_at_its_apex_and_hollow_at_its_base(chance):
    (mask,) = build_prior("lungs", UPRIGHT).draw(1, CANVAS, chance)
    rows = np.flatnonzero(mask.any(axis=1))
    half = mask[:, :80]
    apex, base = (half[rows[0] + round(part * np.ptp(rows))].sum() for part in (0.08, 0.7))
    assert base > 1.5 * apex
    # Below the dome of the diaphragm only the corner at the ribs is left.
    lowest = np.flatnonzero(half[rows[-1] - 3])
    assert lowest.max() < np.flatnonzero(half.any(axis=0)).mean()


def test_the_heart_takes_its_room_from_the_lung_on_the_right_of_the_image(chance):
    drawn = build_prior("lungs", {**UPRIGHT, "heart": 0.15}).draw(5, CANVAS, chance)
    assert (drawn[:, :, 80:].sum(axis=(1, 2)) < 0.95 * drawn[:, :, :80].sum(axis=(1, 2))).all()
    even = build_prior("lungs", {**UPRIGHT, "heart": 0}).draw(1, CANVAS, chance)[0]
    assert np.mean(even != even[:, ::-1]) < 0.03


def test_lungs_lie_where_they_are_said_to(chance):
    drawn = build_prior("lungs", {"y": 0.6, "x": 0.4, "largest": 0.6}).draw(60, CANVAS, chance)
    middles = [np.argwhere(mask).mean(axis=0) for mask in drawn]
    np.testing.assert_allclose(np.mean(middles, axis=0), (0.6 * 160, 0.4 * 160), atol=6)
