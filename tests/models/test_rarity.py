"""How rare vectors are, how alike images, and how two models differ."""

import pytest
import torch
from torch.nn.functional import normalize

from napari_localcl.models.pyramid import Pyramid
from napari_localcl.models.rarity import (
    change,
    closest_pairs,
    describe,
    layout,
    remoteness,
    uniqueness,
)


def units(count, dimensions=16, seed=0):
    chance = torch.Generator().manual_seed(seed)
    return normalize(torch.randn(count, dimensions, generator=chance), dim=1)


def test_what_is_there_three_times_is_not_unique():
    known = torch.eye(4)[[0, 0, 0, 1, 2]]
    allowed = torch.tensor([True] * 5)
    found = uniqueness(torch.eye(4)[[0, 1, 3]], known, allowed)
    assert torch.allclose(found, torch.tensor([0, 2 / 3, 1]))


def test_only_what_is_allowed_counts():
    known = torch.eye(4)[[0, 0, 0, 1]]
    allowed = torch.tensor([False, False, False, True])
    assert uniqueness(torch.eye(4)[[0]], known, allowed).item() == 1


def test_a_rotated_model_sees_the_same():
    cells, known = units(50), units(200, seed=1)
    turn = torch.linalg.qr(torch.randn(16, 16, generator=torch.Generator().manual_seed(2)))[0]
    assert change(cells, cells @ turn, (known, known @ turn)).max() < 1e-4


def test_what_is_seen_otherwise_has_changed_even_in_other_dimensions():
    cells, known = units(50), units(200, seed=1)
    wider = torch.nn.functional.pad
    after = wider(cells, (0, 4)).clone()
    after[:10] = wider(units(10, seed=5), (0, 4))
    found = change(cells, after, (known, wider(known, (0, 4))))
    assert found[10:].max() < 1e-4
    assert found[:10].min() > 0.3


def test_the_layout_says_what_is_where():
    maps = torch.zeros(3, 16, 16, 2)
    maps[..., 0] = 1
    maps[1, :8] = torch.tensor([0.0, 1.0])
    maps[2, 8:] = torch.tensor([0.0, 1.0])
    described = layout(Pyramid.of({8: maps}, (128, 128)))
    assert described.shape == (3, 2 * 64)
    similar = described @ described.T
    assert similar[0, 1].item() == pytest.approx(0.5)
    assert similar[1, 2].item() == pytest.approx(0)


def test_what_and_where_count_half_each():
    wholes, layouts = torch.eye(3)[[0, 0, 1]], torch.eye(3)[[0, 1, 1]]
    described = describe(wholes, layouts)
    assert torch.allclose(described.norm(dim=1), torch.ones(3))
    similar = described @ described.T
    assert [similar[0, 1], similar[1, 2], similar[0, 2]] == pytest.approx([0.5, 0.5, 0])


def test_ten_outliers_of_one_kind_are_far_from_all_others(monkeypatch):
    monkeypatch.setattr("napari_localcl.models.rarity.ROWS", 17)
    usual = normalize(torch.ones(90, 16) + 0.3 * units(90), dim=1)
    odd = normalize(units(1, seed=3) + 0.02 * units(10, seed=4), dim=1)
    far = remoteness(torch.cat([usual, odd]), 20)
    assert set(far.topk(10).indices.tolist()) == set(range(90, 100))
    by_hand = torch.cat([usual, odd]) @ torch.cat([usual, odd])[5]
    by_hand[5] = -1
    assert far[5].item() == pytest.approx(1 - by_hand.topk(20).values.mean().item(), abs=1e-5)


@pytest.mark.parametrize("rows", [4, 512])
def test_closest_pairs_are_those_of_all(monkeypatch, rows):
    monkeypatch.setattr("napari_localcl.models.rarity.ROWS", rows)
    described = units(11, 4)
    pairs, values = closest_pairs(described, 6)
    similar = (described @ described.T).triu(1) - 2 * torch.ones(11, 11).tril()
    best = similar.flatten().topk(6)
    assert torch.allclose(values, best.values, atol=1e-6)
    assert pairs.tolist() == [[i // 11, i % 11] for i in best.indices.tolist()]
    assert len(closest_pairs(described, 1000)[0]) == 55
