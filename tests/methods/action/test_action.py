"""ACTION as a system: roles, averages, banks, stages, labels."""

import action_part
import numpy as np
import pytest
import torch
from action_part import learner
from canvases import coordinates, prepared
from small_action import SMALL_ACTION
from two_ranks import check_two_ranks

from napari_localcl.data.errors import BadInput
from napari_localcl.data.labels import DrawnLabels
from napari_localcl.data.settings import build_settings
from napari_localcl.data.shard import Shard
from napari_localcl.methods.action import Action
from napari_localcl.methods.action.knowledge import LabelKnowledge
from napari_localcl.methods.action.sampling import Sampler
from napari_localcl.methods.action.settings import LABEL_PRESETS, ActionSettings
from napari_localcl.models.ld_network import LDNetwork

CPU = torch.device("cpu")
STAGES = ("global", "local", "anatomical")


@pytest.fixture
def images(tmp_path):
    chance = np.random.default_rng(0)
    return prepared(chance.integers(0, 256, (5, 1, 64, 64), dtype=np.uint8), tmp_path)


def enter(method, stage, images):
    for _ in method.enter(stage, images, torch.Generator().manual_seed(0)):
        pass
    method.train()


def step(method, stage, images, seed=1):
    chance = torch.Generator().manual_seed(seed)
    batch = method.sample(stage, images, chance, Shard(), CPU)
    terms = method.losses(stage, batch)
    sum(terms.values()).backward()
    return batch, terms


def test_recipes_are_presets_of_one_system():
    stages = {name: [s.name for s in learner(name).stages] for name in LABEL_PRESETS}
    assert stages == {
        "action": list(STAGES),
        "weak-to-strong": ["anatomical"],
        "supervised": ["anatomical"],
        "faithful": list(STAGES),
    }


@pytest.mark.parametrize(
    ("recipe", "terms"),
    [
        ("supervised", {"cross-entropy", "dice"}),
        ("weak-to-strong", {"cross-entropy", "dice", "pseudo"}),
        ("action", {"cross-entropy", "dice", "pseudo", "contrast"}),
    ],
)
def test_a_recipe_has_its_terms_and_no_others(images, recipe, terms):
    method = learner(recipe, **SMALL_ACTION)
    enter(method, "anatomical", images)
    batch, found = step(method, "anatomical", images)
    assert set(found) == terms
    assert (batch.unlabelled is None) == (recipe == "supervised")


def test_the_teacher_sees_the_weak_view_and_the_student_the_strong_one(images):
    method = learner()
    enter(method, "anatomical", images)
    shown = {"student": [], "teacher": []}
    for name, seen in shown.items():
        network = getattr(method, name)
        network.backbone.net.conv_0.register_forward_pre_hook(
            lambda _, given, seen=seen: seen.append(given[0].detach())
        )
    batch, _ = step(method, "anatomical", images)
    assert torch.equal(shown["teacher"][0], batch.unlabelled.weak * 2 - 1)
    assert torch.equal(shown["student"][0][:2], batch.labelled.views * 2 - 1)
    assert len(shown["teacher"]) == len(shown["student"]) == 1


def test_no_gradient_reaches_the_teacher_and_its_heads(images):
    method = learner()
    for stage in STAGES:
        enter(method, stage, images)
        step(method, stage, images)
    assert all(value.grad is None for value in method.teacher.parameters())
    assert set(method.predictors) == {"global", "local"}
    learning = {id(p) for group in method.parameter_groups("global") for p in group["params"]}
    assert not learning & {id(p) for p in method.teacher.parameters()}


