"""How views look: grey levels, colours, noise and apertures."""

import math
from dataclasses import replace

import pytest
import torch

from napari_localcl.methods.appearance import (
    AppearanceRanges,
    draw_apertures,
    draw_appearance,
    turned,
)

STILL = AppearanceRanges(0, 0, 0, 0, 0, 0)
SIZE = (64, 96)


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def looks(count=50, **given):
    return draw_appearance(count, replace(STILL, **given), chance())


def test_without_any_range_grey_levels_stay():
    views = torch.rand(4, 3, 8, 8)
    assert torch.allclose(looks(4).apply(views), views, atol=2e-4)


def test_brightness_contrast_and_gamma_stay_in_their_ranges():
    look = looks(brightness=0.4, contrast=0.3, gamma=1.0)
    assert 0.6 <= look.brightness.min() < look.brightness.max() <= 1.4
    assert 0.7 <= look.contrast.min() < look.contrast.max() <= 1.3
    assert 0.5 <= look.exponent.min() < look.exponent.max() <= 2


def test_contrast_keeps_the_mean_and_scales_the_rest():
    views = 0.4 + 0.2 * torch.rand(50, 1, 8, 8)
    look = looks(contrast=0.5)
    changed = look.apply(views)
    assert torch.allclose(changed.mean((1, 2, 3)), views.mean((1, 2, 3)), atol=1e-3)
    ratio = changed.std((1, 2, 3)) / views.std((1, 2, 3))
    assert torch.allclose(ratio, look.contrast, atol=1e-2)


def test_a_view_may_lose_its_colour():
    views = torch.rand(200, 3, 4, 4)
    grey = looks(200, grey=0.3).apply(views).std(dim=1).amax(dim=(1, 2)) < 1e-4
    assert 0.2 < grey.float().mean() < 0.4


def test_black_and_white_stay_finite():
    look = looks(brightness=0.9, contrast=0.9, gamma=2.0)
    for level in (0.0, 1.0):
        assert look.apply(torch.full((50, 1, 4, 4), level)).isfinite().all()


def test_noise_belongs_to_the_view_and_not_to_the_batch():
    look = looks(6, noise=0.2)
    views = torch.full((6, 1, 16, 16), 0.5)
    changed = look.apply(views)
    spread = (changed - 0.5).std((1, 2, 3))
    assert torch.allclose(spread, look.noise, rtol=0.2, atol=0.01)
    assert torch.equal(look[2:4].apply(views[2:4]), changed[2:4])
    assert len(look[2:4]) == 2


def test_some_views_are_changed_and_the_others_stay():
    look = looks(400, brightness=0.4, contrast=0.4, changed=0.5)
    still = (look.brightness == 1) & (look.contrast == 1)
    assert 0.4 < still.float().mean() < 0.6


def test_colours_turn_about_grey():
    third = torch.tensor([0.0, 2 * math.pi / 3])
    red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(2, 3, 2, 2)
    turns = turned(red, third)[..., 0, 0]
    assert torch.allclose(turns[0], torch.tensor([1.0, 0.0, 0.0]), atol=1e-6)
    assert sorted(turns[1].round(decimals=5).abs().tolist()) == [0, 0, 1], "another pure colour"
    grey = torch.full((2, 3, 2, 2), 0.5)
    assert torch.allclose(turned(grey, third), grey)
    assert looks(100, hue=0.1).turn.abs().max() <= 0.1 * 2 * math.pi


def test_filters_are_as_frequent_and_as_strong_as_asked():
    look = looks(400, blur=0.5, blur_width=1.5, sharpen=0.3, even=0.2)
    for values, part, low, high in (
        (look.blur, 0.5, 0.1, 1.5),
        (look.sharpness, 0.3, 0.2, 0.5),
        (look.evenness, 0.2, 1.0, 4.0),
    ):
        some = values[values > 0]
        assert part - 0.1 < len(some) / 400 < part + 0.1
        assert low <= some.min() < some.max() <= high


def test_what_is_not_asked_for_draws_nothing():
    plain, blurry = looks(8, noise=0.1), looks(8, noise=0.1, blur=0.5)
    assert torch.equal(plain.noise, blurry.noise)
    first, second = chance(), chance()
    draw_appearance(8, STILL, first)
    for _ in range(6):
        torch.rand(8, generator=second)
    torch.randint(2**31, (8,), generator=second)
    assert torch.equal(first.get_state(), second.get_state()), "as before there were filters"


# Apertures


def apertures(count=100, probability=1.0):
    return draw_apertures(count, SIZE, probability, chance())


def test_what_an_aperture_closes_is_filled_and_the_rest_stays():
    drawn = apertures()
    views = torch.rand(100, 3, *SIZE, generator=chance()) + 2
    changed = drawn.apply(views)
    rows, columns = (torch.arange(float(n)) for n in SIZE)
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1).view(1, -1, 2)
    shown = drawn.shows(grid.expand(100, -1, -1)).view(100, 1, *SIZE).expand(-1, 3, -1, -1)
    assert torch.equal(changed[shown], views[shown])
    closed = torch.where(shown, torch.nan, changed).flatten(1)
    assert torch.allclose(closed.nanmean(dim=1), drawn.fill)
    assert changed[~shown].min() >= 0
    assert changed[~shown].max() <= 1


def test_an_aperture_leaves_the_view_partly_open():
    drawn = apertures()
    shown = (drawn.apply(torch.full((100, 1, *SIZE), 7.0)) == 7).float().mean(dim=(1, 2, 3))
    assert shown.min() > 0.1
    assert shown.max() < 1
    assert 0.3 < shown.mean() < 0.9


@pytest.mark.parametrize(("probability", "low", "high"), [(0, 0, 0), (0.5, 30, 70), (1, 100, 100)])
def test_apertures_are_as_frequent_as_asked(probability, low, high):
    views = torch.full((100, 1, *SIZE), 7.0)
    closed = (apertures(probability=probability).apply(views) != 7).flatten(1).any(dim=1)
    assert low <= closed.sum() <= high


def test_a_part_of_the_apertures_are_those_apertures():
    drawn, views = apertures(6), torch.rand(6, 1, *SIZE)
    assert len(drawn[2:4]) == 2
    assert torch.equal(drawn[2:4].apply(views[2:4]), drawn.apply(views)[2:4])
