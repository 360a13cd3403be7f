"""How embeddings fill the sphere."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from napari_localcl.models.spread import effective_rank, token_spread, uniformity


def test_one_point_has_no_spread_and_rank_one():
    rows = normalize(torch.ones(50, 8), dim=1)
    assert token_spread(rows) == pytest.approx(0, abs=1e-3)
    assert effective_rank(rows) == pytest.approx(1, abs=1e-3)
    assert uniformity(rows) == pytest.approx(0, abs=1e-5)


def test_the_axes_of_a_space_fill_all_of_its_dimensions():
    rows = torch.eye(8).repeat(4, 1)
    assert effective_rank(rows) == pytest.approx(8)
    assert token_spread(rows) == pytest.approx(math.sqrt(1 - 1 / 8))


def test_two_opposite_points_are_spread_but_fill_one_dimension():
    rows = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    assert token_spread(rows) == pytest.approx(1)
    assert effective_rank(rows) == pytest.approx(1)
    assert uniformity(rows) == pytest.approx(-8)  # log exp(-2 * 2 ** 2)
