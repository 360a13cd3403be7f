"""Sums and means of one process; those of several are tested with LD and with the loop."""

import pytest
import torch

from napari_localcl.losses.reduction import gather_rows, processes, rank, shared_mean, weighted_mean


def test_without_a_group_there_is_one_process():
    assert processes() == 1
    assert rank() == 0


def test_gathered_rows_are_the_rows_without_gradient():
    rows = torch.rand(3, 2, requires_grad=True)
    gathered = gather_rows(rows)
    assert torch.equal(gathered, rows)
    assert not gathered.requires_grad


def test_the_shared_mean_keeps_the_gradient():
    rows = torch.tensor([[1.0, 2.0], [3.0, 6.0]], requires_grad=True)
    mean = shared_mean(rows)
    mean.sum().backward()
    assert mean.tolist() == [2, 4]
    assert rows.grad.tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_a_weighted_mean_by_hand():
    values, weights = torch.tensor([1.0, 2.0, 10.0]), torch.tensor([3.0, 1.0, 0.0])
    assert weighted_mean(values, weights).item() == pytest.approx(5 / 4)


def test_what_has_no_weight_may_be_infinite():
    values = torch.tensor([2.0, torch.inf], requires_grad=True)
    mean = weighted_mean(values, torch.tensor([1.0, 0.0]))
    mean.backward()
    assert mean.item() == 2
    assert values.grad.tolist() == [1, 0]


def test_without_any_weight_the_mean_is_nothing():
    values = torch.tensor([2.0, torch.inf], requires_grad=True)
    mean = weighted_mean(values, torch.zeros(2))
    mean.backward()
    assert mean.item() == 0
    assert values.grad.tolist() == [0, 0]
