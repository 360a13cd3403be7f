"""LD's settings: what was published, and that everything allowed can be done."""

import pytest
import torch
from canvases import prepared

from napari_localcl.data.shard import Shard
from napari_localcl.methods.ld import LD
from napari_localcl.methods.ld.sampling import Sampler
from napari_localcl.methods.ld.settings import PRESETS, SHAPE_PRESETS, LDSettings
from napari_localcl.methods.ld.terms import patch_weights
from napari_localcl.methods.views import GeometryRanges, draw_geometry

FAITHFUL = LDSettings(**PRESETS["faithful"])
PUBLISHED = {
    "image_size": 448,
    "width": 16,
    "dimensions": 32,
    "clusters": 16,
    "levels": 1,
    "finest_stride": 1,
    "norm": "batch",
    "pairs": 4,
    "grid": 8,
    "temperature": 0.1,
    "region_temperature": 0.2,
    "patch_weight": 1,
    "mixup_weight": 1,
    "region_weight": 10,
    "entropy_weight": 0.1,
    "rotation": 180,
    "flip": True,
    "quarter_turns": True,
    "view_rotation": 2,
    "brightness": 0.4,
    "contrast": 0.4,
    "saturation": 0.4,
    "grey": 0.2,
    "learning_rate": 1e-3,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_faithful_preset_has_what_was_published(name):
    assert getattr(FAITHFUL, name) == PUBLISHED[name]


def test_the_faithful_preset_has_nothing_that_is_ours():
    assert FAITHFUL.point_weight == 0
    assert FAITHFUL.correspondences_share == 0
    assert not FAITHFUL.random_offset
    assert not FAITHFUL.centre_sensitive
    assert FAITHFUL.patch_stride == 1
    assert FAITHFUL.view_elastic == FAITHFUL.view_shift == FAITHFUL.gamma == FAITHFUL.noise == 0


def test_the_faithful_preset_has_two_stages_of_20_and_80_epochs():
    stages = LD(FAITHFUL.model_copy(update={"width": 4}), 1).stages
    assert [(stage.name, stage.share) for stage in stages] == [("patches", 0.2), ("regions", 0.8)]


def test_the_faithful_crops_show_nine_tenths_of_the_area_or_more():
    shared = FAITHFUL.shared_geometry()
    area = draw_geometry(500, (64, 64), shared, torch.Generator().manual_seed(0)).matrix
    shown = area[:, :, :2].det().abs()
    assert 0.9 <= shown.min() < 0.91
    assert shown.max() <= 1.0001
    assert shared.aspect == pytest.approx(1 / 3, abs=1e-3)


def test_the_preset_small_is_the_default():
    assert LDSettings(**PRESETS["small"]) == LDSettings()


def test_both_views_share_one_geometry_and_each_adds_its_own():
    given = LDSettings(rotation=90, flip=True, zoom=2, view_rotation=10, view_zoom=1.5)
    shared, own = given.shared_geometry(), given.view_geometry()
    assert (shared.rotation, shared.flip, shared.zoom[1]) == (90, True, 2)
    assert (shared.mirror, shared.elastic, shared.quarter_turns) == (False, 0, False)
    assert (own.rotation, own.mirror, own.zoom) == (10, False, (1 / 1.5, 1.5))
    assert own.quarter_turns is False
    assert given.view_geometry(quarter_turns=True).quarter_turns is True


@pytest.mark.parametrize("shared", ["shared_geometry", "pair_geometry"])
def test_where_sides_are_learned_both_views_may_be_mirrored_together(shared):
    given = {sides: LDSettings(sides=sides) for sides in ("one", "shades", "learned")}
    mirrored = {sides: getattr(own, shared)().mirror for sides, own in given.items()}
    assert mirrored == {"one": False, "shades": False, "learned": True}
    assert not given["learned"].view_geometry().mirror


def test_every_round_of_correspondences_is_a_stage_of_its_own():
    given = LDSettings(width=4, correspondences={"rounds": 2})
    names = [stage.name for stage in LD(given, 1).stages]
    assert names == ["patches", "regions", "correspondences-1", "correspondences-2"]


def test_the_strongest_bend_that_is_allowed_can_be_undone():
    limits = LDSettings.model_fields["view_elastic"].metadata
    strongest = next(limit.le for limit in limits if hasattr(limit, "le"))
    chance = torch.Generator().manual_seed(0)
    bent = draw_geometry(16, (128, 128), GeometryRanges(elastic=strongest), chance)
    places = torch.rand(16, 50, 2, generator=torch.Generator().manual_seed(1)) * 127
    assert (bent.to_view(bent.to_image(places)) - places).norm(dim=2).max() < 1


@pytest.mark.parametrize("grid", [2, 4, 8, 16])
@pytest.mark.parametrize("patch_stride", [1, 4])
def test_every_grid_fits_every_canvas(grid, patch_stride, tmp_path):
    images = prepared(torch.zeros(2, 1, 96, 64, dtype=torch.uint8).numpy(), tmp_path)
    given = LDSettings(
        width=4, dimensions=4, pairs=1, grid=grid, patch_stride=patch_stride, points={"count": 8}
    )
    sampler = Sampler(given, images, torch.Generator(), Shard(), torch.device("cpu"))
    terms = LD(given, 1).losses("patches", sampler.patches())
    assert all(value.isfinite() for value in terms.values())


@pytest.mark.parametrize("canvas", [(64, 64), (96, 64), (384, 320), (448, 288)])
def test_views_are_about_as_large_as_asked_and_strides_and_patches_divide_them(canvas):
    for part in (0.5, 0.67, 1.0):
        for grid, patch_stride in ((2, 1), (8, 4), (16, 4)):
            given = LDSettings(view_part=part, grid=grid, patch_stride=patch_stride)
            for side, whole in zip(given.view_size(canvas), canvas, strict=True):
                assert side % 32 == 0
                assert side % (grid * patch_stride) == 0
                assert abs(side - part * whole) <= 32 or side == grid * patch_stride


def test_a_faithful_view_is_as_large_as_its_image():
    assert FAITHFUL.view_size((448, 416)) == (448, 416)


def test_centre_sensitive_weights_sum_to_one_and_are_largest_in_the_middle():
    weights = patch_weights((72, 120), LDSettings(grid=8, centre_sensitive=True))
    assert weights.shape == (9, 15)
    assert weights.sum().item() == pytest.approx(1)
    assert weights.argmax() == 4 * 15 + 7
    assert torch.allclose(weights, weights.flip(0, 1))


def test_uniform_weights_sum_to_one():
    weights = patch_weights((64, 64), LDSettings(grid=8, centre_sensitive=False))
    assert torch.allclose(weights, torch.full((8, 8), 1 / 64))


@pytest.mark.parametrize("preset", ["small", "faithful"])
def test_the_presets_for_shapes_learn_one(preset):
    method = LD(LDSettings.model_validate(SHAPE_PRESETS[preset]), 1)
    assert method.segments
    assert [stage.name for stage in method.stages][-2:] == ["shape", "refine"]


def test_the_published_game_has_the_published_constants():
    given = LDSettings.model_validate(SHAPE_PRESETS["faithful"])
    assert (given.image_size, given.clusters, given.pairs) == (448, 8, 3)
    assert (given.learning_rate, given.shape.discriminator_rate) == (1e-3, 5e-5)
    assert (given.patch_weight, given.mixup_weight) == (1, 1)
    assert (given.region_weight, given.entropy_weight) == (10, 0.1)
    assert given.shape.adversarial_weight == 1
    assert given.shape.discriminator == "published"
    own = given.shape
    assert not any((own.area_weight, own.guess_weight, own.appearance_weight, own.penalty))


def test_where_a_shape_is_learned_a_part_of_the_image_is_shown_at_its_size():
    given = LDSettings(view_part=0.25, zoom=1.25)
    assert given.shared_geometry().zoom == (0.25, 1.25)
    assert given.shape_geometry().zoom == pytest.approx((0.8, 1.25))
