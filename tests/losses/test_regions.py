"""LRC's contrast between regions, by values computed by hand."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from napari_localcl.losses.regions import contrastive_sampling, region_contrast

EYE = torch.eye(4)


def sampled(*vectors):
    """Regions (1, R, 1, D) of one image, one pixel each."""
    return torch.stack(vectors).view(1, len(vectors), 1, -1)


def there(*known):
    return torch.tensor([known])


def test_regions_told_apart_lose_what_the_softmax_leaves():
    views = sampled(EYE[0], EYE[1], EYE[2])
    loss = contrastive_sampling(views, views, there(True, True, True), 0.5)
    assert loss.item() == pytest.approx(math.log(1 + 2 * math.exp(-2)))


def test_regions_that_are_all_alike_lose_the_logarithm_of_their_number():
    views = sampled(EYE[0], EYE[0], EYE[0])
    loss = contrastive_sampling(views, views, there(True, True, True))
    assert loss.item() == pytest.approx(math.log(3))


def test_absent_regions_are_neither_asked_nor_compared_with():
    views = sampled(EYE[0], EYE[1], EYE[1])
    loss = contrastive_sampling(views, views, there(True, True, False), 0.5)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2)))


def test_without_any_region_there_is_no_loss_and_a_finite_gradient():
    views = torch.randn(2, 3, 4, 8, requires_grad=True)
    loss = contrastive_sampling(views, views, torch.zeros(2, 3, dtype=torch.bool))
    loss.backward()
    assert loss == 0
    assert (views.grad == 0).all()


def test_a_prototype_is_the_mean_of_the_sampled_pixels():
    pixels = torch.stack([torch.stack([EYE[0], EYE[1]]), torch.stack([EYE[2], EYE[2]])])[None]
    means = sampled(normalize(EYE[0] + EYE[1], dim=0), EYE[2])
    one = contrastive_sampling(pixels, pixels, there(True, True), 0.2)
    assert torch.allclose(one, contrastive_sampling(means, means, there(True, True), 0.2))


def test_each_sampled_pixel_is_asked_in_the_other_form():
    pixels = torch.stack([torch.stack([EYE[0], EYE[1]]), torch.stack([EYE[2], EYE[2]])])[None]
    loss = contrastive_sampling(pixels, pixels, there(True, True), 0.5, form="pixels")
    near = math.sqrt(0.5) / 0.5  # of a pixel of the first region to its mean; to the other 0
    mixed, plain = math.log(1 + math.exp(-near)), math.log(1 + math.exp(-2))
    assert loss.item() == pytest.approx((mixed + plain) / 2)


def test_regions_of_other_images_count_only_if_asked_for():
    views = torch.cat([sampled(EYE[0], EYE[1]), sampled(EYE[0], EYE[3])])
    known = torch.ones(2, 2, dtype=torch.bool)
    alone = contrastive_sampling(views, views, known, 0.5)
    across = contrastive_sampling(views, views, known, 0.5, across=True)
    assert alone.item() == pytest.approx(math.log(1 + math.exp(-2)))
    shared, own = math.log(2 + 2 * math.exp(-2)), math.log(1 + 3 * math.exp(-2))
    assert across.item() == pytest.approx((shared + own) / 2)


def test_the_other_view_is_what_a_region_is_drawn_to():
    first, second = sampled(EYE[0], EYE[1]), sampled(EYE[1], EYE[0])
    loss = contrastive_sampling(first, second, there(True, True), 0.5)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(2)))


@pytest.mark.parametrize("across", [False, True])
def test_only_the_queries_have_a_gradient(across):
    queries = torch.randn(1, 3, 2, 4, requires_grad=True)
    keys = torch.randn(1, 3, 4, requires_grad=True)
    region_contrast(queries, keys, there(True, True, True), 0.1, across).sum().backward()
    assert queries.grad.abs().sum() > 0
    assert keys.grad is None
