"""Ellipses and rings."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_localcl.data.priors import build_prior

CANVAS = (96, 128)
EXACT = {"elastic": 0, "elongation": 1}


def middles(drawn) -> np.ndarray:
    return np.array([np.argwhere(mask).mean(axis=0) for mask in drawn])


def diameters(drawn) -> np.ndarray:
    return 2 * np.sqrt(drawn.sum(axis=(1, 2)) / np.pi)


def test_ellipses_have_diameters_in_their_range(chance):
    settings = {**EXACT, "smallest": 0.2, "largest": 0.5}
    drawn = build_prior("ellipse", settings).draw(200, CANVAS, chance)
    found = diameters(drawn) / 96
    assert found.min() == pytest.approx(0.2, abs=0.02)
    assert found.max() == pytest.approx(0.5, abs=0.02)


def test_ellipses_are_as_long_as_allowed(chance):
    settings = {"elastic": 0, "elongation": 3, "smallest": 0.3, "largest": 0.3}
    drawn = build_prior("ellipse", settings).draw(200, CANVAS, chance)
    spreads = [np.linalg.eigvalsh(np.cov(np.argwhere(mask).T)) for mask in drawn]
    ratios = np.array([np.sqrt(long / short) for short, long in spreads])
    assert ratios.min() == pytest.approx(1, abs=0.1)
    assert ratios.max() == pytest.approx(3, abs=0.25)


@pytest.mark.parametrize("family", ["ellipse", "ring"])
def test_anywhere_is_everywhere_but_not_over_the_edge(family, chance):
    settings = {"elastic": 0, "smallest": 0.25, "largest": 0.25, "elongation": 1}
    prior = build_prior(family, settings)
    drawn = prior.draw(300, CANVAS, chance)
    assert not prior.located
    first = np.array([np.argwhere(mask).min(axis=0) for mask in drawn])
    last = np.array([np.argwhere(mask).max(axis=0) for mask in drawn])
    assert first.min(axis=0) == pytest.approx((0, 0), abs=2)
    assert last.max(axis=0) == pytest.approx((95, 127), abs=2)
    assert (last - first >= 22).all()


@pytest.mark.parametrize("family", ["ellipse", "ring"])
def test_a_given_place_is_kept_to_with_its_spread(family, chance):
    settings = {"position": "around", "y": "0.25", "x": 0.75, "spread": 0.02, "largest": 0.3}
    prior = build_prior(family, settings)
    places = middles(prior.draw(200, CANVAS, chance))
    assert prior.located
    np.testing.assert_allclose(places.mean(axis=0), (23.5, 95.5), atol=0.6)
    np.testing.assert_allclose(places.std(axis=0), 0.02 * 96, rtol=0.3)


def test_the_smallest_ellipse_is_still_a_pixel(chance):
    drawn = build_prior("ellipse", {"smallest": 0.01, "largest": 0.01}).draw(50, (32, 32), chance)
    assert drawn.any(axis=(1, 2)).all()


def test_a_ring_is_closed_around_one_hole(chance):
    for mask in build_prior("ring", {}).draw(60, CANVAS, chance):
        assert ndimage.label(mask)[1] == 1
        assert ndimage.label(~mask)[1] == 2


def test_the_wall_of_a_ring_is_as_thick_as_said(chance):
    wall = {"thinnest": 0.1, "thickest": 0.1, "uneven": 0}
    settings = {**EXACT, **wall, "smallest": 0.8, "largest": 0.8}
    drawn = build_prior("ring", settings).draw(5, CANVAS, chance)
    # Of a disc of diameter 1, a wall of 0.1 takes 1 - 0.8 squared.
    whole = np.pi / 4 * (0.8 * 96) ** 2
    np.testing.assert_allclose(drawn.sum(axis=(1, 2)), 0.36 * whole, rtol=0.03)


def test_even_a_thin_wall_is_seen_on_a_small_canvas(chance):
    settings = {"smallest": 0.3, "largest": 0.3, "thinnest": 0.01, "thickest": 0.01}
    for mask in build_prior("ring", settings).draw(30, (64, 64), chance):
        assert ndimage.label(~mask)[1] == 2
