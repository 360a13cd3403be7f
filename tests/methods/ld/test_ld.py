"""LD: its terms, that it learns, and that several processes learn what one learns."""

import math
from dataclasses import replace

import ld_part
import pytest
import torch
from canvases import coordinates, prepared
from fourier import features
from torch.nn.functional import adaptive_avg_pool2d, normalize
from two_ranks import check_two_ranks

from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import prepare_all
from napari_localcl.data.samples import sample_folder
from napari_localcl.data.shard import Shard
from napari_localcl.methods.ld import LD
from napari_localcl.methods.ld.sampling import PairBatch, Sampler
from napari_localcl.methods.ld.settings import PRESETS, LDSettings
from napari_localcl.methods.ld.terms import (
    patch_terms,
    patch_weights,
    pool_patches,
    region_terms,
)

CPU = torch.device("cpu")
TINY = {
    "image_size": 64,
    "width": 4,
    "dimensions": 8,
    "clusters": 4,
    "pairs": 1,
    "grid": 4,
    "points": {"count": 8, "places": 64, "near_places": 8},
    "correspondences": {"pairs": 6},
}
PLAIN = {"brightness": 0, "contrast": 0, "saturation": 0, "grey": 0, "view_rotation": 0}
TURNING = {**PRESETS["faithful"], **PLAIN, "rotation": 0, "zoom": 1, "aspect": 0, "pairs": 2}
"""Pixels keep their colours and fall onto pixels."""


@pytest.fixture(scope="module")
def hands():
    return prepare_all(find_images(sorted(sample_folder("skeleton").glob("images/*_0?.png"))), 64)


@pytest.fixture
def pixels(tmp_path):
    return prepared(coordinates(4, (64, 64)), tmp_path)


def learner(channels=1, **given):
    torch.manual_seed(0)
    return LD(LDSettings(**{**TINY, **given}), channels)


def draw(method, stage, images, seed=0):
    chance = torch.Generator().manual_seed(seed)
    return method.sample(stage, images, chance, Shard(), CPU)


def enter(method, stage, images, seed=0):
    return list(method.enter(stage, images, torch.Generator().manual_seed(seed)))


def patch_batch(images, given, seed=0):
    chance = torch.Generator().manual_seed(seed)
    return Sampler(LDSettings(**given), images, chance, Shard(), CPU).patches()


# Patches


