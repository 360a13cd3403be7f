"""LD guided by a shape: that it learns one, resumes, and says how sure it is."""

import math

import numpy as np
import pytest
import torch
from canvases import prepared
from torch.nn.functional import normalize

from napari_localcl.data.errors import BadInput
from napari_localcl.data.shard import Shard
from napari_localcl.methods.ld import LD
from napari_localcl.methods.ld.knowledge import ShapeKnowledge, first_guesses
from napari_localcl.methods.ld.refine import (
    PseudoLabels,
    RefineBatch,
    certainty,
    refine_terms,
    trusted,
)
from napari_localcl.methods.ld.settings import LDSettings
from napari_localcl.methods.ld.shape import ShapeBatch, ShapeGuide, cosine_map
from napari_localcl.methods.ld.shape_settings import SHAPE, ShapeSettings

CPU = torch.device("cpu")
SMALL = {**SHAPE, "image_size": 64, "width": 4, "dimensions": 8, "clusters": 4, "pairs": 1}


def discs(count, seed=0):
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :64]
    centres = chance.uniform(20, 44, (count, 2))
    return np.stack([(y - a) ** 2 + (x - b) ** 2 <= 64 for a, b in centres])


@pytest.fixture
def images(tmp_path):
    """Bright discs on darker ground, with noise."""
    noise = np.random.default_rng(1).normal(0, 8, (6, 64, 64))
    return prepared((100 + 60 * discs(6) + noise).astype(np.uint8)[:, None], tmp_path)


def prior(count=16):
    return torch.from_numpy(discs(count, seed=7).astype(np.uint8))[:, None]


def learner(**shape):
    torch.manual_seed(0)
    given = {**SMALL["shape"], "appearance": "brighter", "bank": 16, "masks_fitted": 8, **shape}
    method = LD(LDSettings(**{**SMALL, "shape": given}), 1)
    method.know_shape(prior(), located=False)
    return method


def enter(method, stage, images):
    return list(method.enter(stage, images, torch.Generator().manual_seed(0)))


def draw(method, stage, images):
    return method.sample(stage, images, torch.Generator().manual_seed(1), Shard(), CPU)


def step(method, stage, images, optimizer=None):
    optimizer = optimizer or torch.optim.Adam(method.parameter_groups(stage))
    terms = method.losses(stage, draw(method, stage, images))
    optimizer.zero_grad()
    sum(terms.values()).backward()
    optimizer.step()
    return terms


# First guesses


def test_where_the_appearance_is_known_masks_are_fitted_to_each_image(images):
    given = ShapeSettings(appearance="brighter", masks_fitted=16, best=1)
    work = first_guesses(ShapeKnowledge.of_prior(prior(), False), images, given, torch.Generator())
    said = []
    while True:
        try:
            said.append(next(work))
        except StopIteration as end:
            known = end.value
            break
    assert [news.step for news in said] == [1, 2, 3, 4, 5, 6]
    guesses, guessed = known.guess(torch.arange(6))
    assert guessed.all()
    truth = torch.from_numpy(discs(6)).float()
    dice = 2 * (guesses[:, 0] * truth).sum((1, 2)) / (guesses.sum((1, 2, 3)) + truth.sum((1, 2)))
    assert dice.min() > 0.8


@pytest.mark.parametrize(("located", "count"), [(True, 1), (False, 0)])
def test_else_the_guess_is_where_masks_lie_mostly_if_that_means_anything(images, located, count):
    known = ShapeKnowledge.of_prior(prior(), located)
    work = first_guesses(known, images, ShapeSettings(), torch.Generator())
    with pytest.raises(StopIteration) as end:
        next(work)
    assert len(end.value.value.guesses) == count
    guesses, guessed = end.value.value.guess(torch.tensor([0, 5])) if count else (None, None)
    if count:
        assert guessed.all()
        assert torch.allclose(guesses[1], prior().float().mean(0), atol=1 / 255)


# The game


def shape_batch(shapes, penalised=False):
    views = torch.rand(2, 1, 32, 32)
    ones = torch.ones(2, 1, 32, 32)
    return ShapeBatch(views, ones, ones * 0, torch.zeros(2), False, shapes, penalised, None)


