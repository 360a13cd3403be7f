"""What every published system states; all of them are held to it."""

import itertools

import pytest
import torch
from canvases import prepared
from pydantic import BaseModel
from tiny import tiny_record

from napari_localcl.data.settings import list_settings
from napari_localcl.data.shard import Shard
from napari_localcl.methods import PUBLISHED, Method, MethodSettings, Stage
from napari_localcl.methods.method import stages_of
from napari_localcl.models.encoder import Encoder
from napari_localcl.training.collapse import EVERY, CollapseWatch
from napari_localcl.training.engine import Engine
from napari_localcl.training.run import RunFolder

ALL = sorted(PUBLISHED)
TINY = {"width": 4, "dimensions": 8, "clusters": 4, "pairs": 1, "points": {"count": 8}}
TINY_ACE = {"width": 64, "depth": 1, "batch": 2, "consistency": {"width": 16, "prototypes": 16}}
TINY_ACTION = {"width": 4, "batch": 2}
TINY_MOCO = {"width": 4, "dimensions": 8, "batch": 2, "queue": 8, "hidden": 8, "projected": 8}
TINY_LRC = {**TINY_MOCO, "lrc": {"images": 2}}
TINY_SSLM = {
    "branch": 4,
    "trunk": 8,
    "hidden": 16,
    "frames": 2,
    "permutations": 4,
    "choice": "random",
}
TINY_OF = {
    "ld": TINY,
    "ace": TINY_ACE,
    "action": TINY_ACTION,
    "moco": TINY_MOCO,
    "lrc": TINY_LRC,
    "sslm": TINY_SSLM,
}


@pytest.fixture(params=ALL)
def system(request):
    return PUBLISHED[request.param]


@pytest.fixture
def learner(system):
    torch.manual_seed(0)
    return system(system.settle({}, {"image_size": 64, **TINY_OF.get(system.name, {})}), 1)


@pytest.fixture
def images(tmp_path):
    pixels = torch.randint(256, (3, 1, 64, 64), dtype=torch.uint8)
    return prepared(pixels.numpy(), tmp_path)


def test_ld_is_published():
    assert "ld" in PUBLISHED


def test_a_system_says_what_it_is_and_where_it_was_published(system):
    assert PUBLISHED[system.name] is system
    assert system.title
    assert any(year in system.paper for year in map(str, range(2018, 2040)))


def test_every_setting_has_a_default_and_a_description(system):
    def check(model: type[BaseModel]):
        for name, field in model.model_fields.items():
            assert not field.is_required(), name
            assert field.description, name
            if isinstance(field.default, BaseModel):
                check(type(field.default))

    check(type(system.settle({})))


def test_every_preset_is_valid(system):
    for preset in system.presets.values():
        system.settle({}, preset)
    for recipe in system.label_presets.values():
        system.settle({}, recipe)


def test_each_choice_of_the_settings_that_decide_which_others_there_are_has_a_preset(system):
    def decided(preset):
        values = {one.name: one for one in list_settings(system.settle({}, preset))}
        return tuple(values[name].default for name in system.deciding)

    known = {one.name: one.choices for one in list_settings(system.settle({}))}
    choices = set(itertools.product(*(known[name] for name in system.deciding)))
    assert {decided(preset) for preset in system.presets.values()} == choices


def test_unknown_settings_are_refused_and_settings_cannot_be_changed(system):
    with pytest.raises(ValueError, match="not permitted"):
        system.Settings(no_such_setting=1)
    with pytest.raises(ValueError, match="frozen"):
        system.Settings().learning_rate = 1.0


def test_the_stages_share_the_whole_budget(learner):
    assert sum(stage.share for stage in learner.stages) == pytest.approx(1)
    assert len({stage.name for stage in learner.stages}) == len(learner.stages)


def test_its_encoder_embeds_images_as_unit_vectors(learner):
    encoder = learner.encoder()
    assert isinstance(encoder, Encoder)
    maps = encoder.embed(torch.rand(1, 1, 64, 64))
    assert tuple(sorted(maps)) == tuple(maps) == encoder.strides
    for stride, level in maps.items():
        assert level.shape[2:] == (64 // stride, 64 // stride)
        assert torch.allclose(level.norm(dim=1), torch.ones(()), atol=1e-5)


def test_every_stage_has_finite_named_losses_with_gradients(learner, images):
    for stage in learner.stages:
        chance = torch.Generator().manual_seed(0)
        for _ in learner.enter(stage.name, images, chance):
            pass
        batch = learner.sample(stage.name, images, chance, Shard(), torch.device("cpu"))
        terms = learner.losses(stage.name, batch)
        total = sum(terms.values())
        total.backward()
        assert total.isfinite()
        assert all(value.dim() == 0 for value in terms.values())
        learner.after_step(stage.name, 0.5)
    assert learner.images_per_step() > 0


def test_the_optimiser_gets_every_parameter_that_learns_once(learner):
    stage = learner.stages[0].name
    given = [value for group in learner.parameter_groups(stage) for value in group["params"]]
    learned = [value for value in learner.parameters() if value.requires_grad]
    assert {id(value) for value in given} == {id(value) for value in learned}
    assert len(given) == len(set(map(id, given)))


def test_two_systems_cannot_have_the_same_name():
    with pytest.raises(ValueError, match="two systems are called ld"):
        type("Other", (Method,), {}, name="ld")


def test_a_class_without_a_name_is_not_published():
    before = dict(PUBLISHED)
    type("Basis", (Method,), {})
    assert before == PUBLISHED


def test_stages_without_a_share_are_left_out():
    assert stages_of({"a": 1.0, "b": 0.0, "c": 3.0}) == (Stage("a", 0.25), Stage("c", 0.75))


@pytest.mark.parametrize("size", [63, 100, 4096])
def test_the_image_size_is_a_multiple_of_32_within_bounds(size):
    with pytest.raises(ValueError, match="image_size"):
        MethodSettings(image_size=size)


def test_a_fresh_system_does_not_look_collapsed(learner, images, tmp_path):
    engine, run = Engine("cpu", "32-true"), RunFolder.create(tmp_path / "run", tiny_record())
    learner.train()
    watch = CollapseWatch(engine, learner, images, run)
    assert watch.look(EVERY, last=True) == ""
    assert learner.training


def test_a_system_that_makes_the_same_of_everything_is_noticed(learner, images, tmp_path):
    for weight in learner.encoder().parameters():
        weight.data.zero_() if weight.ndim > 1 else weight.data.fill_(1)
    engine, run = Engine("cpu", "32-true"), RunFolder.create(tmp_path / "run", tiny_record())
    assert "collapsed" in CollapseWatch(engine, learner, images, run).look(EVERY, last=True)
