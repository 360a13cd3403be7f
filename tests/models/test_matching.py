"""Finding corresponding points in pyramids whose correspondence is known."""

import fourier
import pytest
import torch
from fourier import AFFINE, BEND, SIZE, Affine, errors, plain, pyramid, same, some_points

from napari_localcl.models.matching import correspond, search, sub_cell_peak
from napari_localcl.models.pyramid import Pyramid

WARPS = [AFFINE, BEND]


def test_images_that_say_nothing_give_finite_correspondences():
    maps = {s: plain(s).expand(2, -1, -1, -1) for s in fourier.STRIDES}
    blank = Pyramid.of(maps, SIZE)
    found = correspond(blank[:1], blank[1:], some_points())
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
    truth = some_points() - torch.tensor(shift)
    for levels, exact in (((2,), 0.3), ((2, 4), 0.5)):
        found = search(
            images[:1].at(some_points()), images[1:], some_points(), levels, reach=4, sigma=1e3
        )
        assert errors(found.points, truth).max() < exact
        assert found.score.exp().min() > 0.9


def test_search_looks_no_further_than_its_reach():
    images = pyramid(same, Affine(shift=(40.0, 0.0)))
    found = search(
        images[:1].at(some_points()), images[1:], some_points(), (2, 4), reach=3, sigma=1e3
    )
    assert (found.points - some_points()).abs().max() <= (3 + 0.5 + 0.5) * 2


def test_the_prior_holds_a_search_back_where_nothing_speaks_against_it():
    maps = {s: plain(s) for s in (2, 4)}
    blank = Pyramid.of(maps, SIZE)
    found = search(blank.at(some_points()), blank, some_points(), (2, 4), reach=4, sigma=4.0)
    assert errors(found.points, some_points()).max() < 0.2


def test_points_in_the_outermost_cells_are_found_to_half_a_cell():
    image = pyramid(same)
    edges = torch.tensor([[[0.0, 0.0], [0.0, 127.0], [127.0, 60.0], [1.0, 40.0]]])
    found = search(image.at(edges), image, edges, (2, 4), reach=4, sigma=1e3)
    assert (found.points - edges).abs().max() <= 1
    assert found.score.exp().min() > 0.9


def test_the_margin_tells_a_peak_from_a_plain():
    image, blank = pyramid(same), Pyramid.of({2: plain(2)}, SIZE)
    given = some_points()
    peak, nothing = (
        search(maps.at(given), maps, given, (2,), reach=8, sigma=1e3) for maps in (image, blank)
    )
    assert peak.margin.min() > 0.1
    assert nothing.margin.abs().max() < 0.01


@pytest.mark.parametrize("warp", WARPS, ids=["affine", "bend"])
def test_points_are_found_in_a_warped_image_and_found_back(warp):
    images = pyramid(same, warp)
    found = correspond(images[:1], images[1:], some_points())
    error = errors(found.second, warp.back(some_points()))
    assert error.mean() < 0.5
    assert error.max() < 1.5
    assert found.cycle_error.max() < 2
    assert torch.equal(found.first, some_points())


def test_correspondences_of_a_batch_are_those_of_its_pairs():
    images = pyramid(same, AFFINE, BEND)
    rows = torch.tensor([[0, 1], [0, 2]])
    both = some_points().expand(2, -1, -1)
    together = correspond(images[rows[:, 0]], images[rows[:, 1]], both)
    for row, (first, second) in enumerate(rows.tolist()):
        pair = images[first : first + 1], images[second : second + 1]
        alone = correspond(*pair, some_points())
        assert errors(together.second[row], alone.second[0]).max() < 0.05


def test_vectors_kept_as_bytes_give_nearly_the_same():
    exact = pyramid(same, AFFINE)
    maps = {s: (m * 127).round().to(torch.int8) for s, m in exact.maps.items()}
    coarse = Pyramid(maps, SIZE, exact.rows, length=127)
    one, other = (correspond(p[:1], p[1:], some_points()) for p in (exact, coarse))
    assert errors(one.second, other.second).mean() < 0.15
    assert (one.score - other.score).abs().max() < 0.05
