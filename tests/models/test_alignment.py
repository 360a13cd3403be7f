"""Aligning images whose correspondence is known."""

import pytest
import torch
from fourier import AFFINE, BEND, SIZE, errors, plain, pyramid, same, some_points

from napari_localcl.models.alignment import coarse_matches, fit_smooth_map, smooth_map
from napari_localcl.models.sampling import cell_centres

WARPS = [AFFINE, BEND]


def test_an_image_matches_itself_cell_by_cell():
    joined = pyramid(same).coarse(8)
    found = coarse_matches(joined, joined, 8)
    assert torch.equal(found.targets[0], cell_centres(SIZE, 8))
    assert torch.equal(found.sources, found.targets)
    assert torch.allclose(found.weights, torch.ones(()), atol=1e-4)


def test_every_third_cell_is_matched_like_all_of_them():
    images = pyramid(same, AFFINE)
    first, second = images[:1].coarse(8), images[1:].coarse(8)
    whole, part = (coarse_matches(first, second, 8, every) for every in (1, 3))
    chosen = torch.isin(whole.sources[0, :, 0], part.sources[0, :, 0]) & torch.isin(
        whole.sources[0, :, 1], part.sources[0, :, 1]
    )
    assert torch.equal(whole.targets[:, chosen], part.targets)
    assert torch.equal(whole.weights[:, chosen], part.weights)


def test_cells_that_do_not_match_back_are_not_trusted():
    # The second image shows the left half twice: its right half is found, but never finds back.
    first = pyramid(same).coarse(8)
    second = first.clone()
    second[:, :, 8:] = second[:, :, :8]
    weights = coarse_matches(first, second, 8).weights
    right = cell_centres(SIZE, 8)[:, 1] > 96
    assert (weights[0, right] == 0).float().mean() > 0.9


@pytest.mark.parametrize("warp", WARPS, ids=["affine", "bend"])
def test_the_smooth_map_leads_to_within_half_a_cell(warp):
    images = pyramid(same, warp)
    one, other = images[:1].coarse(8), images[1:].coarse(8)
    lead = smooth_map(one, other, 8, SIZE, reach=24.0)
    error = errors(lead(some_points()), warp.back(some_points()))
    assert error.mean() < 2
    assert error.max() < 4


def test_the_affine_map_is_exact_on_exact_matches():
    sources = cell_centres(SIZE, 8).unsqueeze(0)
    fit = fit_smooth_map(sources, AFFINE.back(sources), torch.ones(1, 256), SIZE, reach=24.0)
    assert errors(fit(some_points()), AFFINE.back(some_points())).max() < 0.1


def test_wrong_matches_do_not_break_the_fit():
    chance = torch.Generator().manual_seed(3)
    sources = cell_centres(SIZE, 8).unsqueeze(0)
    targets = AFFINE.back(sources)
    wrong = torch.rand(1, 256, generator=chance) < 0.3
    anywhere = torch.rand(1, 256, 2, generator=chance) * SIZE[0]
    targets = torch.where(wrong.unsqueeze(2), anywhere, targets)
    fit = fit_smooth_map(sources, targets, torch.ones(1, 256), SIZE, reach=24.0)
    assert errors(fit(some_points()), AFFINE.back(some_points())).max() < 2


def test_matches_without_weight_are_left_out():
    sources = cell_centres(SIZE, 8).unsqueeze(0)
    weights = (sources[..., 0] < 64).float()
    targets = torch.where(weights.unsqueeze(2) > 0, sources + 3, torch.zeros(()))
    fit = fit_smooth_map(sources, targets, weights, SIZE, reach=24.0)
    assert errors(fit(some_points()), some_points() + 3).max() < 0.1


def test_images_of_a_batch_are_fitted_apart():
    images = pyramid(same, same, AFFINE)
    both = images[torch.tensor([0, 0])].coarse(8), images[torch.tensor([1, 2])].coarse(8)
    together = smooth_map(*both, 8, SIZE, reach=24.0)(some_points().expand(2, -1, -1))
    alone = smooth_map(both[0][1:], both[1][1:], 8, SIZE, reach=24.0)(some_points())
    assert torch.allclose(together[1:], alone, atol=1e-2)
    assert errors(together[:1], some_points()).max() < 0.5


@pytest.mark.parametrize("second", [plain(), -plain()], ids=["all alike", "nothing alike"])
def test_images_that_say_nothing_give_a_finite_map(second):
    lead = smooth_map(plain(), second, 8, SIZE, reach=24.0)
    assert lead(some_points()).isfinite().all()
