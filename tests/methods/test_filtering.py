"""Filters of views: blur, sharpening, local evening."""

import math

import pytest
import torch

from napari_localcl.methods.filtering import blurred, evened, sharpened

NONE = torch.zeros(1)


def bright_pixel(count=1, channels=1):
    views = torch.zeros(count, channels, 15, 15)
    views[:, :, 7, 7] = 1
    return views


def test_one_bright_pixel_becomes_a_bell_of_the_views_own_width():
    soft = blurred(bright_pixel(3, channels=2), torch.tensor([0.0, 1.0, 2.0]))
    assert torch.equal(soft[0], bright_pixel(channels=2)[0]), "a width of 0 changes nothing"
    assert torch.allclose(soft[1].sum(dim=(1, 2)), torch.ones(2), atol=1e-4)
    for view, sigma in ((1, 1), (2, 2)):
        fall = (soft[view, 1, 7, 9] / soft[view, 1, 7, 7]).item()
        assert fall == pytest.approx(math.exp(-(2**2) / (2 * sigma**2)), rel=1e-3)
        assert soft[view, 0, 5, 7] == pytest.approx(soft[view, 0, 7, 9].item(), rel=1e-3)


def test_a_part_of_the_views_is_blurred_as_all_of_them_are():
    views, sigma = torch.rand(4, 3, 20, 24), torch.tensor([0.5, 0.0, 1.0, 1.5])
    assert torch.allclose(blurred(views[:2], sigma[:2]), blurred(views, sigma)[:2], atol=1e-4)


def test_an_edge_is_sharpened_by_its_own_strength_and_a_plain_stays():
    views = torch.full((2, 1, 6, 8), 0.4)
    views[..., 4:] = 0.6
    sharp = sharpened(views, torch.tensor([0.25, 0.0]), torch.ones(2))
    assert torch.equal(sharp[1], views[1])
    # Three of the eight neighbours are 0.2 darker or brighter.
    expected = [0.4, 0.4, 0.4, 0.4 - 0.25 * 0.6, 0.6 + 0.25 * 0.6, 0.6, 0.6, 0.6]
    for row in sharp[0, 0]:
        assert row.tolist() == pytest.approx(expected, abs=1e-6)


def test_lightness_is_the_part_of_the_grey_level_that_is_kept():
    plain = torch.full((1, 3, 5, 5), 0.5)
    darker = sharpened(plain, torch.tensor([0.5]), torch.tensor([0.6]))
    assert torch.allclose(darker, torch.tensor(0.5 * (0.5 + 0.5 * 0.6)))


def test_a_faint_ramp_is_evened_to_the_whole_range_where_nothing_is_cut():
    views = torch.linspace(0.45, 0.55, 64).view(1, 1, 1, 64).expand(1, 1, 64, 64)
    wide = evened(views, torch.tensor([1000.0]))
    assert wide.max() == pytest.approx(1, abs=0.01)
    assert wide.max() - wide.min() > 0.5 > views.max() - views.min()
    assert torch.equal(evened(views, NONE), views)


def test_a_low_limit_keeps_levels_nearly_as_they_are():
    views = torch.rand(1, 1, 128, 128, generator=torch.Generator().manual_seed(0))
    # Each level counts at most as often as the mean level: the curve is nearly straight.
    assert (evened(views, torch.tensor([1.0])) - views).abs().max() < 0.15


def test_all_channels_are_evened_alike_so_that_colours_stay():
    grey = 0.3 + 0.4 * torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    colour = grey + torch.tensor([0.02, 0.0, -0.02]).view(3, 1, 1)
    changed = evened(colour, torch.tensor([1.0]))
    inner = ((changed > 0) & (changed < 1)).all(dim=1)
    apart = changed[:, 0] - changed[:, 2]
    assert torch.allclose(apart[inner], torch.tensor(0.04), atol=1e-5)
    assert not torch.allclose(changed, colour, atol=0.01)


def test_evening_is_like_that_of_scikit_image():
    from skimage.exposure import equalize_adapthist

    rows, columns = torch.meshgrid(*(torch.linspace(0, 1, 64),) * 2, indexing="ij")
    scene = 0.3 + 0.2 * rows + 0.05 * torch.sin(20 * columns)
    ours = evened(scene.view(1, 1, 64, 64), torch.tensor([2.56]))[0, 0]
    theirs = torch.from_numpy(equalize_adapthist(scene.numpy(), 8, clip_limit=0.01, nbins=256))
    both = torch.stack([ours.flatten(), theirs.float().flatten()])
    assert torch.corrcoef(both)[0, 1] > 0.9
