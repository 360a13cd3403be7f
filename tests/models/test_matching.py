"""Matching pyramids whose correspondence is known."""

import fourier
import pytest
import torch
from fourier import SIZE, Affine, Bend, pyramid, same

from napari_localcl.models.matching import (
    Pyramid,
    coarse_matches,
    correspond,
    fit_smooth_map,
    search,
    smooth_map,
    sub_cell_peak,
)
from napari_localcl.models.sampling import cell_centres

AFFINE = Affine(degrees=8, zoom=1.1, shift=(5.0, -4.0))
WARPS = [AFFINE, Bend()]


def points(margin=28.0, count=60):
    chance = torch.Generator().manual_seed(1)
    span = torch.tensor(SIZE) - 1 - 2 * margin
    return margin + torch.rand(1, count, 2, generator=chance) * span


def errors(found, wanted):
    return (found - wanted).norm(dim=-1)


def empty(stride=8, width=4):
    """Embeddings that say nothing."""
    return torch.ones(1, SIZE[0] // stride, SIZE[1] // stride, width) / width**0.5


# Pyramid


def test_a_pyramid_reads_its_cells_at_their_centres():
    images = pyramid(same, AFFINE)
    centres = cell_centres(SIZE, 8).expand(2, -1, -1)
    assert torch.allclose(images.at(centres)[8], images.maps[8].flatten(1, 2), atol=1e-4)


def test_choosing_images_copies_nothing():
    images = pyramid(same, AFFINE, Bend())
    chosen = images[torch.tensor([2, 0, 2])]
    assert len(chosen) == 3
    assert all(chosen.maps[s].data_ptr() == images.maps[s].data_ptr() for s in images.strides)
    again = chosen[1:]
    assert torch.equal(again.level(4), images.level(4)[[0, 2]])
    assert torch.equal(again.at(points().expand(2, -1, -1))[8][0], images[:1].at(points())[8][0])


def test_cells_are_those_of_the_rows_and_columns_and_of_the_chosen_images():
    images = pyramid(same, AFFINE)[torch.tensor([1])]
    rows, columns = torch.tensor([[[3, 4]]]), torch.tensor([[[5, 6, 7]]])
    cells = images.cells(8, rows, columns)
    assert cells.shape == (1, 1, 2, 3, images.maps[8].shape[3])
    assert torch.allclose(cells[0, 0, 1, 2], images.maps[8][1, 4, 7])


def test_levels_join_to_unit_vectors_at_the_stride_asked_for():
    joined = pyramid(same).coarse(8)
    assert joined.shape[:3] == (1, SIZE[0] // 8, SIZE[1] // 8)
    assert torch.allclose(joined.norm(dim=3), torch.ones(()), atol=1e-5)


def test_vectors_kept_as_bytes_give_nearly_the_same():
    exact = pyramid(same, AFFINE)
    maps = {s: (m * 127).round().to(torch.int8) for s, m in exact.maps.items()}
    coarse = Pyramid(maps, SIZE, exact.rows, length=127)
    given = points().expand(2, -1, -1)
    for stride in exact.strides:
        assert (coarse.level(stride) - exact.level(stride)).abs().max() < 0.005
        assert (coarse.at(given)[stride] - exact.at(given)[stride]).abs().max() < 0.01
    one, other = (correspond(p[:1], p[1:], points()) for p in (exact, coarse))
    assert errors(one.second, other.second).mean() < 0.15
    assert (one.score - other.score).abs().max() < 0.05


# Coarse matches and the smooth map


def test_an_image_matches_itself_cell_by_cell():
    joined = pyramid(same).coarse(8)
    targets, weights = coarse_matches(joined, joined, 8)
    assert torch.equal(targets[0], cell_centres(SIZE, 8))
    assert torch.allclose(weights, torch.ones(()), atol=1e-4)


def test_cells_that_do_not_match_back_are_not_trusted():
    # The second image shows the left half twice: its right half is found, but never finds back.
    first = pyramid(same).coarse(8)
    second = first.clone()
    second[:, :, 8:] = second[:, :, :8]
    _, weights = coarse_matches(first, second, 8)
    right = cell_centres(SIZE, 8)[:, 1] > 96
    assert (weights[0, right] == 0).float().mean() > 0.9


@pytest.mark.parametrize("warp", WARPS, ids=["affine", "bend"])
def test_the_smooth_map_leads_to_within_half_a_cell(warp):
    images = pyramid(same, warp)
    one, other = images[:1].coarse(8), images[1:].coarse(8)
    lead = smooth_map(one, other, 8, SIZE, reach=24.0)
    error = errors(lead(points()), warp.back(points()))
    assert error.mean() < 2
    assert error.max() < 4


def test_the_affine_map_is_exact_on_exact_matches():
    sources = cell_centres(SIZE, 8).unsqueeze(0)
    fit = fit_smooth_map(sources, AFFINE.back(sources), torch.ones(1, 256), SIZE, reach=24.0)
    assert errors(fit(points()), AFFINE.back(points())).max() < 0.1


def test_wrong_matches_do_not_break_the_fit():
    chance = torch.Generator().manual_seed(3)
    sources = cell_centres(SIZE, 8).unsqueeze(0)
    targets = AFFINE.back(sources)
    wrong = torch.rand(1, 256, generator=chance) < 0.3
    anywhere = torch.rand(1, 256, 2, generator=chance) * SIZE[0]
    targets = torch.where(wrong.unsqueeze(2), anywhere, targets)
    fit = fit_smooth_map(sources, targets, torch.ones(1, 256), SIZE, reach=24.0)
    assert errors(fit(points()), AFFINE.back(points())).max() < 2


def test_matches_without_weight_are_left_out():
    sources = cell_centres(SIZE, 8).unsqueeze(0)
    weights = (sources[..., 0] < 64).float()
    targets = torch.where(weights.unsqueeze(2) > 0, sources + 3, torch.zeros(()))
    fit = fit_smooth_map(sources, targets, weights, SIZE, reach=24.0)
    assert errors(fit(points()), points() + 3).max() < 0.1


def test_images_of_a_batch_are_fitted_apart():
    images = pyramid(same, same, AFFINE)
    both = images[torch.tensor([0, 0])].coarse(8), images[torch.tensor([1, 2])].coarse(8)
    together = smooth_map(*both, 8, SIZE, reach=24.0)(points().expand(2, -1, -1))
    alone = smooth_map(both[0][1:], both[1][1:], 8, SIZE, reach=24.0)(points())
    assert torch.allclose(together[1:], alone, atol=1e-2)
    assert errors(together[:1], points()).max() < 0.5


@pytest.mark.parametrize("second", [empty(), -empty()], ids=["all alike", "nothing alike"])
def test_images_that_say_nothing_give_a_finite_map(second):
    lead = smooth_map(empty(), second, 8, SIZE, reach=24.0)
    assert lead(points()).isfinite().all()


def test_images_that_say_nothing_give_finite_correspondences():
    maps = {s: empty(s).expand(2, -1, -1, -1) for s in fourier.STRIDES}
    blank = Pyramid.of(maps, SIZE)
    found = correspond(blank[:1], blank[1:], points())
    assert found.second.isfinite().all()
    assert found.cycle_error.isfinite().all()


# Search and refinement


def test_a_peak_is_found_between_the_cells():
    cells = torch.stack(torch.meshgrid(torch.arange(7.0), torch.arange(9.0), indexing="ij"), -1)
    score = -(cells - torch.tensor([3.3, 4.8])).square().sum(-1)[None, None]
    place, value = sub_cell_peak(score)
    assert torch.allclose(place, torch.tensor([[[3.3, 4.8]]]), atol=1e-3)
    assert value.item() == score.max()


def test_a_flat_map_has_a_finite_peak():
    place, _ = sub_cell_peak(torch.zeros(1, 2, 5, 5))
    assert place.isfinite().all()


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.7, -0.4), (-1.3, 2.6)])
def test_search_finds_a_shift_smaller_than_a_cell(shift):
    images = pyramid(same, Affine(shift=shift))
    truth = points() - torch.tensor(shift)
    for levels, exact in (((2,), 0.3), ((2, 4), 0.5)):
        found = search(images[:1].at(points()), images[1:], points(), levels, reach=4, sigma=1e3)
        assert errors(found.points, truth).max() < exact
        assert found.score.exp().min() > 0.9


