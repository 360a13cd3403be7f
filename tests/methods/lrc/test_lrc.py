"""LRC on other systems: its term beside theirs, its stages, and several processes."""

import add_on
import pytest
import torch
from small_ace import SMALL_ACE
from two_ranks import check_two_ranks

from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import prepare_all
from napari_localcl.data.shard import Shard
from napari_localcl.methods import PUBLISHED
from napari_localcl.methods.lrc.lrc import STAGE

CPU = torch.device("cpu")
BASES = sorted(add_on.SMALL)


@pytest.fixture(scope="module")
def images(pictures):
    return prepare_all(find_images(pictures), 64)


def learner(base, **given):
    return add_on.build("lrc", add_on.small(base, **given))


def enter(method, stage, images):
    return list(method.enter(stage, images, torch.Generator().manual_seed(0)))


def draw(method, stage, images, seed=0):
    return method.sample(stage, images, torch.Generator().manual_seed(seed), Shard(), CPU)


@pytest.mark.parametrize("base", BASES)
def test_the_local_term_stands_beside_all_of_the_bases(base, images):
    method = learner(base)
    for stage in (one.name for one in method.stages):
        enter(method, stage, images)
        batch = draw(method, stage, images)
        terms = method.losses(stage, batch)
        own = [] if base == "none" else list(method.base.losses(stage, batch.base))
        assert list(terms) == [*own, "local"]
        sum(terms.values()).backward()
    encoder = method.learning_encoder()
    learned = [name for name, value in encoder.named_parameters() if value.grad is not None]
    assert any("backbone" in name for name in learned)
    assert any("embedding" in name for name in learned)


def test_on_ace_the_student_learns_regions_and_the_teacher_follows(images):
    method = add_on.build("lrc", {**SMALL_ACE, **add_on.SMALL_LOCAL, "base": "ace"})
    stage = method.stages[0].name
    enter(method, stage, images)
    batch = draw(method, stage, images)
    terms = method.losses(stage, batch)
    assert list(terms) == [*method.base.losses(stage, batch.base), "local"]
    terms["local"].backward()
    assert method.base.student.backbone.stages[0].conv[0].conv.weight.grad.abs().sum() > 0
    assert all(value.grad is None for value in method.base.teacher.parameters())
    assert method.encoder() is method.base.teacher


@pytest.mark.parametrize("base", ["ld", "moco"])
def test_the_base_sees_what_it_sees_alone(base, images):
    alone = add_on.build(base, add_on.SMALL[base])
    method = learner(base)
    stage = alone.stages[0].name
    enter(method, stage, images)
    batch = draw(method, stage, images).base
    views = batch if base == "moco" else batch.views
    expected = draw(alone, stage, images)
    assert torch.equal(views, expected if base == "moco" else expected.views)


def test_the_stages_are_the_bases_or_one_of_its_own():
    ld = add_on.build("ld", add_on.SMALL["ld"])
    assert learner("ld").stages == ld.stages
    assert [stage.name for stage in learner("none").stages] == [STAGE]


def test_the_encoder_is_the_bases_with_its_decoder():
    for base in BASES:
        method = learner(base)
        assert method.encoder() is method.base.encoder()
        assert method.encoder().decoder is not None


@pytest.mark.parametrize("form", ["prototype", "pixels"])
def test_a_few_steps_lower_the_local_loss(images, form):
    method = learner("none", **{"lrc.form": form})
    enter(method, STAGE, images)
    held = draw(method, STAGE, images, seed=100)
    with torch.no_grad():
        before = method.losses(STAGE, held)["local"]
    optimiser = torch.optim.Adam(method.parameter_groups(STAGE), 3e-3)
    for seed in range(20):
        optimiser.zero_grad()
        method.losses(STAGE, draw(method, STAGE, images, seed))["local"].backward()
        optimiser.step()
    with torch.no_grad():
        assert method.losses(STAGE, held)["local"] < 0.9 * before


