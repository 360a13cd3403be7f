"""Landmarks drawn over images."""

import numpy as np
import pytest
from PIL import Image

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.folder import find_images
from napari_localcl.tasks.figures import (
    LONGEST_SIDE,
    choose_colours,
    contact_sheet,
    draw_figures,
    draw_landmarks,
)


def end_of(work):
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_a_cross_lies_on_its_point_and_a_ring_around_the_truth():
    pixels = np.zeros((1, 96, 64), np.uint8)
    colours = {"tip": (255, 0, 0)}
    picture = draw_landmarks(
        pixels, [Landmark("i", "tip", 24, 16)], [Landmark("i", "end", 72, 48)], colours
    )
    assert picture.height == LONGEST_SIDE
    drawn = np.asarray(picture).astype(int)
    scale = LONGEST_SIDE / 96
    cross = np.argwhere((drawn == (255, 0, 0)).all(axis=2)).mean(axis=0)
    ring = np.argwhere((drawn == (255, 255, 255)).all(axis=2)).mean(axis=0)
    assert cross == pytest.approx([24.5 * scale - 0.5, 16.5 * scale - 0.5], abs=1)
    assert ring == pytest.approx([72.5 * scale - 0.5, 48.5 * scale - 0.5], abs=1)


def test_every_image_with_predictions_gets_its_picture(tmp_path):
    ramp = np.tile(np.arange(64, dtype=np.uint8), (48, 1))
    for name in ("one.png", "two.png", "three.png"):
        (tmp_path / "in" / "sub").mkdir(parents=True, exist_ok=True)
        Image.fromarray(ramp).save(tmp_path / "in" / "sub" / name)
    rows = [Landmark(f"sub/{name}.png", "tip", 5, 6) for name in ("one", "two")]
    paths = end_of(draw_figures(find_images(tmp_path / "in"), rows, tmp_path / "out"))
    assert [path.relative_to(tmp_path / "out").as_posix() for path in paths] == [
        "sub/one.png.png",
        "sub/two.png.png",
    ]
    with Image.open(paths[0]) as picture:
        assert picture.size == (LONGEST_SIDE, LONGEST_SIDE * 48 // 64)
    assert contact_sheet(paths).size == (640, 240)


def test_planes_of_a_volume_are_drawn_each_for_itself(tmp_path):
    import tifffile

    stack = np.stack([np.tile(np.arange(32, dtype=np.uint8) * k, (32, 1)) for k in (1, 2, 3)])
    tifffile.imwrite(tmp_path / "v.tif", stack, photometric="minisblack")
    names = [plane.name for plane in find_images(tmp_path).planes]
    rows = [Landmark(name, "tip", 5, 6) for name in names]
    paths = end_of(draw_figures(find_images(tmp_path), rows, tmp_path / "out"))
    assert [path.name for path in paths] == ["v.tif-0.png", "v.tif-1.png", "v.tif-2.png"]


def test_landmarks_have_colours_of_their_own():
    colours = choose_colours([f"p{index}" for index in range(19)])
    assert len(set(colours.values())) == 19
