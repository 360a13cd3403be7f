"""Exact search among the cells of images."""

import pytest
import torch
from torch.nn.functional import normalize

from napari_localcl.models.nearest import against, cells_of, peaks, similarity
from napari_localcl.models.pyramid import Pyramid


def pyramid(count=3):
    chance = torch.Generator().manual_seed(0)
    shapes = {stride: (count, 32 // stride, 48 // stride, 8) for stride in (4, 8)}
    maps = {
        s: normalize(torch.randn(shape, generator=chance), dim=3) for s, shape in shapes.items()
    }
    return Pyramid.of(maps, (32, 48))


def test_cells_of_images_that_follow_each_other_are_not_copied():
    images = pyramid()
    some = cells_of(images[1:], 4)
    assert torch.equal(some, images.maps[4][1:])
    assert some.data_ptr() == images.maps[4][1].data_ptr()
    swapped = cells_of(images[torch.tensor([2, 0])], 4)
    assert torch.equal(swapped, images.maps[4][[2, 0]])


def test_of_one_level_it_is_the_cosine():
    images = pyramid()
    wanted = images.maps[8][[0, 2], 1, 2]
    found = similarity(images, {8: wanted}, 8)
    by_hand = torch.einsum("nhwd,qd->nqhw", images.maps[8], wanted).clamp(0.01, 1)
    assert torch.allclose(found, by_hand, atol=1e-5)
    assert found[0, 0, 1, 2] == pytest.approx(1, abs=1e-5)
    assert found.shape == (3, 2, 4, 6)


def test_of_two_levels_it_is_the_geometric_mean():
    fine = torch.tensor([[1.0, 0.0]]).expand(1, 4, 4, 2)
    coarse = torch.tensor([[0.6, 0.8]]).expand(1, 2, 2, 2)
    images = Pyramid.of({4: fine, 8: coarse}, (16, 16))
    wanted = {4: torch.tensor([[0.8, 0.6]]), 8: torch.tensor([[1.0, 0.0]])}
    assert torch.allclose(similarity(images, wanted, 4), torch.tensor((0.8 * 0.6) ** 0.5))
    assert torch.allclose(similarity(images, wanted, 8), torch.tensor(0.6))


@pytest.mark.parametrize(("kind", "length"), [(torch.float16, 1), (torch.int8, 127)])
def test_however_vectors_are_kept_they_are_as_similar(kind, length):
    images = pyramid()
    scaled = {s: level * length for s, level in images.maps.items()}
    maps = {s: (m.round() if length > 1 else m).to(kind) for s, m in scaled.items()}
    kept = Pyramid(maps, images.size, images.rows, length)
    wanted = {s: m[:1, 0, 0] for s, m in images.maps.items()}
    assert torch.allclose(similarity(kept, wanted, 4), similarity(images, wanted, 4), atol=0.02)


def test_a_place_as_near_to_a_negative_as_to_a_positive_is_worth_nothing():
    similar = torch.tensor([0.9, 0.2, 0.5, 0.7]).view(1, 4, 1, 1)
    signs = torch.tensor([True, True, False, False])
    # A lead of 0.2 is twice the temperature.
    assert against(similar, signs).item() == pytest.approx(0.9 * 0.7616, abs=1e-4)
    assert against(similar.flip(1), signs).item() == 0
    assert against(similar, torch.tensor([True] * 4)).item() == pytest.approx(0.9)


def test_peaks_are_highest_first_and_apart():
    values = torch.zeros(2, 6, 8)
    values[0, 2, 2], values[0, 2, 3], values[0, 5, 7] = 0.9, 0.8, 0.5
    values[1, 0, 0] = 0.3
    heights, cells = peaks(values, 2, 1)
    assert torch.allclose(heights, torch.tensor([[0.9, 0.5], [0.3, 0.0]]))
    assert cells[0].tolist() == [[2, 2], [5, 7]]
    assert cells[1, 0].tolist() == [0, 0]


def test_there_are_no_more_peaks_than_fit():
    heights, _ = peaks(torch.ones(1, 2, 2), 3, 2)
    assert heights.tolist() == [[1, -torch.inf, -torch.inf]]