def test_its_weight_multiplies_the_term(images):
    values = []
    for weight in (1, 3):
        method = learner("none", **{"lrc.weight": weight})
        enter(method, STAGE, images)
        values.append(method.losses(STAGE, draw(method, STAGE, images))["local"].item())
    assert values[1] == pytest.approx(3 * values[0], rel=1e-5)


def test_without_a_head_the_embeddings_themselves_are_contrasted(images):
    method = learner("none", **{"lrc.head": 0})
    assert not list(method.heads.parameters())
    enter(method, STAGE, images)
    method.losses(STAGE, draw(method, STAGE, images))["local"].backward()


def test_levels_coarser_than_asked_learn_no_regions():
    assert list(learner("ld", **{"lrc.coarsest": 8}).heads) == ["2", "4", "8"]
    assert list(learner("ld", **{"lrc.coarsest": 1}).heads) == ["2"]


# Two stages


def test_of_two_stages_the_first_is_the_bases_and_the_second_keeps_the_encoder(images):
    method = learner("moco", **{"lrc.two_stage": True, "lrc.share": 0.25})
    assert [(stage.name, stage.share) for stage in method.stages] == [
        ("images", 0.75),
        (STAGE, 0.25),
    ]
    assert enter(method, "images", images) == []
    assert list(method.losses("images", draw(method, "images", images))) == ["images"]
    enter(method, STAGE, images)
    fixed = {name: value.clone() for name, value in method.encoder().backbone.state_dict().items()}
    moving = method.encoder().decoder.state_dict()
    before = {name: value.clone() for name, value in moving.items()}
    optimiser = torch.optim.Adam(method.parameter_groups(STAGE), 1e-2)
    terms = method.losses(STAGE, draw(method, STAGE, images))
    assert list(terms) == ["local"]
    terms["local"].backward()
    optimiser.step()
    method.after_step(STAGE, 0.5)
    after = method.encoder().backbone.state_dict()
    assert all(torch.equal(after[name], value) for name, value in fixed.items())
    assert any(not torch.equal(moving[name], value) for name, value in before.items())


def test_batch_statistics_of_an_encoder_that_stays_stay_too(images):
    method = learner("ld", **{"lrc.two_stage": True}).train()
    enter(method, STAGE, images)
    before = {name: value.clone() for name, value in method.encoder().backbone.named_buffers()}
    method.losses(STAGE, draw(method, STAGE, images))
    after = dict(method.encoder().backbone.named_buffers())
    assert all(torch.equal(after[name], value) for name, value in before.items())


# Regions as memory


def test_finding_regions_is_said_and_hurried(images):
    method = learner("none")
    work = method.enter(STAGE, images, torch.Generator().manual_seed(0))
    first = next(work)
    assert (first.event, first.step, first.steps) == ("mine", 1, 6)
    with pytest.raises(StopIteration):
        work.send(True)
    assert len(method.memory()["pool"]) == 1
    assert method.losses(STAGE, draw(method, STAGE, images))["local"].isfinite()


def test_the_pool_and_the_bases_memory_are_remembered(images):
    method, other = learner("ld"), learner("ld")
    enter(method, "correspondences-1", images)
    other.remember({name: value.clone() for name, value in method.memory().items()})
    one, again = (draw(m, "correspondences-1", images) for m in (method, other))
    assert torch.equal(one.base.points.first, again.base.points.first)
    assert torch.equal(one.local.points, again.local.points)


# Several processes


@pytest.mark.slow
def test_two_processes_have_the_losses_and_gradients_of_one(pictures, tmp_path):
    check_two_ranks(add_on, pictures, tmp_path)


def test_it_can_be_added_to_every_published_system():
    for name in PUBLISHED.keys() - {"lrc"}:
        method = add_on.build("lrc", {"base": name, "image_size": 64})
        assert any(value.requires_grad for value in method.learning_encoder().parameters())
        assert method.heads