def test_search_looks_no_further_than_its_reach():
    images = pyramid(same, Affine(shift=(40.0, 0.0)))
    found = search(images[:1].at(points()), images[1:], points(), (2, 4), reach=3, sigma=1e3)
    assert (found.points - points()).abs().max() <= (3 + 0.5 + 0.5) * 2


def test_the_prior_holds_a_search_back_where_nothing_speaks_against_it():
    maps = {s: empty(s) for s in (2, 4)}
    blank = Pyramid.of(maps, SIZE)
    found = search(blank.at(points()), blank, points(), (2, 4), reach=4, sigma=4.0)
    assert errors(found.points, points()).max() < 0.2


def test_points_in_the_outermost_cells_are_found_to_half_a_cell():
    image = pyramid(same)
    edges = torch.tensor([[[0.0, 0.0], [0.0, 127.0], [127.0, 60.0], [1.0, 40.0]]])
    found = search(image.at(edges), image, edges, (2, 4), reach=4, sigma=1e3)
    assert (found.points - edges).abs().max() <= 1
    assert found.score.exp().min() > 0.9


def test_the_margin_tells_a_peak_from_a_plain():
    image, blank = pyramid(same), Pyramid.of({2: empty(2)}, SIZE)
    peak = search(image.at(points()), image, points(), (2,), reach=8, sigma=1e3)
    plain = search(blank.at(points()), blank, points(), (2,), reach=8, sigma=1e3)
    assert peak.margin.min() > 0.1
    assert plain.margin.abs().max() < 0.01


@pytest.mark.parametrize("warp", WARPS, ids=["affine", "bend"])
def test_points_are_found_in_a_warped_image_and_found_back(warp):
    images = pyramid(same, warp)
    found = correspond(images[:1], images[1:], points())
    error = errors(found.second, warp.back(points()))
    assert error.mean() < 0.5
    assert error.max() < 1.5
    assert found.cycle_error.max() < 2
    assert torch.equal(found.first, points())


def test_correspondences_of_a_batch_are_those_of_its_pairs():
    images = pyramid(same, AFFINE, Bend())
    rows = torch.tensor([[0, 1], [0, 2]])
    both = points().expand(2, -1, -1)
    together = correspond(images[rows[:, 0]], images[rows[:, 1]], both)
    for row, (first, second) in enumerate(rows.tolist()):
        pair = images[first : first + 1], images[second : second + 1]
        alone = correspond(*pair, points())
        assert errors(together.second[row], alone.second[0]).max() < 0.05
