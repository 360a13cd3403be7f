"""Correspondences mined between images whose true correspondence is known."""

from dataclasses import replace

import pytest
import torch
from canvases import prepared
from draining import finish
from fourier import AFFINE, BEND, SIZE, Affine, pyramid, same

from napari_localcl.data.shard import Shard
from napari_localcl.methods.correspondences import (
    CorrespondenceSettings,
    MinedPairs,
    draw,
    mine,
)
from napari_localcl.methods.ld import LD
from napari_localcl.methods.ld.settings import LDSettings

TRUTHS = [AFFINE, BEND, same]
SETTINGS = CorrespondenceSettings(pairs=24, spacing=16)


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(count, size=SIZE):
    return torch.randint(256, (count, 1, *size), dtype=torch.uint8, generator=chance()).numpy()


def anatomies(*truths):
    """An encoder that knows where everything is."""
    whole = pyramid(*truths)
    return lambda images, chosen: pyramid(*(truths[i] for i in chosen)) if chosen else whole


def back(truth, places):
    return truth.back(places) if hasattr(truth, "back") else places


def miss(mined, truths):
    """How far the second point lies from the true one, (M, G)."""
    rows = zip(mined.images.tolist(), mined.first, mined.second, strict=True)
    return torch.stack(
        [
            (second - back(truths[other], truths[one](first))).norm(dim=1)
            for (one, other), first, second in rows
        ]
    )


def across(places):
    return torch.stack([places[..., 0], SIZE[1] - 1 - places[..., 1]], dim=-1)


def both_sides(others):
    """An encoder of images of which the `others` show the other side."""

    def embed(images, chosen):
        turned = [(i in others) != images.placements[i].mirrored for i in chosen]
        return pyramid(
            *(
                (lambda places, truth=TRUTHS[i]: truth(across(places))) if other else TRUTHS[i]
                for i, other in zip(chosen, turned, strict=True)
            )
        )

    return embed


def test_images_of_both_sides_are_matched_as_if_of_one(tmp_path):
    others = {1}
    images = prepared(noise(3), tmp_path)
    _, found = finish(mine(images, both_sides(others), SETTINGS, chance(), two_sides=True))
    assert found.trusted.float().mean() > 0.3
    assert torch.equal(found.mirrored, found.images == 1)
    straight = [
        torch.where(found.mirrored[:, column, None, None], across(points), points)
        for column, points in enumerate((found.first, found.second))
    ]
    as_one = replace(found, first=straight[0], second=straight[1])
    assert miss(as_one, TRUTHS)[found.trusted].mean() < 1


@pytest.fixture(scope="module")
def mined(tmp_path_factory):
    images = prepared(noise(3), tmp_path_factory.mktemp("noise"))
    return finish(mine(images, anatomies(*TRUTHS), SETTINGS, chance()))


def test_trusted_pairs_of_points_agree_with_the_known_warp(mined):
    error = miss(mined[1], TRUTHS)[mined[1].trusted]
    assert error.mean() < 1
    assert error.quantile(0.95) < 2


def test_most_points_are_trusted_and_the_others_are_worse(mined):
    trusted, error = mined[1].trusted, miss(mined[1], TRUTHS)
    assert trusted.float().mean() > 0.5
    assert error[~trusted].mean() > 3 * error[trusted].mean()


def test_a_pair_is_never_an_image_with_itself(mined):
    images = mined[1].images
    assert images.shape == (24, 2)
    assert (images[:, 0] != images[:, 1]).all()
    assert len(images.unique(dim=0)) > 3


def test_points_lie_about_as_far_apart_as_asked(mined):
    assert mined[1].first.shape == (24, 64, 2)
    nearest = torch.cdist(mined[1].first[0], mined[1].first[0]).topk(2, largest=False).values[:, 1]
    assert 5 < nearest.mean() < 16


def test_mining_says_how_far_it_is(mined):
    said = [(news.event, news.step, news.steps) for news in mined[0]]
    assert said[-1] == ("mine", 24, 24)
    assert [step for _, step, _ in said] == sorted(step for _, step, _ in said)


