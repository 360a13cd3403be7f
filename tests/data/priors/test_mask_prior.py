from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_localcl.data.errors import BadInput
from napari_localcl.data.priors.mask_prior import MaskPrior, MaskSettings

STILL = {"rotation": 0, "zoom": 1, "aspect": 0, "shift": 0, "elastic": 0}


def still(**changes) -> MaskSettings:
    return MaskSettings(**{**STILL, **changes})


@pytest.fixture
def folder(disc, save):
    for name in "abc":
        path = save(f"{name}.png", disc)
    return path.parent


def middle(mask) -> np.ndarray:
    return np.argwhere(mask).mean(axis=0)


def test_three_masks_that_do_not_vary_are_drawn_as_they_are(folder, disc, chance):
    drawn = MaskPrior(folder, still()).draw(4, (48, 64), chance)
    assert drawn.dtype == bool
    assert (drawn == disc).all()


def test_what_touches_the_edge_of_a_mask_is_kept(save, chance):
    half = np.zeros((48, 64), bool)
    half[:, :20] = True
    for name in "abc":
        path = save(f"{name}.png", half)
    assert (MaskPrior(path.parent, still()).draw(1, (48, 64), chance)[0] == half).all()


def test_fewer_than_three_masks_must_vary(disc, save):
    path = save("disc.png", disc)
    with pytest.raises(BadInput, match=r"disc\.png holds 1 mask, too few without variation"):
        MaskPrior(path, still())
    MaskPrior(path, still(rotation=5))


def test_a_mask_is_fitted_to_the_canvas_with_its_aspect(folder, chance):
    (drawn,) = MaskPrior(folder, still()).draw(1, (128, 128), chance)
    # Twice as large, and 16 rows lower: 48 x 64 pixels fill 96 of the 128 rows.
    np.testing.assert_allclose(middle(drawn), (2 * 20.5 - 0.5 + 16, 2 * 30.5 - 0.5), atol=0.3)
    assert drawn.sum() == pytest.approx(4 * np.pi * 10.3**2, rel=0.08)


def test_scale_changes_the_size_and_not_the_place(folder, disc, chance):
    (drawn,) = MaskPrior(folder, still(scale=0.5)).draw(1, (48, 64), chance)
    assert drawn.sum() == pytest.approx(disc.sum() / 4, rel=0.2)
    np.testing.assert_allclose(middle(drawn), (20, 30), atol=0.5)


def test_zoom_is_the_largest_factor_either_way(folder, disc, chance):
    drawn = MaskPrior(folder, still(zoom=1.5)).draw(200, (48, 64), chance)
    factors = np.sqrt(drawn.sum(axis=(1, 2)) / disc.sum())
    assert 1 / 1.6 < factors.min() < 0.75
    assert 1.3 < factors.max() < 1.6
    # Halving is as likely as doubling.
    assert np.exp(np.mean(np.log(factors))) == pytest.approx(1, abs=0.06)


def test_rotation_turns_about_the_shapes_own_middle(save, chance):
    bar = np.zeros((64, 64), bool)
    bar[20:23, 10:40] = True
    turning = still(rotation=90, position="kept")
    drawn = MaskPrior(save("bar.png", bar), turning).draw(100, (64, 64), chance)
    spreads = np.array([np.argwhere(mask).std(axis=0) for mask in drawn])
    assert spreads[:, 0].max() > 8
    assert spreads[:, 0].min() < 2
    np.testing.assert_allclose([middle(mask) for mask in drawn], [(21, 24.5)] * 100, atol=0.6)


def test_a_mirrored_shape_lies_at_the_mirrored_place(folder, chance):
    drawn = MaskPrior(folder, still(mirror=True)).draw(40, (48, 64), chance)
    columns = {round(middle(mask)[1]) for mask in drawn}
    assert columns == {30, 63 - 30}
    assert {round(middle(mask)[0]) for mask in drawn} == {20}


def test_shift_moves_by_up_to_a_part_of_the_shorter_side(folder, chance):
    drawn = MaskPrior(folder, still(shift=0.1)).draw(100, (48, 64), chance)
    away = np.array([middle(mask) for mask in drawn]) - (20, 30)
    assert 4 < np.abs(away).max() <= 5.2


def test_a_shape_that_may_lie_anywhere_is_wholly_seen_everywhere(folder, disc, chance):
    prior = MaskPrior(folder, still(position="anywhere"))
    drawn = prior.draw(200, (48, 64), chance)
    assert np.abs(drawn.sum(axis=(1, 2)) / disc.sum() - 1).max() < 0.1
    places = np.array([middle(mask) for mask in drawn])
    assert places.min(axis=0) == pytest.approx((10, 10), abs=2)
    assert places.max(axis=0) == pytest.approx((37, 53), abs=2)


def test_a_bent_shape_keeps_its_place_and_its_holes(save, chance):
    y, x = np.indices((64, 64))
    away = np.hypot(y - 32, x - 32)
    ring = (away < 20) & (away > 12)
    bending = still(elastic=0.02, position="kept")
    drawn = MaskPrior(save("ring.png", ring), bending).draw(30, (64, 64), chance)
    assert len({mask.sum() for mask in drawn}) > 10
    for mask in drawn:
        assert ndimage.label(mask)[1] == 1
        assert ndimage.label(~mask)[1] == 2


def test_the_same_chance_draws_the_same_masks(folder):
    once, twice = (
        MaskPrior(folder, MaskSettings()).draw(5, (48, 64), np.random.default_rng(3))
        for _ in range(2)
    )
    assert (once == twice).all()
    assert len({mask.tobytes() for mask in once}) == 5


def test_thin_lines_stay_whole_with_a_small_cover(save, chance):
    lines = np.zeros((256, 256), bool)
    lines[::32] = True
    for name in ("lines", "more lines", "yet more lines"):
        path = save(f"{name}.png", lines)
    # One of four rows of a pixel is covered.
    assert MaskPrior(path.parent, still(cover=0.1)).draw(1, (64, 64), chance)[0].sum() == 8 * 64
    with pytest.raises(BadInput, match=r"nothing is left of the shape of lines\.png .* 64 x 64"):
        MaskPrior(path.parent, still(cover=0.6)).draw(1, (64, 64), chance)


def test_a_shape_too_small_for_the_canvas_is_not_drawn(folder, disc, save, chance):
    dot = np.zeros_like(disc)
    dot[40, 60] = True
    save("dot.png", dot)
    drawn = MaskPrior(folder, still(scale=0.3)).draw(40, (48, 64), chance)
    assert drawn.any(axis=(1, 2)).all()


def test_a_prior_says_whether_its_masks_keep_their_place(folder):
    assert MaskPrior(folder, MaskSettings()).located
    assert not MaskPrior(folder, MaskSettings(position="anywhere")).located
    assert MaskPrior(folder, MaskSettings()).title == f"3 masks of {folder}"


def test_one_or_two_masks_do_not_tell_where_a_structure_may_lie(folder, save):
    assert MaskPrior(folder, MaskSettings()).located
    one = np.zeros((48, 64), np.uint8)
    one[10:20, 10:20] = 1
    path = save("alone/one.png", one)
    assert not MaskPrior(path, MaskSettings()).located
    assert MaskPrior(path, MaskSettings(position="kept")).located
