"""What LD looks at: images that show where their pixels are prove what corresponds."""

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
import torch
from canvases import coordinates, prepared

from napari_localcl.data.shard import Shard
from napari_localcl.methods.correspondences import MinedPairs
from napari_localcl.methods.ld.sampling import Sampler
from napari_localcl.methods.ld.settings import PRESETS, LDSettings
from napari_localcl.models.sampling import sample_at

SIZE = (64, 64)
CPU = torch.device("cpu")
PLAIN = {"brightness": 0, "contrast": 0, "saturation": 0, "grey": 0, "points": {"count": 16}}
"""Grey levels stay, so that they tell coordinates."""
STILL = {"rotation": 0, "view_rotation": 0, "zoom": 1, "aspect": 0, "pairs": 2, "grid": 4}
STRAIGHT = {**PRESETS["faithful"], **PLAIN, **STILL}
"""Flips and quarter turns only, so that pixels fall onto pixels."""
MOVING = {
    **STRAIGHT,
    "rotation": 30,
    "zoom": 1.5,
    "view_rotation": 20,
    "view_zoom": 1.2,
    "view_shift": 0.1,
    "view_elastic": 0.02,
    "random_offset": True,
}
CROPPED = {**MOVING, "view_part": 0.5}


@pytest.fixture
def images(tmp_path):
    return prepared(coordinates(4, SIZE), tmp_path / "coordinates")


def sampler(images, given, seed=0, shard=None):
    chance = torch.Generator().manual_seed(seed)
    return Sampler(LDSettings(**given), images, chance, shard or Shard(), CPU)


def places(views, points):
    """What the views show at points: y and x in the image (..., 2), and which image it is."""
    read = sample_at(views, points, views.shape[2:]) * 255
    return read[..., :2] / 4, read[..., 2]


def mined(pairs=5, nodes=30):
    chance = torch.Generator().manual_seed(4)
    points = torch.rand(pairs, nodes, 2, generator=chance) * 50 + 5
    chosen = torch.stack([torch.arange(pairs) % 4, (torch.arange(pairs) + 1) % 4], dim=1)
    trusted = torch.rand(pairs, nodes, generator=chance) < 0.9
    return MinedPairs(chosen, points, points + 3, trusted, torch.zeros(pairs, 2, dtype=bool))


def parts(batch):
    """The tensors of a batch by name, those of its parts too."""
    for field in fields(batch):
        value = getattr(batch, field.name)
        if is_dataclass(value):
            yield from ((f"{field.name}.{name}", part) for name, part in parts(value))
        else:
            yield field.name, value


def test_a_batch_holds_two_views_of_each_image_and_mixtures_of_pairs(images):
    batch = sampler(images, STRAIGHT).patches()
    assert batch.views.shape == (8, 3, *SIZE)
    assert batch.mixed.shape == (2, 3, *SIZE)
    assert batch.lattice.shape == (2, 4, 64 * 64, 2)
    first = batch.views[:4]
    part = batch.share.view(-1, 1, 1, 1)
    assert torch.allclose(batch.mixed, part * first[0::2] + (1 - part) * first[1::2])


def test_mixtures_are_between_a_fifth_and_four_fifths(images):
    share = sampler(images, {**STRAIGHT, "pairs": 32}).patches().share
    assert 0.2 <= share.min() < 0.3
    assert 0.7 < share.max() <= 0.8


def test_images_are_drawn_with_replacement(images):
    views = sampler(images, {**STRAIGHT, "pairs": 16}).patches().views[:32]
    which = (views[:, 2].mean(dim=(1, 2)) * 255 / 40).round()
    assert len(which.unique()) == 4
    assert which.unique(return_counts=True)[1].max() > 1


@pytest.mark.parametrize(("given", "exact"), [(STRAIGHT, 1e-2), (MOVING, 1.0), (CROPPED, 1.0)])
def test_both_views_show_the_same_place_where_the_lattice_says_so(images, given, exact):
    batch = sampler(images, given).patches()
    (first, whose), (second, others) = (
        places(views, lattice)
        for views, lattice in zip(batch.views.split(4), batch.lattice, strict=True)
    )
    apart = (first - second).norm(dim=2)[batch.shown]
    assert batch.shown.float().mean() > 0.4
    # A border that goes on shows its places at many pixels, and the bend has its own rounding.
    assert apart.quantile(0.98) < exact
    assert (whose - others)[batch.shown].abs().max() < 1


@pytest.mark.parametrize("given", [MOVING, CROPPED])
def test_points_of_both_views_show_the_same_place(images, given):
    batch = sampler(images, given).patches()
    points = batch.points
    (first, _), (second, _) = (
        places(views, where)
        for views, where in zip(batch.views.split(4), (points.first, points.second), strict=True)
    )
    known = points.weight > 0
    assert known.float().mean() > 0.5
    assert (first - second).norm(dim=2)[known].max() < 1
    assert (points.error == 0).all()


def test_points_lie_inside_of_both_views_and_of_the_image(tmp_path):
    narrow = prepared(coordinates(4, SIZE), tmp_path, file_size=(64, 32))
    batch = sampler(narrow, MOVING).patches()
    points = batch.points
    known = points.weight > 0
    for side in (points.first, points.second):
        assert side[known].min() >= 0
        assert side[known].max() <= 63
    shown, _ = places(batch.views[:4], points.first)
    assert shown[known][:, 1].min() > 15
    assert shown[known][:, 1].max() < 48


