"""Settings that suit a prior."""

import numpy as np
import pytest
from PIL import Image

from napari_localcl.data.priors import build_prior
from napari_localcl.tasks.shape_suiting import suited_settings


def test_vessels_are_learned_from_turned_parts_of_large_evened_images():
    suited = suited_settings(build_prior("vessels", {}))
    assert suited["image_size"] >= 256
    assert suited["view_part"] == pytest.approx(128 / suited["image_size"])
    assert suited["local_contrast"]
    assert 0.01 < suited["contrast_reach"] < 1 / 16
    assert suited["rotation"] == 180
    assert suited["shape.guess_weight"] == 0


def test_a_disc_is_learned_from_whole_small_images_and_is_one_part_without_holes():
    suited = suited_settings(build_prior("ellipse", {"smallest": 0.4, "largest": 0.5}))
    assert suited == {"image_size": 128, "shape.components": 1, "shape.fill_holes": True}


def test_the_smaller_the_shape_the_larger_the_image():
    sizes = [
        suited_settings(build_prior("ellipse", {"smallest": d, "largest": d + 0.02}))["image_size"]
        for d in (0.4, 0.05)
    ]
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[0]


def test_a_ring_keeps_its_hole_and_lungs_are_two():
    assert suited_settings(build_prior("ring", {}))["shape.fill_holes"] is False
    assert suited_settings(build_prior("lungs", {}))["shape.components"] == 2


def test_many_parts_are_all_kept(tmp_path):
    mask = np.zeros((128, 128), np.uint8)
    for y in range(16, 128, 32):
        for x in range(16, 128, 32):
            mask[y - 8 : y + 8, x - 8 : x + 8] = 1
    for index in range(3):
        Image.fromarray(mask).save(tmp_path / f"{index}.png")
    assert suited_settings(build_prior(tmp_path, {}))["shape.components"] == 0
