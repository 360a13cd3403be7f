"""ACE: its terms and switches, its teacher, and that several processes learn what one learns."""

import ace_part
import pytest
import torch
from small_ace import SMALL_ACE
from two_ranks import check_two_ranks

from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import prepare_all
from napari_localcl.data.samples import sample_folder
from napari_localcl.data.settings import build_settings
from napari_localcl.data.shard import Shard
from napari_localcl.methods.ace import ACE
from napari_localcl.methods.ace.cropping import GridCrops
from napari_localcl.methods.ace.settings import PRESETS, ACESettings
from napari_localcl.methods.ace.terms import whole_vectors
from napari_localcl.models.tokens import Tokens

CPU = torch.device("cpu")
STAGE = "consistency"


@pytest.fixture(scope="module")
def hands():
    return prepare_all(find_images(sorted(sample_folder("skeleton").glob("images/*_0?.png"))), 64)


def learner(channels=1, **given):
    torch.manual_seed(0)
    dotted = {name.replace("__", "."): value for name, value in given.items()}
    return ACE(build_settings(ACESettings, {**SMALL_ACE, **dotted}, {}), channels)


def draw(method, images, seed=0):
    chance = torch.Generator().manual_seed(seed)
    return method.sample(STAGE, images, chance, Shard(), CPU)


# Terms and switches

LOCAL = {
    "both": ["composition", "decomposition"],
    "composition": ["composition"],
    "decomposition": ["decomposition"],
    "one-to-one": ["one-to-one-forth", "one-to-one-back"],
    "none": [],
}


@pytest.mark.parametrize("form", LOCAL)
@pytest.mark.parametrize("loss", ["balanced", "contrastive"])
def test_every_form_has_its_terms_and_no_head_in_vain(hands, form, loss):
    method = learner(matching__form=form, matching__loss=loss)
    method.remember({"fraction": torch.tensor(0.5)})
    terms = method.losses(STAGE, draw(method, hands))
    assert list(terms) == ["global", *LOCAL[form]]
    sum(terms.values()).backward()
    learned = dict(method.named_parameters())
    assert all(value.grad is None for value in method.teacher.parameters())
    without = [n for n, v in learned.items() if v.requires_grad and v.grad is None]
    assert without == []


def test_the_total_is_a_tenth_of_the_global_and_the_mean_of_the_local_terms(hands):
    method, plain = learner(), learner(consistency__weight=1)
    batch = draw(method, hands)
    terms = method.losses(STAGE, batch)
    assert terms["global"].item() == pytest.approx(plain.losses(STAGE, batch)["global"].item() / 10)
    for name in ("composition", "decomposition"):
        alone = learner(matching__form=name)
        alone.student.load_state_dict(method.student.state_dict())
        alone.teacher.load_state_dict(method.teacher.state_dict())
        alone.heads[name].load_state_dict(method.heads[name].state_dict())
        assert terms[name].item() == pytest.approx(alone.losses(STAGE, batch)[name].item() / 2)


def test_learning_nothing_is_refused():
    with pytest.raises(ValueError, match=r"consistency\.weight must be above 0"):
        ACESettings(matching={"form": "none"}, consistency={"weight": 0})


@pytest.mark.parametrize("backbone", ["convolutional", "transformer"])
def test_a_few_steps_lower_the_loss(hands, backbone):
    method = learner(backbone=backbone, tokens=4, consistency__weight=0, batch=4)
    held = draw(method, hands, seed=100)
    with torch.no_grad():
        before = method.losses(STAGE, held)
    optimiser = torch.optim.Adam(method.parameter_groups(STAGE))
    for group in optimiser.param_groups:
        group["lr"] = 2e-3
    for step in range(15):
        optimiser.zero_grad()
        sum(method.losses(STAGE, draw(method, hands, step)).values()).backward()
        optimiser.step()
    with torch.no_grad():
        after = method.losses(STAGE, held)
    assert sum(after.values()) < 0.9 * sum(before.values())


def test_colour_images_and_a_scale_of_four_are_learned_from(hands):
    images = prepare_all(find_images(sample_folder("fundus") / "images"), 128).subset([0, 1])
    method = learner(channels=3, scale=4, cell=4)
    terms = method.losses(STAGE, draw(method, images))
    assert all(value.isfinite() for value in terms.values())


# The vector of all of a crop