def test_the_teacher_is_an_average_of_weights_and_statistics_and_normalises_by_them(images):
    method = learner(**{**action_part.SHARED, "norm": "batch", "averaging": 0.75})
    enter(method, "anatomical", images)
    assert not method.teacher.training
    assert method.student.training
    before = {name: value.clone() for name, value in method.teacher.state_dict().items()}
    step(method, "anatomical", images)
    with torch.no_grad():
        for value in method.student.parameters():
            value.add_(1.0)
    own = method.student.state_dict()
    method.followed.fill_(1000)
    method.after_step("anatomical", 0.5)
    name = "backbone.net.conv_0.conv_0.adn.N.running_mean"
    for one in (name, "pixels.classify.weight"):
        wanted = 0.75 * before[one] + 0.25 * own[one]
        assert torch.allclose(method.teacher.state_dict()[one], wanted, atol=1e-6)
    assert not torch.equal(own[name], before[name])


def test_one_step_is_one_step_of_the_average_and_early_steps_count_more(images):
    method = learner()
    enter(method, "anatomical", images)
    with torch.no_grad():
        method.student.pixels.classify.bias.fill_(1.0)
        method.teacher.pixels.classify.bias.fill_(0.0)
    method.after_step("anatomical", 0.1)
    assert method.teacher.pixels.classify.bias[0] == pytest.approx(0.5)  # 1 - 1 / 2 is kept


def test_the_bank_begins_with_images_and_is_first_in_first_out(images):
    method = learner()
    enter(method, "global", images)
    bank = method.memory()["bank.global"].clone()
    assert bank.shape == (4, 8)
    assert bank.std(dim=0).sum() > 0
    enter(method, "local", images)
    assert method.memory()["bank.local"].shape == (4, 49, 8)
    method = learner(**{**action_part.SHARED, "batch": 3})
    enter(method, "global", images)
    bank = method.memory()["bank.global"].clone()
    step(method, "global", images)
    method.after_step("global", 0.1)
    after = method.memory()["bank.global"]
    assert torch.equal(after[3:], bank[:1])
    assert not torch.equal(after[:3], bank[:3])


def test_a_fresh_network_has_something_to_learn_from_other_images(images):
    method = learner()
    enter(method, "global", images)
    _, terms = step(method, "global", images)
    assert terms["global"].item() > 0.1


def test_labels_move_with_their_pixels(tmp_path):
    images = prepared(coordinates(2, (64, 64)), tmp_path)
    where = np.zeros((2, 64, 64), np.uint8)
    where[:, :32], where[:, :, 48:] = 1, 2
    rows = np.arange(2)
    known = LabelKnowledge.of(DrawnLabels(2, rows, where, rows, np.zeros(2, bool)))
    plain = {
        f"{look}.{name}": 0
        for look in ("weak", "strong")
        for name in ("brightness", "contrast", "saturation", "gamma", "noise", "blur")
    }
    given = build_settings(ActionSettings, {"image_size": 64, "labelled": 8, **plain}, {})
    chance = torch.Generator().manual_seed(0)
    found = Sampler(given, images, chance, Shard(), CPU).labelled(known)
    row, column = (found.views[:, :2] * 255 / 4).unbind(dim=1)
    sure = (found.labels != 255) & ((row - 31.5).abs() > 1) & ((column - 47.5).abs() > 1)
    wanted = torch.where(column > 47.5, 2, torch.where(row < 31.5, 1, 0))
    assert torch.equal(found.labels[sure], wanted[sure])
    assert sure.float().mean() > 0.5
    assert (found.labels == 255).any()  # a view that shows more than its image


def test_both_views_without_labels_show_the_same_place(tmp_path):
    images = prepared(coordinates(3, (64, 64)), tmp_path)
    method = learner(
        **SMALL_ACTION,
        **{
            f"strong.{name}": 0
            for name in ("brightness", "contrast", "saturation", "gamma", "noise", "blur")
        },
    )
    rows = np.zeros(1, np.int64)
    known = LabelKnowledge.of(
        DrawnLabels(1, rows, np.ones((1, 64, 64), np.uint8), rows, np.ones(1, bool))
    )
    chance = torch.Generator().manual_seed(0)
    sampler = Sampler(method.settings, images, chance, Shard(), CPU)
    views = sampler.unlabelled(known)
    # Weakly disturbed grey levels are of the same pixels: the better, the more they correlate.
    first, second = (v[:, 0][views.field].flatten() for v in (views.weak, views.strong))
    assert torch.corrcoef(torch.stack([first, second]))[0, 1] > 0.95
    shown = (views.strong[:, 2].amax(dim=(1, 2)) * 255 / 40).round()
    assert set(shown.tolist()) <= {1.0, 2.0}, "image 0 is wholly labelled"