def test_each_player_moves_its_own_weights_only():
    torch.manual_seed(0)
    method = learner(appearance="any", area_weight=0.0)
    mask = torch.rand(2, 1, 32, 32, requires_grad=True)
    judge = list(method.guide.discriminator.parameters())
    terms = method.guide.terms(mask, shape_batch(torch.rand(2, 1, 32, 32)), 1.0)
    assert set(terms) == {"shape", "discriminator"}
    terms["shape"].backward(retain_graph=True)
    assert mask.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in judge)
    mask.grad = None
    terms["discriminator"].backward()
    assert mask.grad is None
    assert all(weight.grad is not None for weight in judge)


def test_the_gradient_penalty_is_paid_now_and_then_and_eightfold():
    method = learner(appearance="any", area_weight=0.0, penalty=0.02)
    mask, shapes = torch.rand(2, 1, 32, 32), torch.rand(2, 1, 32, 32)
    seldom = method.guide.terms(mask, shape_batch(shapes, penalised=True), 1.0)
    real = shapes.clone().requires_grad_()
    (slope,) = torch.autograd.grad(method.guide.discriminator(real).sum(), real)
    wanted = 0.02 / 2 * 8 * slope.square().sum(dim=(1, 2, 3)).mean()
    assert seldom["penalty"].item() == pytest.approx(wanted.item(), rel=1e-3)


def test_the_first_guess_fades_to_its_rest_while_the_game_begins(images):
    method = learner(guess_rest=0.25)
    enter(method, "shape", images)
    batch = draw(method, "shape", images)
    mask = torch.full_like(batch.guesses, 0.4)
    at = [method.guide.terms(mask, batch, fraction) for fraction in (0.0, 0.25, 0.9)]
    guess = [terms["guess"].item() for terms in at]
    game = [terms["shape"].item() for terms in at]
    assert guess == pytest.approx([guess[0], guess[0] / 2, guess[0] / 4], rel=1e-5)
    full = game[0] / 0.05
    assert game == pytest.approx([0.05 * full, (1 - 0.95 / 2) * full, (1 - 0.95 / 4) * full])


def test_what_the_camera_did_not_see_is_no_structure(tmp_path):
    y, x = np.mgrid[:64, :64]
    eye = ((y - 32) ** 2 + (x - 32) ** 2 <= 900) * 120
    method = learner()
    method.know_shape(prior(), located=False)
    images = prepared(np.repeat(eye[None, None], 2, axis=0).astype(np.uint8), tmp_path)
    enter(method, "shape", images)
    batch = draw(method, "shape", images)
    dark = batch.views < 0.02
    assert batch.field[dark].mean() < 0.05
    assert batch.field.mean() > 0.3


# The stages


def test_a_shape_without_a_prior_is_refused_in_a_sentence(images):
    method = LD(LDSettings(**SMALL), 1)
    with pytest.raises(BadInput, match="give the run a prior"):
        enter(method, "shape", images)


def test_the_stages_are_the_shape_and_its_refinement():
    assert [(one.name, round(one.share, 2)) for one in learner().stages] == [
        ("shape", 0.7),
        ("refine", 0.3),
    ]
    alone = learner(refine={"share": 0.0})
    assert [one.name for one in alone.stages] == ["shape"]
    assert alone.segmenter is None


def test_a_pretraining_has_neither_judge_nor_average():
    names = {name.split(".")[0] for name in LD(LDSettings(width=4), 1).state_dict()}
    assert names == {"network"}


def test_discs_are_found_without_a_label(images):
    method = learner(averaging=0.9, refine={"share": 0.0}, bank=16)
    enter(method, "shape", images)
    optimizer = torch.optim.Adam(method.parameter_groups("shape"))
    for at in range(60):
        torch.manual_seed(at)
        terms = method.losses(
            "shape",
            method.sample("shape", images, torch.Generator().manual_seed(at), Shard(), CPU),
        )
        optimizer.zero_grad()
        sum(terms.values()).backward()
        optimizer.step()
        method.after_step("shape", (at + 1) / 60)
    method.eval()
    found, doubt = method.segment(torch.from_numpy(images.batch(range(6))).float() / 255)
    truth, mask = torch.from_numpy(discs(6)), found[:, 0] > 0.5
    dice = 2 * (mask & truth).sum().item() / (mask.sum() + truth.sum()).item()
    assert dice > 0.7
    assert doubt.min() >= 0
    assert doubt.max() <= 1