def test_the_mean_over_the_overlap_stands_for_a_crop_without_a_class_token():
    crops = GridCrops(torch.tensor([[0, 0]]), torch.tensor([[6, 0]]), (4, 4), 2, 8)
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    large, small = (whole_vectors(Tokens(maps, None), shown) for shown in crops.overlap())
    assert large.item() == 12.5, "tokens 12 and 13: the last row, the first two columns"
    assert small.item() == 3.5, "tokens 0 to 7: the first two rows"


def test_a_class_token_stands_for_a_crop_where_there_is_one():
    whole = torch.randn(2, 5)
    assert whole_vectors(Tokens(torch.randn(2, 5, 4, 4), whole), torch.ones(2, 4, 4)) is whole


# Teacher, centre, prototypes


def moved(method, hands, fraction):
    """Change the student, and let everything follow."""
    before = [value.clone() for value in method.teacher.parameters()]
    method.losses(STAGE, draw(method, hands))
    with torch.no_grad():
        for value in method.student.parameters():
            value += 1
        method.after_step(STAGE, fraction)
    pairs = zip(method.teacher.parameters(), before, strict=True)
    return {round((now - then).mean().item(), 5) for now, then in pairs}


def test_the_teacher_begins_as_the_student_and_follows_less_and_less(hands):
    for fraction, part in ((0.0, 0.01), (0.5, 0.005), (1.0, 0.0)):
        method = learner()
        students = method.student.state_dict()
        for name, value in method.teacher.state_dict().items():
            assert torch.equal(value, students[name])
        assert moved(method, hands, fraction) == {part}


def test_blocks_are_skipped_by_the_student_alone(hands):
    method = learner(drop_path=0.5, depth=2, batch=16).train()
    pixels = draw(method, hands).small
    said = [
        [network.tokens(pixels).maps for _ in range(2)]
        for network in (method.teacher, method.student)
    ]
    assert torch.equal(*said[0])
    assert not torch.equal(*said[1])


def test_tasks_take_the_teacher(hands):
    method = learner()
    assert method.encoder() is method.teacher
    assert not any(value.requires_grad for value in method.encoder().parameters())


def test_the_centre_follows_what_the_teacher_says(hands):
    method = learner()
    batch = draw(method, hands)
    method.losses(STAGE, batch)
    overlap = torch.cat(batch.crops.overlap())
    with torch.no_grad():
        tokens = method.teacher.tokens(torch.cat([batch.large, batch.small]))
        said = method.teacher.consistency(whole_vectors(tokens, overlap)).mean(dim=0)
        method.after_step(STAGE, 0.0)
    assert torch.allclose(method.centre, 0.1 * said, atol=1e-6)


def test_prototypes_stay_at_first_also_in_a_run_that_is_resumed(hands):
    method, resumed = learner(consistency__frozen=0.2), learner(consistency__frozen=0.2)
    for fraction, learns in ((0.1, False), (0.3, True)):
        with torch.no_grad():
            method.after_step(STAGE, fraction)
        resumed.remember(method.memory())
        for one in (method, resumed):
            one.zero_grad()
            one.losses(STAGE, draw(one, hands))["global"].backward()
            assert (one.student.consistency.prototypes.grad is not None) == learns


# Settings


def test_only_matrices_decay():
    decays, stays = learner().parameter_groups(STAGE)
    assert (decays["weight_decay"], decays["final_weight_decay"]) == (0.04, 0.04)
    assert (stays["weight_decay"], stays.get("final_weight_decay")) == (0, None)
    assert decays["clip"] == stays["clip"] == 0.8
    assert decays["decoupled_weight_decay"]
    assert {value.dim() for value in stays["params"]} == {1}


def test_the_published_form_has_the_published_numbers():
    given = build_settings(ACESettings, {}, PRESETS["faithful"])
    assert given.lattice((1024, 1024)) == ((32, 32), (14, 14))
    assert (given.form().heads, given.consistency.prototypes) == (12, 65_536)
    assert (given.matching.temperature, given.matching.alpha) == (0.07, 0.9)
    assert (given.matching.decomposition_alpha, given.consistency.weight) == (0.99, 0.1)
    assert (given.weight_decay, given.final_weight_decay, given.clip) == (0.04, 0.4, 0.8)
    assert (given.blur, given.sharpen, given.even, given.changed) == (0.5, 0.3, 0.3, 0.5)
    assert ACE(given.model_copy(update={"width": 64, "depth": 1}), 1).stages[0].warm_up == 0.033


# Several processes


@pytest.mark.slow
def test_two_processes_have_the_losses_gradients_and_centre_of_one(pictures, tmp_path):
    check_two_ranks(ace_part, pictures, tmp_path, tolerance=1e-6)
