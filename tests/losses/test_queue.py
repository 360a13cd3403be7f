"""Momentum contrast's loss, by values computed by hand."""

import math

import pytest
import torch

from napari_localcl.losses.queue import queue_contrast

EYE = torch.eye(4)


def test_a_view_told_from_the_whole_queue_loses_what_the_softmax_leaves():
    loss = queue_contrast(EYE[:2], EYE[:2], EYE[2:], 0.5)
    assert loss.item() == pytest.approx(math.log(1 + 2 * math.exp(-2)))


def test_a_view_like_all_of_the_queue_loses_the_logarithm_of_its_length_and_one():
    same = EYE[:1]
    assert queue_contrast(same, same, same.expand(7, -1)).item() == pytest.approx(math.log(8))


def test_only_the_queries_have_a_gradient():
    tensors = [torch.randn(3, 4, requires_grad=True) for _ in range(3)]
    queue_contrast(*tensors, 0.2).backward()
    assert [tensor.grad is not None for tensor in tensors] == [True, False, False]