def test_the_average_follows_and_is_what_tasks_take(images):
    method = learner(averaging=0.9)
    enter(method, "shape", images)
    before = method.guide.average.state_dict()["backbone.stages.0.0.0.weight"].clone()
    step(method, "shape", images)
    method.after_step("shape", 0.5)
    own = method.network.state_dict()["backbone.stages.0.0.0.weight"]
    after = method.guide.average.state_dict()["backbone.stages.0.0.0.weight"]
    kept = 1 / 11
    assert torch.allclose(after, kept * before + (1 - kept) * own, atol=1e-6)
    assert method.encoder() is method.guide.average


def test_what_a_run_knows_survives_saving(images):
    method = learner()
    enter(method, "shape", images)
    method.after_step("shape", 0.375)
    other = learner()
    other.remember(method.memory())
    first, second = draw(method, "shape", images), draw(other, "shape", images)
    for one, two in zip(vars(first).values(), vars(second).values(), strict=True):
        assert one is two or torch.equal(torch.as_tensor(one), torch.as_tensor(two))
    assert other._fraction == 0.375


def test_a_colour_that_does_not_show_the_structure_is_not_looked_at():
    torch.manual_seed(0)
    shape = {**SMALL["shape"], "channel": "green"}
    method = LD(LDSettings(**{**SMALL, "shape": shape}), 3).eval()
    image = torch.rand(1, 3, 64, 64)
    found = method.segment(image)
    other = image.clone()
    other[:, [0, 2]] = torch.rand(1, 2, 64, 64)
    assert all(torch.equal(a, b) for a, b in zip(found, method.segment(other), strict=True))
    other[:, 1] = torch.rand(1, 64, 64)
    assert not torch.equal(found[0], method.segment(other)[0])


@pytest.mark.parametrize(
    ("patience", "loss", "slope"), [(0.6, 0.8, 0.0), (0.6, 0.9, 1.0), (0.0, 0.01, 1.0)]
)
def test_a_discriminator_that_has_all_but_won_waits(patience, loss, slope):
    """Guessing costs 1.386, so that 0.6 of it is 0.83."""
    lost = torch.tensor(loss, requires_grad=True)
    told = learner(patience=patience).guide._unless_won(lost)
    told.backward()
    assert told.item() == pytest.approx(loss)
    assert lost.grad.item() == slope


def test_a_game_without_patches_looks_at_as_many_images_as_it_has_views(images):
    method = learner()
    enter(method, "shape", images)
    batch = draw(method, "shape", images)
    assert len(batch.views) == len(batch.shapes) == method.images_per_step() == 4


def test_patches_are_told_apart_beside_the_shape_where_they_have_a_weight(images):
    torch.manual_seed(0)
    given = {**SMALL, "patch_weight": 1.0, "mixup_weight": 1.0}
    method = LD(LDSettings(**given), 1)
    method.know_shape(prior(), located=False)
    enter(method, "shape", images)
    batch = draw(method, "shape", images)
    terms = method.losses("shape", batch)
    assert {"patches", "mixup", "regions", "entropy", "shape", "discriminator"} <= set(terms)
    assert torch.equal(batch.views, batch.patches.views)


def test_refinement_learns_from_the_first_networks_labels(images):
    method = learner()
    enter(method, "shape", images)
    enter(method, "refine", images)
    batch = draw(method, "refine", images)
    assert isinstance(batch, RefineBatch)
    optimizer = torch.optim.Adam(method.parameter_groups("refine"))
    losses = [step(method, "refine", images, optimizer)["refine"].item() for _ in range(12)]
    assert losses[-1] < losses[0]
    other = learner()
    other.remember(method.memory())
    assert torch.equal(draw(other, "refine", images).maps, batch.maps)


