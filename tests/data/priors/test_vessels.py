from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import skeletonize

from napari_localcl.data.priors import build_prior
from napari_localcl.data.priors.growth import grow
from napari_localcl.data.priors.vessels import VesselSettings

CANVAS = (128, 128)


def lengths(drawn) -> np.ndarray:
    """Length and mean width of each mask's vessels, in pixels."""
    long = np.array([skeletonize(mask).sum() for mask in drawn])
    return np.stack([long, drawn.sum(axis=(1, 2)) / long], axis=1)


def test_a_tree_covers_a_retinas_share_of_the_image_within_its_circle(chance):
    drawn = build_prior("vessels", {}).draw(20, CANVAS, chance)
    assert 0.06 < drawn.mean() < 0.2
    y, x = np.indices(CANVAS) - 63.5
    assert not drawn[:, np.hypot(y, x) > 65].any()


def test_all_vessels_hang_together(chance):
    for mask in build_prior("vessels", {}).draw(10, CANVAS, chance):
        parts, count = ndimage.label(mask, np.ones((3, 3)))
        largest = max(np.sum(parts == part) for part in range(1, count + 1))
        assert largest > 0.97 * mask.sum()


def test_no_two_trees_are_alike_but_the_same_chance_grows_the_same():
    prior = build_prior("vessels", {})
    once, twice = (prior.draw(3, CANVAS, np.random.default_rng(1)) for _ in range(2))
    assert (once == twice).all()
    assert len({mask.tobytes() for mask in once}) == 3


@pytest.mark.parametrize(
    ("setting", "low", "high", "column"),
    [("width", 0.01, 0.04, 1), ("density", 0, 15, 0), ("branching", 0, 3, 0), ("trunks", 2, 16, 0)],
)
def test_a_setting_does_what_it_says(setting, low, high, column):
    few, many = (
        lengths(build_prior("vessels", {setting: value}).draw(8, CANVAS, np.random.default_rng(0)))
        for value in (low, high)
    )
    assert many[:, column].mean() > 1.3 * few[:, column].mean()


def test_tortuous_vessels_wind(chance):
    settings = {"branching": 0, "trunks": 1, "origin": "edge"}

    def winding(tortuosity: float) -> float:
        path = grow(30, CANVAS, VesselSettings(**settings, tortuosity=tortuosity), chance)
        return float(np.abs(path["bend"]).mean())

    assert winding(0) == 0
    assert winding(2) > 1.5 * winding(1) > 0


def test_vessels_taper(chance):
    settings = VesselSettings(branching=0, trunks=1, taper=0.8)
    mask = build_prior("vessels", settings.model_dump()).draw(1, (256, 256), chance)[0]
    width = 2 * ndimage.distance_transform_edt(mask)[skeletonize(mask)]
    assert np.percentile(width, 90) > 1.7 * np.percentile(width, 10)


def test_branches_do_not_run_into_vessels_that_are_there(chance):
    settings = VesselSettings(trunks=1, origin="edge", tortuosity=0)
    path = grow(5, CANVAS, settings, chance)
    late = path[(path["generation"] > 0) & (path["grown"] > 0.05)]
    owner = {}
    for tip in late:
        cell = (tip["tree"], int(tip["y"] / 0.006), int(tip["x"] / 0.006))
        owner.setdefault(cell, set()).add(int(tip["name"]))
    shared = np.mean([len(names) > 1 for names in owner.values()])
    assert shared < 0.05


def test_trees_that_enter_at_the_edge_may_fill_a_whole_canvas(chance):
    drawn = build_prior("vessels", {"origin": "edge", "field": "full"}).draw(20, (64, 128), chance)
    seen = drawn.any(axis=0)
    assert seen[:, :8].any()
    assert seen[:, -8:].any()


def test_a_vessel_is_never_thinner_than_a_pixel(chance):
    drawn = build_prior("vessels", {"width": 0.005, "finest": 0.001}).draw(3, (64, 64), chance)
    assert drawn.any(axis=(1, 2)).all()