def test_images_that_show_something_else_are_hardly_trusted(tmp_path):
    strangers = [same, Affine(shift=(5000.0, 3000.0))]
    images = prepared(noise(2), tmp_path)
    _, found = finish(mine(images, anatomies(*strangers), SETTINGS, chance()))
    assert found.trusted.float().mean() < 0.3


def test_points_outside_of_the_image_and_on_plain_background_are_not_trusted(tmp_path):
    pixels = noise(3)
    pixels[:, :, 64:, :] = 77
    images = prepared(pixels, tmp_path, file_size=(128, 64))
    _, found = finish(mine(images, anatomies(*TRUTHS), SETTINGS, chance()))
    assert found.trusted.any()
    for points in (found.first, found.second):
        kept = points[found.trusted]
        assert kept[:, 1].min() >= 32
        assert kept[:, 1].max() <= 95
        assert kept[:, 0].max() < 76


def test_the_same_chance_mines_the_same(mined, tmp_path):
    _, again = finish(mine(prepared(noise(3), tmp_path), anatomies(*TRUTHS), SETTINGS, chance()))
    assert all(torch.equal(again.tensors()[k], v) for k, v in mined[1].tensors().items())


def test_only_the_pool_is_embedded(tmp_path):
    seen = []

    def embed(images, chosen):
        seen.extend(chosen)
        return pyramid(*(same for _ in chosen))

    given = SETTINGS.model_copy(update={"pool": 4, "pairs": 2})
    _, found = finish(mine(prepared(noise(9), tmp_path), embed, given, chance()))
    assert len(set(seen)) == 4
    assert set(found.images.flatten().tolist()) <= set(seen)


def test_told_to_hurry_mining_stops_with_the_pairs_it_has(tmp_path):
    work = mine(prepared(noise(3), tmp_path), anatomies(*TRUTHS), SETTINGS, chance())
    matching = next(news for news in work if news.steps)
    with pytest.raises(StopIteration) as end:
        work.send(True)
    found = end.value.value
    assert len(found.images) == len(found.first) == len(found.trusted) == matching.step < 24
    assert found.trusted.any()


def test_mined_pairs_become_tensors_and_back(mined):
    again = MinedPairs.of(mined[1].tensors())
    assert all(torch.equal(getattr(again, k), v) for k, v in vars(mined[1]).items())


def test_a_batch_shows_some_images_twice_and_the_other_rows_as_mined(mined, tmp_path):
    images = prepared(noise(3), tmp_path)
    drawn = draw(mined[1], 8, images, CorrespondenceSettings(self_share=0.25), chance())
    alone = drawn.images[:, 0] == drawn.images[:, 1]
    assert alone.tolist() == [True] * 2 + [False] * 6
    assert torch.equal(drawn.first[alone], drawn.second[alone])
    assert (drawn.trusted[alone] == 1).all()
    assert drawn.error.tolist() == [0] * 2 + [CorrespondenceSettings().exactness] * 6
    for row in range(2, 8):
        same_pair = (mined[1].images == drawn.images[row]).all(dim=1)
        assert any(torch.equal(first, drawn.first[row]) for first in mined[1].first[same_pair])


def learner(size, **given):
    small = {"width": 4, "dimensions": 4, "pairs": 1, "correspondences": {"pairs": 2}}
    return LD(LDSettings(image_size=max(size), **{**small, **given}), 1)


def one_step(method, images):
    stage = method.stages[-1].name
    for _ in method.enter(stage, images, chance()):
        pass
    batch = method.sample(stage, images, chance(), Shard(), torch.device("cpu"))
    return method.losses(stage, batch)["points"]


@pytest.mark.parametrize("size", [(64, 64), (160, 96)])
def test_small_images_with_fewer_nodes_than_points_can_be_learned_from(size, tmp_path):
    assert one_step(learner(size), prepared(noise(2, size), tmp_path)).isfinite()


@pytest.mark.parametrize("levels", [1, 2, 5])
def test_correspondences_are_mined_whatever_levels_there_are(levels, tmp_path):
    images = prepared(noise(2, (64, 64)), tmp_path)
    method = learner((64, 64), levels=levels, points={"count": 8})
    assert one_step(method, images).isfinite()
