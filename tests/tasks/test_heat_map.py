"""Where a map of similarity is highest, with a barely trained encoder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from draining import finish
from hands import THUMB, WRIST, copy_hands, learn, peak
from PIL import Image

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.tasks.atlas import LandmarkSettings, open_atlas
from napari_localcl.tasks.heat_map import heat_map

CLOSE = 5.0  # pixels; a cell of the map has 4


def atlas_of(images, run):
    return finish(open_atlas(images, run, LandmarkSettings(detail=1.0), "cpu"))[1]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """The first hand also as a copy, larger, and on a broad background."""
    folder = copy_hands(tmp_path_factory.mktemp("hands"), 3)
    with Image.open(folder / "hand_01.png") as image:
        image.save(folder / "copy.png")
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "mirrored.png")
        image.resize((512, 640), Image.Resampling.BICUBIC).save(folder / "larger.png")
    return folder


@pytest.fixture(scope="module")
def atlas(images, tmp_path_factory):
    return atlas_of(images, learn(images, tmp_path_factory.mktemp("runs") / "run"))


@pytest.mark.parametrize("mark", [WRIST, THUMB], ids=["wrist", "thumb"])
def test_a_map_is_highest_where_the_landmark_is(atlas, mark):
    for image in ("hand_01.png", "copy.png"):
        heat = heat_map(atlas, [mark], image)
        assert np.abs(peak(heat) - (mark.y, mark.x)).max() < CLOSE
        assert 0.5 < heat.values.max() <= 1
        assert heat.values.min() >= 0
        assert np.median(heat.values) < 0.8 * heat.values.max()


def test_a_map_is_in_pixels_of_its_file(atlas):
    heat = heat_map(atlas, [THUMB], "larger.png")
    assert np.abs(peak(heat) - (2 * THUMB.y + 0.5, 2 * THUMB.x + 0.5)).max() < 4 * CLOSE


def test_a_map_covers_its_image_and_not_more(atlas):
    heat = heat_map(atlas, [THUMB], "larger.png")
    first = np.array(heat.corner) - heat.cell / 2
    last = first + np.array(heat.values.shape) * heat.cell
    assert np.abs(first + 0.5).max() < heat.cell
    assert np.abs(last - (639.5, 511.5)).max() < heat.cell


def test_several_clicks_of_a_landmark_make_one_map(atlas):
    one = heat_map(atlas, [WRIST], "hand_03.png")
    both = heat_map(atlas, [WRIST, replace(WRIST, image="copy.png")], "hand_03.png")
    np.testing.assert_allclose(one.values, both.values, atol=1e-5)
    other = heat_map(atlas, [WRIST, Landmark("hand_02.png", "wrist", 30, 30)], "hand_03.png")
    assert np.abs(other.values - one.values).max() > 0.05


def test_a_point_outside_of_its_image_is_bad_input(atlas):
    with pytest.raises(BadInput, match="outside"):
        heat_map(atlas, [replace(WRIST, y=-20)], "hand_01.png")


def test_a_run_that_learned_both_sides_sees_the_mirror_image(images, tmp_path):
    atlas = atlas_of(images, learn(images, tmp_path / "run", sides="learned"))
    heat = heat_map(atlas, [THUMB], "mirrored.png")
    assert np.abs(peak(heat) - (THUMB.y, 255 - THUMB.x)).max() < CLOSE


def test_a_mirrored_image_is_mapped_as_its_file_lies(tmp_path):
    folder = tmp_path / "hands"
    copy_hands(folder)
    for file in list(folder.iterdir()):
        with Image.open(file) as image:
            image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / f"flipped_{file.name}")
    # Without evening out, what is mirrored is the same to the last pixel.
    settings = {"sides": "shades", "local_contrast": False}
    atlas = atlas_of(folder, learn(folder, tmp_path / "run", 3, **settings))
    assert any(placement.mirrored for placement in atlas.coarse.images.placements)
    heat = heat_map(atlas, [THUMB], "flipped_hand_01.png")
    # After three steps, a map is flat; on the wrong side it would miss by 100 pixels.
    assert np.abs(peak(heat) - (THUMB.y, 255 - THUMB.x)).max() < 4 * CLOSE
