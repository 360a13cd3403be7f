"""Superpixels: that they follow the image, leave its background out, and are found once."""

import numpy as np
import pytest
from canvases import prepared
from pydantic import ValidationError

from napari_localcl.data import superpixels
from napari_localcl.data.superpixels import (
    Superpixels,
    SuperpixelSettings,
    find_superpixels,
    foreground,
    in_pixels,
)

WHOLE = SuperpixelSettings(reduction=1, sigma=0, largest=1)
ALL = np.ones((64, 64), bool)


def quarters(low: int = 60) -> np.ndarray:
    """An image (1, 64, 64) of four plain quarters, each of its own shade."""
    image = np.full((1, 64, 64), low, np.uint8)
    image[:, :32, 32:], image[:, 32:, :32], image[:, 32:, 32:] = 120, 180, 240
    return image


def disc() -> np.ndarray:
    """Bright disc (64, 64) on black, with a dark hole, and a speck in a corner."""
    rows, columns = np.indices((64, 64))
    distance = np.hypot(rows - 31.5, columns - 31.5)
    image = np.where((distance < 20) & (distance > 4), 0.8, 0.0).astype(np.float32)
    image[2:4, 2:4] = 0.8
    return image


def test_regions_are_the_parts_of_an_image_that_are_alike():
    found = find_superpixels(quarters(), ALL, WHOLE)
    assert found.dtype == np.int16
    assert set(np.unique(found)) == {1, 2, 3, 4}
    for rows in (slice(0, 30), slice(34, 64)):
        for columns in (slice(0, 30), slice(34, 64)):
            assert len(np.unique(found[rows, columns])) == 1


def test_grey_levels_are_those_from_0_to_255_that_the_scale_is_meant_for():
    chance = np.random.default_rng(0)
    noisy = (quarters() + chance.integers(0, 4, (1, 64, 64))).astype(np.uint8)
    coarse, fine = (WHOLE.model_copy(update={"scale": scale}) for scale in (500, 1))
    assert find_superpixels(noisy, ALL, coarse).max() == 4
    assert find_superpixels(noisy, ALL, fine).max() > 50


def test_a_reduced_map_is_that_of_the_reduced_image():
    found = find_superpixels(quarters(), ALL, SuperpixelSettings(reduction=4, sigma=0, largest=1))
    assert found.shape == (16, 16)
    assert in_pixels(found, 4).shape == (64, 64)
    assert len(np.unique(in_pixels(found, 4)[:28, :28])) == 1


def test_the_largest_part_is_the_foreground_with_its_holes():
    found = foreground(disc()[None])
    rows, columns = np.indices((64, 64))
    assert np.array_equal(found, np.hypot(rows - 31.5, columns - 31.5) < 20)


def test_a_light_background_is_left_out_as_a_dark_one():
    assert np.array_equal(foreground(1 - disc()[None]), foreground(disc()[None]))


def test_an_image_that_fills_its_frame_has_no_background():
    chance = np.random.default_rng(0)
    assert foreground(chance.random((1, 64, 64), np.float32)).all()


def test_no_region_lies_where_the_image_is_only_continued():
    valid = ALL.copy()
    valid[:, :9] = False
    found = find_superpixels(quarters(), valid, WHOLE)
    assert not found[:, :9].any()
    assert found[:, 9:].all()


def test_small_and_large_regions_are_dropped_and_the_others_numbered_from_1():
    image = np.full((1, 64, 64), 100, np.uint8)
    image[:, 10:30, 10:30], image[:, 40:48, 40:48] = 160, 220
    given = SuperpixelSettings(reduction=1, sigma=0, smallest=0.0002)
    assert find_superpixels(image, ALL, given).max() == 2
    larger = given.model_copy(update={"smallest": 0.03})
    found = find_superpixels(image, ALL, larger)
    assert set(np.unique(found)) == {0, 1}
    assert found[20, 20] == 1
    smaller = given.model_copy(update={"largest": 0.05})
    assert find_superpixels(image, ALL, smaller)[44, 44] == 1
    assert find_superpixels(image, ALL, smaller)[20, 20] == 0


def test_a_plain_image_has_no_region():
    plain = np.full((1, 64, 64), 99, np.uint8)
    assert not find_superpixels(plain, ALL, SuperpixelSettings()).any()


def test_colour_tells_regions_apart():
    image = np.full((3, 64, 64), 128, np.uint8)
    image[0, :, :32], image[1, :, :32] = 228, 28  # the mean grey level stays
    found = find_superpixels(image, ALL, WHOLE)
    assert found.max() == 2


def test_regions_are_found_once_and_other_settings_have_their_own(tmp_path, monkeypatch):
    calls = []
    find = superpixels.find_superpixels
    monkeypatch.setattr(
        superpixels, "find_superpixels", lambda *given: calls.append(1) or find(*given)
    )
    images = prepared(np.stack([quarters(), quarters(80)]), tmp_path)
    first = Superpixels(images, WHOLE).batch([0, 1, 0])
    assert len(calls) == 2
    assert np.array_equal(Superpixels(images, WHOLE).batch([0, 1, 0]), first)
    assert len(calls) == 2
    Superpixels(images, SuperpixelSettings(reduction=1, scale=50)).batch([0])
    assert len(calls) == 3


def test_a_map_cut_short_is_made_again(tmp_path):
    images = prepared(quarters()[None], tmp_path)
    kept = Superpixels(images, WHOLE)
    whole, path = kept.batch([0]), kept.find(0)
    path.write_bytes(path.read_bytes()[:-5])
    assert np.array_equal(kept.batch([0]), whole)
    assert not list(tmp_path.glob(".*"))


def test_the_regions_of_a_mirrored_image_are_mirrored(tmp_path):
    images = prepared(quarters()[None], tmp_path)
    plain = Superpixels(images, WHOLE).batch([0])
    turned = Superpixels(images.mirrored([True]), WHOLE).batch([0])
    assert np.array_equal(turned, plain[:, :, ::-1])


@pytest.mark.parametrize("wrong", [{"smallest": 0}, {"reduction": 3}, {"scale": -1}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        SuperpixelSettings(**wrong)
