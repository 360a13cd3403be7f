"""Matching the cells of two lattices."""

import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy

from napari_localcl.losses.matching import (
    axis_targets,
    balanced_matching,
    contrastive_matching,
    matching_targets,
    similarities,
)


def test_an_axis_has_a_bell_around_each_matching_cell_and_nothing_elsewhere():
    (targets,) = axis_targets(torch.tensor([-1]), 3, 4, reach=1)
    side = math.exp(-0.5)
    expected = [[0, 0, 0, 0], [1, side, 0, 0], [side, 1, side, 0]]
    assert torch.allclose(targets, torch.tensor(expected, dtype=torch.float32))


def test_every_image_has_its_own_offset():
    targets = axis_targets(torch.tensor([0, 2]), 3, 3, reach=0)
    assert targets[0].tolist() == torch.eye(3).tolist()
    assert targets[1].tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]


def test_rows_and_columns_join_in_the_order_of_flattened_maps():
    rows = axis_targets(torch.tensor([1]), 2, 3, reach=0)
    columns = axis_targets(torch.tensor([0]), 4, 5, reach=0)
    joined = matching_targets(rows, columns).view(2, 4, 3, 5)
    places = joined.nonzero().tolist()
    assert places == [[r, c, r + 1, c] for r in range(2) for c in range(4)]


def test_similarities_compare_every_cell_with_every_other():
    cells, others = torch.randn(2, 3, 2, 4), torch.randn(2, 3, 3, 5)
    found = similarities(cells, others, 0.5)
    assert found.shape == (2, 8, 15)
    expected = (cells[1, :, 1, 2] * others[1, :, 2, 3]).sum() / 0.5
    assert torch.allclose(found[1, 6, 13], expected)


def test_pairs_that_belong_together_weigh_alpha_and_the_others_the_rest():
    logits = torch.randn(2, 3, 4)
    targets = torch.rand(2, 3, 4)
    p = logits.sigmoid()
    weights = 0.9 * targets + 0.1 * (1 - targets)
    expected = (weights * binary_cross_entropy(p, targets, reduction="none")).mean()
    assert balanced_matching(logits, targets, 0.9).item() == pytest.approx(expected.item())


def test_without_knowledge_the_balanced_loss_is_its_mean_weight_times_one_bit():
    targets = torch.zeros(1, 4, 10)
    targets[0, :, 0] = 1
    expected = (0.1 * 0.9 + 0.9 * 0.1) * math.log(2)
    found = balanced_matching(torch.zeros(1, 4, 10), targets, 0.9)
    assert found.item() == pytest.approx(expected)


def test_the_contrastive_loss_asks_only_cells_that_the_other_lattice_shows():
    targets = torch.zeros(1, 3, 8)
    targets[0, 0, 2] = 1
    logits = torch.zeros(1, 3, 8, requires_grad=True)
    loss = contrastive_matching(logits, targets)
    assert loss.item() == pytest.approx(math.log(8))
    loss.backward()
    assert logits.grad[0, 0].abs().sum() > 0
    assert logits.grad[0, 1:].abs().sum() == 0


def test_a_bell_counts_as_one_target_however_wide():
    targets = axis_targets(torch.tensor([2]), 1, 5, reach=2)
    loss = contrastive_matching(torch.zeros(1, 1, 5), targets)
    assert loss.item() == pytest.approx(math.log(5))


def test_without_any_overlap_the_contrastive_loss_is_zero_and_finite():
    logits = torch.randn(1, 3, 8, requires_grad=True)
    contrastive_matching(logits, torch.zeros(1, 3, 8)).backward()
    assert (logits.grad == 0).all()
