"""Which embedding is nearest to which."""

import torch

from napari_localcl.models.agreement import masked_mean, nearest, retrieval_ranks


def test_only_usable_keys_are_chosen():
    queries, keys = torch.eye(3)[None], torch.eye(3)[None]
    usable = torch.tensor([[True, False, True]])
    assert nearest(queries, keys, usable)[0, 0] == 0
    assert nearest(queries, keys, usable)[0, 1] != 1


def test_the_rank_counts_those_that_are_as_near():
    gallery = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    assert retrieval_ranks(gallery * 3, gallery).tolist() == [1, 1, 1]
    assert retrieval_ranks(gallery.flip(0), gallery).tolist() == [3, 1, 2]  # a tie, a hit, a miss


def test_a_gallery_of_equal_vectors_is_no_success():
    assert retrieval_ranks(torch.rand(4, 3), torch.ones(4, 3)).tolist() == [4] * 4


def test_a_mean_over_nothing_is_no_number():
    values, counted = torch.tensor([[1.0, 5.0], [1.0, 5.0]]), torch.zeros(2, 2, dtype=torch.bool)
    counted[0, 1] = True
    means = masked_mean(values, counted)
    assert means[0] == 5
    assert means[1].isnan()