def test_no_point_lies_where_there_is_nothing_to_see(tmp_path):
    plain = np.full((2, 1, *SIZE), 128, np.uint8)
    assert (sampler(prepared(plain, tmp_path), STRAIGHT).patches().points.weight == 0).all()


@pytest.mark.parametrize("given", [MOVING, CROPPED])
def test_views_of_a_mined_pair_show_its_points(images, given):
    batch = sampler(images, {**given, "correspondences": {"self_share": 0.0}}).pairs(mined())
    points = batch.points
    (first, whose), (second, others) = (
        places(views, where)
        for views, where in zip(batch.views.split(4), (points.first, points.second), strict=True)
    )
    known = points.weight > 0
    assert known.any()
    assert (second - first - 3)[known].norm(dim=1).max() < 1.5
    assert (((others - whose) / 40).round()[known] % 4 == 1).all()
    assert (points.error > 0).all()


def test_views_of_images_of_the_other_side_show_their_points_mirrored(images):
    pairs = mined()
    pairs = replace(pairs, mirrored=torch.tensor([[False, True]]).expand(5, 2))
    given = {**STRAIGHT, "correspondences": {"self_share": 0.0}}
    batch = sampler(images, given).pairs(pairs)
    points, known = batch.points, batch.points.weight > 0
    first, second = (
        places(views, where)[0][known]
        for views, where in zip(batch.views.split(4), (points.first, points.second), strict=True)
    )
    assert len(first)
    assert (second - first - 3).norm(dim=1).max() < 1.5
    to_the_right = (points.first[known][:, 1].diff(), first[:, 1].diff())
    to_the_left = (points.second[known][:, 1].diff(), second[:, 1].diff())
    assert (to_the_right[0] * to_the_right[1] > -1).all()
    assert (to_the_left[0] * to_the_left[1] < 1).all()


def test_a_part_of_a_batch_of_pairs_is_one_image_twice(images):
    batch = sampler(images, {**MOVING, "correspondences": {"self_share": 0.5}}).pairs(mined())
    which = (batch.views[:, 2].mean(dim=(1, 2)) * 255 / 40).round()
    assert torch.equal(which[:2], which[4:6])
    assert not (which[2:4] == which[6:8]).any()
    assert batch.points.error.tolist()[:2] == [0, 0]


@pytest.mark.parametrize("stage", ["patches", "pairs"])
def test_the_same_chance_gives_the_same_batch(images, stage):
    given = {**MOVING, "noise": 0.1, "brightness": 0.3}

    def batch(seed):
        drawn = sampler(images, given, seed)
        return drawn.patches() if stage == "patches" else drawn.pairs(mined())

    for (name, one), (_, again) in zip(parts(batch(1)), parts(batch(1)), strict=True):
        assert one == again if isinstance(one, int) else torch.equal(one, again), name
    assert not torch.equal(batch(1).views, batch(2).views)


@pytest.mark.parametrize("stage", ["patches", "pairs"])
def test_the_parts_of_two_processes_are_the_batch_of_one(images, stage):
    given = {**LDSettings().model_dump(), **{"grid": 4, "pairs": 2, "points": {"count": 16}}}

    def batch(shard):
        drawn = sampler(images, given, 3, shard)
        return dict(parts(drawn.patches() if stage == "patches" else drawn.pairs(mined())))

    whole, halves = batch(Shard(0, 1)), [batch(Shard(rank, 2)) for rank in range(2)]
    for name, value in whole.items():
        one, two = (half[name] for half in halves)
        if isinstance(value, int):
            assert one == two == value, name
        elif name == "lattice":
            assert torch.equal(torch.cat([one, two], dim=1), value)
        elif name == "views":
            ordered = [half.chunk(2)[side] for side in range(2) for half in (one, two)]
            assert torch.allclose(torch.cat(ordered), value, atol=1e-6)
        else:
            assert torch.allclose(torch.cat([one, two]).float(), value.float(), atol=1e-6), name


def test_grey_images_have_grey_views(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (2, 1, *SIZE), dtype=np.uint8)
    given = {"pairs": 1, "points": {"count": 8}}
    batch = sampler(prepared(noise, tmp_path), given).patches()
    assert batch.views.shape == (4, 1, *LDSettings(**given).view_size(SIZE))
    assert batch.views.isfinite().all()


def test_no_patch_and_no_point_lies_outside_of_an_aperture(images):
    batch = sampler(images, {**MOVING, "aperture": 1.0}).patches()
    points = batch.points
    known = points.weight > 0
    assert known.any()
    for view, lattice, where in zip(
        batch.views.split(4), batch.lattice, (points.first, points.second), strict=True
    ):
        # What is filled is grey; images are not, but near their diagonal.
        grey = (view.std(dim=1, keepdim=True) < 1e-6).float()
        assert sample_at(grey, lattice, SIZE)[batch.shown].mean() < 0.05
        assert sample_at(grey, where, SIZE)[known].mean() < 0.05
        assert grey.mean() > 0.1
