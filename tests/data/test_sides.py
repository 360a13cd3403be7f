"""Telling left from right without labels."""

import numpy as np
import pytest
from PIL import Image

from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import prepare_all
from napari_localcl.data.sides import Sides, side_canvas

LEFT = [True, False, False, True, True, False, True, True, False, True, True, False]


def eye(left, chance):
    """A bright disc on one side, in noise and under a gradient that has nothing to do with it."""
    rows, columns = np.mgrid[:96, :128]
    centre = 30 + chance.normal(0, 4) if left else 97 + chance.normal(0, 4)
    disc = 120 * (np.hypot(rows - 48 - chance.normal(0, 4), columns - centre) < 10)
    shade = 10 * chance.normal() * (columns / 128 - 0.5)
    return np.clip(60 + disc + shade + chance.normal(0, 3, (96, 128)), 0, 255).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    chance = np.random.default_rng(0)
    images = tmp_path / "images"
    images.mkdir()
    for number, left in enumerate(LEFT):
        Image.fromarray(eye(left, chance)).save(images / f"eye_{number:02}.png")
    return images


@pytest.fixture
def eyes(folder, tmp_path):
    return prepare_all(find_images(folder), 128, cache=tmp_path / "cache")


def mirrored(images):
    return [placement.mirrored for placement in images.placements]


def test_the_smaller_group_is_mirrored_and_no_other_image(eyes):
    assert mirrored(Sides.of(eyes).mirror(eyes, eyes)) == [not left for left in LEFT]


def test_afterwards_all_discs_lie_on_the_same_side(eyes):
    pixels = Sides.of(eyes).mirror(eyes, eyes).batch(range(len(eyes)))[:, 0]
    brightest = pixels.max(axis=1).argmax(axis=1)
    assert (brightest < 64).all()


def test_a_single_new_image_is_told_by_the_same_rule(eyes):
    rule = Sides.of(eyes)
    singles = [eyes.subset([i]) for i in range(len(eyes))]
    alone = [mirrored(rule.mirror(single, single))[0] for single in singles]
    assert alone == mirrored(rule.mirror(eyes, eyes))


def test_images_at_working_size_are_mirrored_as_their_small_copies_tell(eyes, folder, tmp_path):
    large = prepare_all(find_images(folder), 256, cache=tmp_path / "cache", contrast_reach=1 / 16)
    backwards = large.subset(range(len(large))[::-1])
    told = mirrored(Sides.of(eyes).mirror(backwards, eyes))
    assert told == [not left for left in LEFT[::-1]]


def test_small_images_keep_the_aspect_as_well_as_multiples_of_32_can():
    assert side_canvas((256, 384)) == (64, 96)
    assert side_canvas((640, 320)) == (96, 64)
    assert side_canvas((64, 1024)) == (32, 96)


def test_points_of_a_mirrored_image_are_still_those_of_its_file(eyes):
    placement = eyes.mirrored([True] * len(eyes)).placements[0]
    assert placement.to_canvas([[10.0, 5.0]]).tolist() == [[10.0, 122.0]]
    assert np.allclose(placement.to_file(placement.to_canvas([[10.0, 5.0]])), [[10.0, 5.0]])


def test_one_image_has_no_other_side(eyes):
    one = eyes.subset([0])
    assert mirrored(Sides.of(one).mirror(one, one)) == [False]
