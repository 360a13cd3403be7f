"""Contrastive losses: small tables by hand, levels of chance, and where the gradient goes."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from napari_localcl.losses.contrast import (
    Instances,
    binary_entropy,
    instance_spreading,
    point_contrast,
    pool_regions,
    region_discrimination,
    region_prototypes,
    two_views,
)
from napari_localcl.losses.reduction import weighted_mean


def unit(*shape, seed=0):
    return normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), dim=-1)


def equal_rows(count, width=8):
    return unit(1, width).expand(count, -1)


def test_four_patches_of_two_images_by_hand():
    # Two views a, a of one instance and b, b of another, at right angles; temperature 1.
    rows = torch.eye(2).repeat(2, 1)
    loss = instance_spreading(rows, rows, two_views(4), temperature=1.0)
    own = math.e / (math.e + 2)
    other = 1 / (math.e + 2)
    expected = -(math.log(own) + 2 * math.log(1 - other))
    assert loss.tolist() == pytest.approx([expected] * 4)


def test_a_query_may_be_compared_with_more_keys_than_there_are_queries():
    rows = unit(6, 4)
    whole = instance_spreading(rows, rows, two_views(6))
    part = Instances(torch.tensor([1, 2]), torch.tensor([4, 5]), torch.ones(6, dtype=torch.bool))
    assert torch.allclose(instance_spreading(rows[1:3], rows, part), whole[1:3])


@pytest.mark.parametrize(("count", "chance"), [(1024, 7.93), (512, 7.24)])
def test_instances_that_cannot_be_told_apart_lose_at_the_level_of_chance(count, chance):
    rows = equal_rows(count)
    loss = instance_spreading(rows, rows, two_views(count)).mean()
    assert loss.item() == pytest.approx(chance, abs=0.006)
    assert loss.item() == pytest.approx(
        math.log(count - 1) - (count - 2) * math.log1p(-1 / (count - 1)), rel=1e-4
    )


def test_instances_nearly_at_random_lose_nearly_at_the_level_of_chance():
    rows = unit(1024, 512)
    # Unit vectors of many dimensions are all nearly at right angles.
    loss = instance_spreading(rows, rows, two_views(1024), temperature=1.0).mean()
    assert loss.item() == pytest.approx(7.93, abs=0.05)


def test_well_learned_instances_lose_almost_nothing():
    rows = torch.eye(4).repeat(2, 1)
    assert instance_spreading(rows, rows, two_views(8), temperature=0.05).max() < 1e-4


def test_a_certain_match_gives_finite_numbers_and_gradients():
    rows = torch.eye(4).repeat(2, 1).requires_grad_()
    loss = instance_spreading(rows, rows, two_views(8), temperature=1e-3)
    loss.sum().backward()
    assert loss.isfinite().all()
    assert rows.grad.isfinite().all()


def test_being_certainly_wrong_is_finite_too():
    # Each row is the same as a row that is not its partner.
    rows = torch.eye(2)[[0, 1, 1, 0]].clone().requires_grad_()
    loss = instance_spreading(rows, rows, two_views(4), temperature=1e-2)
    loss.sum().backward()
    assert loss.isfinite().all()
    assert (loss > 10).all()
    assert rows.grad.isfinite().all()


def test_the_gradient_reaches_queries_but_not_keys():
    queries, keys = unit(6, 4).requires_grad_(), unit(6, 4).requires_grad_()
    instance_spreading(queries, keys, two_views(6)).sum().backward()
    assert queries.grad.abs().sum() > 0
    assert keys.grad is None


def test_a_step_against_the_gradient_brings_partners_together_and_others_apart():
    keys = unit(8, 4)
    queries = keys.clone().requires_grad_()
    instance_spreading(queries, keys, two_views(8)).sum().backward()
    moved = normalize(queries.detach() - 0.01 * queries.grad, dim=1)
    change = (moved - keys) @ keys.T
    partners = torch.eye(8, dtype=torch.bool).roll(4, 0)
    others = ~partners & ~torch.eye(8, dtype=torch.bool)
    assert change[partners].mean() > 0
    assert change[others].mean() < 0


def test_rows_that_do_not_exist_change_nothing():
    rows = unit(6, 4)
    few = instance_spreading(rows, rows, two_views(6))
    usable = torch.tensor([True, True, True, False] * 2)
    halves = [torch.cat([half, unit(1, 4, seed=9)]) for half in rows.split(3)]
    many = torch.cat(halves).requires_grad_()
    loss = instance_spreading(many, many, two_views(8, usable))
    assert torch.allclose(loss[usable], few)
    weighted_mean(loss, usable.float()).backward()
    assert many.grad.isfinite().all()
    assert (many.grad[~usable] == 0).all()


def test_a_batch_without_any_usable_row_has_no_gradient():
    rows = unit(8, 4).requires_grad_()
    usable = torch.zeros(8, dtype=torch.bool)
    loss = instance_spreading(rows, rows, two_views(8, usable))
    total = weighted_mean(loss, usable.float())
    total.backward()
    assert total == 0
    assert (rows.grad == 0).all()


def test_one_point_against_one_other_place_by_hand():
    query, positive = torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[0.6, 0.8]]])
    negatives = torch.tensor([[[0.0, 1.0]]])
    nothing = torch.zeros(1, 1, 1, dtype=torch.bool)
    loss = point_contrast(query, positive, negatives, nothing, temperature=0.5)
    assert loss.item() == pytest.approx(-math.log(math.exp(1.2) / (math.exp(1.2) + 1)))


def test_points_that_cannot_be_told_apart_lose_at_the_level_of_chance():
    same = equal_rows(16).expand(2, -1, -1)
    nothing = torch.zeros(2, 16, 16, dtype=torch.bool)
    loss = point_contrast(same, same, same, nothing, temperature=0.1)
    assert torch.allclose(loss, torch.tensor(17.0).log())


def test_excluded_places_are_no_negatives():
    query, positive, negatives = unit(2, 3, 4), unit(2, 3, 4, seed=1), unit(2, 5, 4, seed=2)
    excluded = torch.zeros(2, 3, 5, dtype=torch.bool)
    excluded[:, :, 2] = True
    kept = torch.tensor([0, 1, 3, 4])
    fewer = point_contrast(query, positive, negatives[:, kept], excluded[:, :, kept], 0.1)
    assert torch.allclose(point_contrast(query, positive, negatives, excluded, 0.1), fewer)


def test_a_point_with_every_place_excluded_loses_nothing():
    query = unit(1, 2, 4).requires_grad_()
    everything = torch.ones(1, 2, 5, dtype=torch.bool)
    loss = point_contrast(query, unit(1, 2, 4), unit(1, 5, 4), everything, 0.1)
    loss.sum().backward()
    assert loss.abs().max() < 1e-6
    assert query.grad.isfinite().all()


def test_regions_are_means_weighted_by_the_pixels_shares():
    assignment = torch.tensor([[[[1.0, 0.0]], [[0.25, 0.75]]]])  # (1, 2, 1, 2)
    embedding = torch.tensor([[[[1.0, 0.0]], [[0.0, 1.0]]]])  # (1, 2, 1, 2)
    regions = pool_regions(assignment, embedding)[0]
    length = math.hypot(0.25, 0.75)
    assert torch.allclose(regions, torch.tensor([[1, 0], [0.25 / length, 0.75 / length]]))


def test_a_tiny_cluster_still_gives_a_unit_region():
    assignment = torch.full((1, 2, 4, 4), 1e-6)
    regions = pool_regions(assignment, unit(1, 4, 4, 3).movedim(3, 1))
    assert torch.allclose(regions.norm(dim=2), torch.ones(1, 2))


def test_regions_that_cannot_be_told_apart_lose_at_the_level_of_chance():
    regions = equal_rows(16).expand(4, -1, -1)
    prototypes = region_prototypes(regions.mean(0))
    loss = region_discrimination(regions, prototypes)
    assert loss.item() == pytest.approx(math.log(16))
    assert loss.item() == pytest.approx(2.77, abs=0.005)


def test_regions_at_right_angles_lose_as_computed_by_hand():
    regions = torch.eye(3).expand(2, -1, -1)
    loss = region_discrimination(regions, region_prototypes(regions.mean(0)), temperature=0.5)
    assert loss.item() == pytest.approx(-math.log(math.exp(2) / (math.exp(2) + 2)))


def test_the_gradient_flows_through_the_prototypes():
    regions = unit(4, 5, 8)
    mean = regions.mean(0).requires_grad_()
    region_discrimination(regions, region_prototypes(mean)).backward()
    assert mean.grad.abs().sum() > 0


def test_a_hard_assignment_has_no_entropy_and_an_undecided_one_a_bit():
    assert binary_entropy(torch.full((1, 2, 3, 3), 0.5)).item() == pytest.approx(1)
    assert binary_entropy(torch.tensor([0.0, 1.0])).item() == pytest.approx(0, abs=1e-4)


def test_sixteen_equal_shares_have_the_published_binary_entropy():
    uniform = torch.full((2, 16, 4, 4), 1 / 16)
    assert binary_entropy(uniform).item() == pytest.approx(0.337, abs=0.0005)


def test_entropy_has_a_finite_gradient_at_hard_assignments():
    hard = torch.tensor([0.0, 1.0]).requires_grad_()
    binary_entropy(hard).backward()
    assert hard.grad.isfinite().all()