def test_a_pixel_counts_as_much_as_it_is_certain():
    p = torch.tensor([0.0, 0.5, 1.0, 0.25])
    wanted = 1 + 0.25 * math.log2(0.25) + 0.75 * math.log2(0.75)
    assert certainty(p).tolist() == pytest.approx([1, 0, 1, wanted], abs=1e-4)
    maps = torch.tensor([0.5, 0.5, 1.0, 0.0]).view(1, 1, 2, 2)
    batch = RefineBatch(torch.zeros(1, 1, 2, 2), maps, torch.ones_like(maps))
    one, two = (torch.tensor([a, -a, 5, -5.0]).view(1, 1, 2, 2) for a in (3.0, -3.0))
    # What is undecided may be called either way, unless it counts like the rest.
    weighted = [refine_terms(x, batch, True)["refine"].item() for x in (one, two)]
    assert weighted[0] == pytest.approx(weighted[1], rel=1e-4)


def test_what_the_camera_did_not_see_says_nothing_of_the_structure(tmp_path):
    """Evened images go on as their reflection beyond the field of view; masks do not."""
    y, x = np.mgrid[:64, :64]
    seen = np.hypot(y - 32, x - 32) < 28
    bright = np.where(seen, 150 + 20 * (x > 32), 0).astype(np.uint8)
    images = prepared(np.stack([bright] * 4)[:, None], tmp_path)
    method = learner()
    enter(method, "shape", images)
    batch = draw(method, "shape", images)
    inside = (batch.views > 0.3).float()
    assert 0.3 < batch.field.mean() < 0.8
    assert (batch.field * (1 - inside)).mean() < 0.02  # nothing of the dark surround
    everywhere = torch.ones_like(batch.field).requires_grad_()
    terms = method.guide.terms(everywhere, batch, 1.0)
    (terms["shape"] + terms["area"]).backward()
    assert everywhere.grad[batch.field == 0].abs().max() == 0
    assert everywhere.grad[batch.field == 1].abs().max() > 0

    enter(method, "refine", images)
    batch = draw(method, "refine", images)
    logits = torch.zeros_like(batch.maps).requires_grad_()
    refine_terms(logits, batch, True)["refine"].backward()
    assert logits.grad[batch.field == 0].abs().max() == 0


def test_nearness_to_the_clusters_region_is_the_second_output():
    assignment = torch.zeros(1, 2, 2, 2)
    assignment[0, 0, 0], assignment[0, 1, 1] = 1.0, 1.0
    embedding = torch.zeros(1, 2, 2, 2)
    embedding[0, 0, 0], embedding[0, 1, 1] = 1.0, 1.0
    found = cosine_map(assignment, normalize(embedding, dim=1), 0.2)
    near = 1 / (1 + math.exp(-5))
    assert torch.allclose(found[0, 0], torch.tensor([[near, near], [1 - near, 1 - near]]))


def test_the_guide_starts_from_the_network_as_it_is():
    method = learner()
    guide = ShapeGuide(method.network, method.settings.shape)
    with torch.no_grad():
        next(method.network.parameters()).add_(1)
    guide.begin(method.network)
    for own, theirs in zip(guide.average.parameters(), method.network.parameters(), strict=True):
        assert torch.equal(own, theirs)
        assert not own.requires_grad


def test_guesses_are_preferred_to_a_network_that_has_hardly_learned():
    masks = torch.zeros(2, 1, 8, 8, dtype=torch.uint8)
    masks[:, :, :4, :4] = 255  # a quarter of the canvas
    guesses = torch.full((1, 1, 8, 8), 200, dtype=torch.uint8)
    known = ShapeKnowledge(masks, torch.tensor(False), guesses, torch.tensor([-1, 0, -1]))

    def said(part):
        maps = torch.zeros(3, 1, 8, 8, dtype=torch.uint8)
        maps[:, :, : round(8 * part)] = 255
        return PseudoLabels(torch.arange(3), maps)

    for part in (0.0, 1.0):
        taken = trusted(said(part), known)
        assert taken.images.tolist() == [1]
        assert torch.equal(taken.maps, guesses)
    good = said(0.25)
    assert trusted(good, known) is good
    empty = said(0.0)
    assert trusted(empty, ShapeKnowledge.of_prior(masks, False)) is empty
