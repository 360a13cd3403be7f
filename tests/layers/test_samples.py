from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from napari_localcl.data.samples import sample_sets
from napari_localcl.layers.samples import fundus_sample, heart_sample, skeleton_sample

SAMPLES = {"skeleton": skeleton_sample, "fundus": fundus_sample, "heart": heart_sample}


def test_every_sample_set_opens_as_layers():
    assert set(SAMPLES) == set(sample_sets())


@pytest.mark.parametrize(
    ("name", "shape", "kinds"),
    [
        ("skeleton", (40, 320, 256), ["image", "points"]),
        ("fundus", (40, 300, 360, 3), ["image", "labels", "labels", "points"]),
        ("heart", (40, 128, 128), ["image", "labels", "points"]),
    ],
)
def test_a_set_is_a_stack_with_its_masks_and_its_points(
    name: str, shape: tuple[int, ...], kinds: list[str]
):
    layers = SAMPLES[name]()
    assert [kind for _, _, kind in layers] == kinds
    pixels, look, _ = layers[0]
    assert pixels.shape == shape
    assert pixels.dtype == np.uint8
    assert look["rgb"] is (len(shape) == 4)
    for mask, _, kind in layers:
        if kind == "labels":
            assert mask.shape == shape[:3]


def test_each_point_lies_on_the_slice_of_its_image_and_knows_its_name():
    points, look, _ = fundus_sample()[-1]
    assert points.shape == (80, 3)
    features = look["features"]
    assert {len(column) for column in features.values()} == {80}
    assert points[6, 0] == 3
    assert features["image"][6] == "eye_04.jpg"
    assert features["landmark"][6] == "optic_disc"
    (disc,) = (data for data, look, _ in fundus_sample() if look["name"] == "fundus disc")
    assert disc[tuple(np.round(points[6]).astype(int))] == 1


def test_the_labels_of_a_heart_lie_under_its_landmark():
    _, (labels, look, _), (points, _, _) = heart_sample()
    assert look["name"] == "heart masks"
    assert set(np.unique(labels)) == {0, 1, 2, 3}
    middles = points[::3]
    assert (labels[tuple(np.round(middles).astype(int).T)] == 3).all()


def test_layers_need_neither_napari_nor_qt_nor_torch():
    code = (
        "import sys, napari_localcl.layers.samples as layers; layers.skeleton_sample();"
        "print(sorted({'napari', 'qtpy', 'PyQt5', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