def test_volumes_are_drawn_alike_and_rare_classes_more_often():
    maps = np.zeros((5, 4, 4), np.uint8)
    maps[:, 0], maps[4, 1] = 1, 2
    volumes = np.array([0, 0, 0, 0, 1])
    known = LabelKnowledge.of(DrawnLabels(2, np.arange(5), maps, volumes, np.ones(5, bool)))
    assert known.alike.tolist() == pytest.approx([1 / 8] * 4 + [1 / 2])
    assert known.by_class[1].tolist() == [0, 0, 0, 0, 1]
    drawn = known.draw(4000, 0.5, torch.Generator().manual_seed(0))
    # Half of them alike (1/2 of the second volume), a quarter for each class (1/2 and 1).
    assert (drawn == 4).float().mean() == pytest.approx(0.25 + 0.125 + 0.25, abs=0.03)


def test_images_that_are_labelled_in_every_pixel_need_no_pseudo_labels():
    rows = np.array([1, 2])
    labels = DrawnLabels(1, rows, np.ones((2, 4, 4), np.uint8), rows, np.array([True, False]))
    known = LabelKnowledge.of(labels)
    assert known.without_labels(4).tolist() == [0, 2, 3]
    everything = DrawnLabels(1, np.arange(2), np.ones((2, 4, 4), np.uint8), rows, np.ones(2, bool))
    assert LabelKnowledge.of(everything).without_labels(2).tolist() == [0, 1]


def test_it_segments_classes_that_sum_with_the_background_to_one():
    method = learner().eval()
    told, doubt = method.segment(torch.rand(2, 1, 64, 64))
    assert told.shape == (2, 2, 64, 64)
    assert (told.sum(dim=1) <= 1 + 1e-5).all()
    assert doubt.shape == (2, 1, 64, 64)
    assert (doubt >= 0).all()
    assert (doubt <= 1 + 1e-5).all()


def test_it_builds_on_the_network_of_another_system(images):
    torch.manual_seed(0)
    method = Action(build_settings(ActionSettings, SMALL_ACTION, LABEL_PRESETS["action"]), 1)
    method.begin_segmenting(2, LDNetwork(1, 4, 8, 4, finest_stride=2))
    method.know_labels(action_part.labels())
    for stage in STAGES:
        enter(method, stage, images)
        _, terms = step(method, stage, images)
        assert all(term.isfinite() for term in terms.values())
    assert method.learning_encoder().backbone.stages[0][0][0].weight.grad.abs().sum() > 0


def test_without_labels_it_says_what_is_missing(images):
    method = Action(build_settings(ActionSettings, SMALL_ACTION, LABEL_PRESETS["action"]), 1)
    assert not method.segments
    method.begin_segmenting(2, None)
    with pytest.raises(BadInput, match="labels are missing"):
        method.sample("anatomical", images, torch.Generator(), Shard(), CPU)


def test_pairs_that_processes_cannot_share_are_one_sentence(images):
    method = learner(**SMALL_ACTION)
    with pytest.raises(BadInput, match="set a multiple of 4"):
        method.sample("anatomical", images, torch.Generator().manual_seed(0), Shard(0, 2), CPU)


@pytest.mark.slow
def test_two_processes_have_the_losses_and_gradients_of_one(pictures, tmp_path):
    check_two_ranks(action_part, pictures, tmp_path)