def test_patches_are_means_over_a_fixed_grid_as_published():
    given = LDSettings(**{**TURNING, "grid": 8})
    level = torch.randn(2, 6, 64, 64)
    lattice = torch.stack(torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij"), -1)
    weights = patch_weights((64, 64), given)
    pooled = pool_patches(level, lattice.view(1, -1, 2).expand(2, -1, -1), weights, (64, 64))
    mean = adaptive_avg_pool2d(normalize(level, dim=1), (8, 8))
    assert torch.allclose(pooled, normalize(mean, dim=1).flatten(2).transpose(1, 2), atol=1e-5)


def knowing_network(batch):
    """Embeddings of what each pixel of views and mixtures shows: colours are coordinates."""
    colours = torch.cat([batch.views, batch.mixed]).movedim(1, 3) * 255 / 4
    places = colours[..., :2] + 100 * colours[..., 2:]
    return features(places, 3.0).movedim(3, 1)


def test_a_network_that_knows_each_place_matches_all_patches_exactly(pixels):
    given = LDSettings(**TURNING)
    batch = patch_batch(pixels, TURNING)
    weights = patch_weights((64, 64), given)
    level = knowing_network(batch)
    first, second = (
        pool_patches(part, lattice, weights, (64, 64))
        for part, lattice in zip(level[:8].split(4), batch.lattice, strict=True)
    )
    assert torch.allclose((first * second).sum(dim=2), torch.ones(()), atol=1e-4)
    similar = torch.einsum("bid,bjd->bij", first, second)
    assert torch.equal(similar.argmax(dim=2), torch.arange(64).expand(4, -1))


def test_a_network_that_knows_nothing_loses_at_the_published_levels_of_chance(pixels):
    given = {**TURNING, "pairs": 4, "grid": 8}
    batch = patch_batch(pixels, given)
    level = torch.ones(20, 8, 64, 64, requires_grad=True)
    terms = patch_terms(level, batch, LDSettings(**given))
    assert terms["patches"].item() == pytest.approx(7.93, abs=0.006)
    assert terms["mixup"].item() == pytest.approx(7.24, abs=0.006)


def test_knowing_each_place_loses_less_than_chance(pixels):
    batch = patch_batch(pixels, TURNING)
    terms = patch_terms(knowing_network(batch), batch, LDSettings(**TURNING))
    assert terms["patches"] < 3


def test_patches_that_only_one_view_shows_change_nothing(pixels):
    batch = patch_batch(pixels, TURNING)
    level = torch.randn(10, 8, 64, 64, generator=torch.Generator().manual_seed(0))
    hidden = torch.zeros(64, 64, dtype=torch.bool)
    hidden[:8, :8] = True
    partly = replace(batch, shown=batch.shown & ~hidden.flatten())
    other = level.clone()
    other[:4, :, :8, :8] = 5
    given = LDSettings(**TURNING)
    one, same = (patch_terms(maps, partly, given)["patches"] for maps in (level, other))
    assert torch.allclose(one, same)
    assert not torch.allclose(one, patch_terms(level, batch, given)["patches"])


def test_without_any_shared_patch_the_gradient_is_finite(pixels):
    batch = patch_batch(pixels, TURNING)
    level = torch.randn(10, 8, 64, 64, requires_grad=True)
    nothing = replace(batch, shown=torch.zeros_like(batch.shown))
    patch_terms(level, nothing, LDSettings(**TURNING))["patches"].backward()
    assert (level.grad == 0).all()


def test_mixtures_are_drawn_to_the_mixture_of_their_patches_which_stays(pixels):
    batch = patch_batch(pixels, TURNING)
    level = torch.randn(10, 8, 64, 64, requires_grad=True)
    patch_terms(level, batch, LDSettings(**TURNING))["mixup"].backward()
    moved = level.grad.abs().sum(dim=(1, 2, 3)) > 0
    assert moved.tolist() == [False] * 8 + [True] * 2


# Regions


def test_regions_that_know_nothing_lose_at_the_published_levels_of_chance():
    given = LDSettings()
    uniform = torch.full((8, 16, 16, 16), 1 / 16)
    level = normalize(torch.ones(8, 32, 16, 16), dim=1)
    terms = region_terms(uniform, level, given)
    assert terms["regions"].item() / given.region_weight == pytest.approx(math.log(16))
    assert terms["entropy"].item() / given.entropy_weight == pytest.approx(0.337, abs=0.0005)


def test_regions_that_tell_quarters_apart_lose_little():
    quarters = torch.zeros(4, 4, 16, 16)
    for k in range(4):
        quarters[:, k, 8 * (k // 2) : 8 * (k // 2) + 8, 8 * (k % 2) : 8 * (k % 2) + 8] = 1
    level = torch.cat([quarters, torch.zeros(4, 4, 16, 16)], dim=1)
    terms = region_terms(quarters, level, LDSettings(region_weight=1))
    assert terms["regions"].item() == pytest.approx(math.log(1 + 3 * math.exp(-5)))
    assert terms["entropy"] < 1e-4


# Learning

TERMS = {
    "patches": ["patches", "mixup", "points"],
    "regions": ["patches", "mixup", "points", "regions", "entropy"],
    "correspondences-1": ["points"],
}


@pytest.mark.parametrize("stage", TERMS)
def test_a_few_steps_lower_the_loss_and_every_term_has_its_name(hands, stage):
    method = learner(grid=2)
    enter(method, stage, hands)
    held = draw(method, stage, hands, seed=100)
    with torch.no_grad():
        before = method.losses(stage, held)
    optimiser = torch.optim.Adam(method.parameters(), 3e-3)
    for step in range(12):
        optimiser.zero_grad()
        sum(method.losses(stage, draw(method, stage, hands, step)).values()).backward()
        optimiser.step()
    with torch.no_grad():
        after = method.losses(stage, held)
    assert list(before) == TERMS[stage]
    assert sum(after.values()) < 0.95 * sum(before.values())


def test_the_weights_of_the_terms_multiply_them(hands):
    weights = {f"{name}_weight": 2.0 for name in ("patch", "mixup", "region", "entropy", "point")}
    twice, once = learner(**weights), learner(**dict.fromkeys(weights, 1.0))
    batch = draw(once, "regions", hands)
    one, two = (method.losses("regions", batch) for method in (once, twice))
    assert one.keys() == two.keys()
    for name in one:
        assert torch.allclose(two[name], 2 * one[name], rtol=1e-4), name


def test_without_points_there_is_no_such_term(hands):
    method = learner(point_weight=0)
    assert list(method.losses("patches", draw(method, "patches", hands))) == ["patches", "mixup"]


def test_colour_images_are_learned_from(pixels):
    method = learner(channels=3)
    terms = method.losses("regions", draw(method, "regions", pixels))
    assert all(value.isfinite() for value in terms.values())


def test_the_published_form_learns_too(hands):
    given = {**PRESETS["faithful"], **TINY, "grid": 8}
    method = learner(**given)
    terms = method.losses("regions", draw(method, "regions", hands))
    assert list(terms) == ["patches", "mixup", "regions", "entropy"]
    assert 4 < terms["patches"] < 8
    sum(terms.values()).backward()
    gradients = [value.grad for value in method.network.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)


# Correspondences as memory


def test_mined_correspondences_are_remembered(hands):
    method, other = learner(), learner()
    said = enter(method, "correspondences-1", hands)
    assert said
    assert method.training
    memory = {name: value.clone() for name, value in method.memory().items()}
    other.remember(memory)
    one, again = (draw(m, "correspondences-1", hands) for m in (method, other))
    assert isinstance(one, PairBatch)
    assert torch.equal(one.views, again.views)
    assert torch.equal(one.points.first, again.points.first)


def test_nothing_is_remembered_before_the_stage_and_after_it(hands):
    method = learner()
    assert method.memory() == {}
    enter(method, "correspondences-1", hands)
    assert method.memory()
    enter(method, "patches", hands)
    assert method.memory() == {}
    method.remember({})
    assert not isinstance(draw(method, "patches", hands), PairBatch)


def test_mining_changes_no_weight_and_no_running_mean(hands):
    method = learner()
    before = {name: value.clone() for name, value in method.state_dict().items()}
    enter(method, "correspondences-1", hands)
    assert all(torch.equal(before[name], value) for name, value in method.state_dict().items())


def test_a_single_image_is_learned_from_without_correspondences(hands):
    method, one = learner(), hands.subset([0])
    for stage in method.stages:
        assert enter(method, stage.name, one) == []
        terms = method.losses(stage.name, draw(method, stage.name, one))
        assert sum(terms.values()).isfinite()


# Several processes


@pytest.mark.slow
def test_two_processes_have_the_losses_and_gradients_of_one(pictures, tmp_path):
    check_two_ranks(ld_part, pictures, tmp_path)
