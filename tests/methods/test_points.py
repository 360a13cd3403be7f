"""Points contrasted at every level of two views."""

import math
from dataclasses import replace

import pytest
import torch
from canvases import prepared
from fourier import features
from torch.nn.functional import normalize

from napari_localcl.data.shard import Shard
from napari_localcl.methods.points import (
    PointPairs,
    PointSettings,
    choose,
    contrast_levels,
    draw_points,
    textured,
    valid_boxes,
    within,
)
from napari_localcl.models.sampling import cell_centres

SIZE = (64, 64)
EVERYWHERE = PointSettings(exclusion=0.01, near_places=0)
"""At stride 8 all 64 places are looked at, and none is excluded."""


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def pairs(count=10, images=2, shift=0.0):
    points = torch.rand(images, count, 2, generator=chance()) * 40 + 12
    weight, error = torch.ones(images, count), torch.zeros(images)
    return PointPairs(points, points + shift, weight, error, 5)


def place_maps(*strides, images=2, noise=0.0):
    """Maps in which every place has an embedding of its own, at each stride."""
    maps = {}
    for stride in strides:
        own = features(cell_centres(SIZE, stride), 2.0 * stride).T
        level = own.view(1, -1, SIZE[0] // stride, SIZE[1] // stride).repeat(images, 1, 1, 1)
        maps[stride] = level + noise * torch.randn(level.shape, generator=chance(stride))
    return maps


def plain_maps(*strides, images=2):
    """Maps whose places all look alike."""
    return {s: torch.ones(images, 4, SIZE[0] // s, SIZE[1] // s) for s in strides}


def test_places_that_look_alike_lose_at_the_level_of_chance():
    plain = plain_maps(8)
    loss = contrast_levels(plain, plain, pairs(), EVERYWHERE)
    assert loss.item() == pytest.approx(math.log(1 + 64), rel=1e-4)


def test_near_places_are_contrasted_too_where_not_all_places_are_looked_at():
    plain = plain_maps(2)
    given = replace_settings(places=100, near_places=9, near_cells=1)
    loss = contrast_levels(plain, plain, pairs(), given)
    # The point itself is one of the nine and too near.
    assert loss.item() == pytest.approx(math.log(1 + 100) + math.log(1 + 8), rel=1e-2)


def replace_settings(**given):
    return EVERYWHERE.model_copy(update=given)


def test_corresponding_points_lose_less_than_others():
    maps = place_maps(2, 4, 8)
    right, near, wrong = (
        contrast_levels(maps, maps, pairs(shift=shift), PointSettings()) for shift in (0, 4, 11)
    )
    assert right < 0.5 * near < wrong


def test_the_levels_are_summed():
    one, two = (contrast_levels(m, m, pairs(), EVERYWHERE) for m in (place_maps(8), place_maps(16)))
    both = place_maps(8, 16)
    assert torch.allclose(contrast_levels(both, both, pairs(), EVERYWHERE), one + two)


def test_embeddings_of_any_length_count_alike():
    maps = place_maps(4)
    longer = {4: maps[4] * 7}
    assert torch.allclose(
        contrast_levels(longer, longer, pairs(), PointSettings()),
        contrast_levels(maps, maps, pairs(), PointSettings()),
        rtol=1e-4,
    )


def test_points_without_weight_change_nothing():
    maps = place_maps(4, noise=0.5)
    given, half = pairs(), torch.arange(10) < 5
    fewer = replace(
        given,
        first=given.first[:, half],
        second=given.second[:, half],
        weight=given.weight[:, half],
    )
    weighted = replace(given, weight=half.float().expand(2, -1))
    assert torch.allclose(
        contrast_levels(maps, maps, weighted, PointSettings()),
        contrast_levels(maps, maps, fewer, PointSettings()),
        rtol=1e-4,
    )


def test_without_any_correspondence_there_is_no_loss_and_no_gradient():
    level = place_maps(4)[4].requires_grad_()
    nothing = replace(pairs(), weight=torch.zeros(2, 10))
    loss = contrast_levels({4: level}, {4: level}, nothing, PointSettings())
    loss.backward()
    assert loss == 0
    assert (level.grad == 0).all()


def test_inexact_correspondences_have_no_negatives_nearby():
    plain = plain_maps(8)
    exact = contrast_levels(plain, plain, pairs(), EVERYWHERE)
    inexact = replace(pairs(), error=torch.full((2,), 20.0))
    fewer = contrast_levels(plain, plain, inexact, EVERYWHERE)
    away = (torch.cdist(pairs().second, cell_centres(SIZE, 8)) >= 20).sum(dim=2)
    assert fewer.item() == pytest.approx((1 + away).log().mean().item(), rel=1e-4)
    assert fewer < exact
    everything = replace(pairs(), error=torch.full((2,), 200.0))
    assert contrast_levels(plain, plain, everything, EVERYWHERE) < 1e-5


def test_the_gradient_reaches_both_views():
    first, second = (place_maps(4, noise=0.3)[4].requires_grad_() for _ in range(2))
    contrast_levels({4: first}, {4: second}, pairs(), PointSettings()).backward()
    for level in (first, second):
        assert level.grad.isfinite().all()
        assert level.grad.abs().sum() > 0


def test_the_negatives_depend_on_the_seed_of_the_pairs_alone():
    maps, few = place_maps(2, noise=0.5), PointSettings(places=50)
    torch.manual_seed(1)
    first = contrast_levels(maps, maps, pairs(), few)
    torch.manual_seed(2)
    assert torch.equal(contrast_levels(maps, maps, pairs(), few), first)
    assert contrast_levels(maps, maps, replace(pairs(), chance=6), few) != first


def test_each_process_takes_its_part_of_the_pairs():
    whole = pairs(images=4)
    part = whole.part(Shard(1, 2), torch.device("cpu"))
    assert torch.equal(part.first, whole.first[2:])
    assert torch.equal(part.error, whole.error[2:])
    assert part.chance == whole.chance


def test_the_mean_of_the_parts_is_the_whole_where_weights_are_equal():
    maps = place_maps(4, images=4, noise=0.5)
    whole = pairs(images=4)
    halves = [
        contrast_levels(
            {4: maps[4][part]},
            {4: maps[4][part]},
            whole.part(Shard(rank, 2), torch.device("cpu")),
            PointSettings(),
        )
        for rank, part in enumerate((slice(0, 2), slice(2, 4)))
    ]
    expected = contrast_levels(maps, maps, whole, PointSettings())
    assert torch.allclose(sum(halves) / 2, expected, rtol=1e-5)


# Where points are drawn


def test_points_are_drawn_all_over_their_boxes():
    boxes = torch.tensor([[0, 0, 64, 64], [10, 20, 30, 40]])
    points = draw_points(500, boxes, chance())
    for own, box in zip(points, boxes, strict=True):
        assert (own.amin(dim=0) - box[:2] >= 0).all()
        assert (own.amin(dim=0) - box[:2] < 2).all()
        assert (box[2:] - 1 - own.amax(dim=0) >= 0).all()
        assert (box[2:] - 1 - own.amax(dim=0) < 2).all()
    assert within(points, boxes).all()
    assert not within(points[:1], boxes[1:]).all()


def test_the_box_of_an_image_is_what_it_fills_of_the_canvas(tmp_path):
    pixels = torch.zeros(2, 1, 64, 64, dtype=torch.uint8).numpy()
    narrow = prepared(pixels, tmp_path, file_size=(100, 50))
    assert valid_boxes(narrow, torch.tensor([1, 0])).tolist() == [[0, 16, 64, 48]] * 2


def test_points_without_weight_are_chosen_only_where_others_are_too_few():
    points = torch.rand(2, 40, 2)
    weight = torch.zeros(2, 40)
    weight[0, :20] = 1
    weight[1, :4] = 1
    first, second, kept = choose(points, points + 1, weight, 8, chance())
    assert kept.sum(dim=1).tolist() == [8, 4]
    assert torch.equal(second, first + 1)


def test_a_plain_background_has_no_texture_and_noise_has():
    images = torch.full((1, 1, 64, 64), 0.5)
    images[..., :32] = torch.rand(64, 32, generator=chance())
    points = torch.tensor([[[30.0, 10.0], [50.0, 20.0], [30.0, 50.0], [5.0, 60.0]]])
    assert textured(images, points).tolist() == [[True, True, False, False]]


def test_a_faint_image_is_not_taken_for_background():
    ramp = torch.linspace(0, 1, 64).expand(1, 3, 64, -1)
    assert textured(ramp, torch.rand(1, 20, 2) * 63).all()


def test_a_pair_of_views_may_be_normalised_already():
    maps = {4: normalize(place_maps(4)[4], dim=1)}
    assert contrast_levels(maps, maps, pairs(), PointSettings()).isfinite()
