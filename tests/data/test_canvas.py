from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_localcl.data import canvas
from napari_localcl.data.folder import Plane
from napari_localcl.data.placement import fit
from napari_localcl.data.reading import read
from napari_localcl.data.scan import Header, Scan


def plane(height: int, width: int, channels: int = 1) -> Plane:
    return Plane("a.png", Path("a.png"), None, Header((height, width), 1, channels))


def dot(size: tuple[int, int], at: tuple[float, float], width: float) -> np.ndarray:
    y, x = np.ogrid[: size[0], : size[1]]
    return np.exp(-((y - at[0]) ** 2 + (x - at[1]) ** 2) / (2 * width**2))


def centroid(image: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(image * y).sum(), (image * x).sum()]) / image.sum()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((1424, 2144), (256, 384)),
        ((712, 1072), (256, 384)),
        ((333, 601), (192, 256)),
        ((480, 632), (256, 256)),
        ((51, 35), (96, 64)),
        ((64, 64), (64, 64)),
    ],
)
def test_a_dot_appears_where_the_placement_says(size, shape, dtype):
    placement = fit(size, shape)
    width = max(1.5, 1.5 / placement.scale)
    for where in ((0.5, 0.5), (0.31, 0.68), (0.77, 0.23)):
        at = (size[0] * where[0], size[1] * where[1])
        pixels = (250 * dot(size, at, width)).round().astype(dtype)
        drawn = canvas.draw(Scan(pixels[None], Path("a")), None, placement, 1)[0]
        assert np.abs(centroid(drawn) - placement.to_canvas(at)).max() < 0.05


@pytest.mark.parametrize("size", [(1424, 2144), (1001, 1507)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_dot_in_a_reduced_jpeg_appears_there_too(tmp_path: Path, size, mode):
    placement = fit(size, (128, 192))
    at = (size[0] * 0.31, size[1] * 0.68)
    pixels = (250 * dot(size, at, 2 / placement.scale)).astype(np.uint8)
    Image.fromarray(pixels).convert(mode).save(tmp_path / "a.jpg")
    scan = read(tmp_path / "a.jpg", least=(256, 384))
    assert scan.reduction > 1
    drawn = canvas.draw(scan, None, placement, 1)[0]
    drawn = np.where(drawn > 5, drawn, 0)
    assert np.abs(centroid(drawn) - placement.to_canvas(at)).max() < 0.1


def test_reducing_averages_instead_of_skipping():
    stripes = np.zeros((1, 640, 640), np.uint8)
    stripes[..., ::2] = 200
    drawn = canvas.draw(Scan(stripes, Path("a")), None, fit((640, 640), (64, 64)), 1)
    assert drawn[..., 1:-1] == pytest.approx(100, abs=2)


def test_the_edge_is_repeated_around_the_image():
    ramp = np.broadcast_to(np.arange(32, dtype=np.float32), (64, 32))[None]
    placement = fit((64, 32), (64, 64))
    drawn = canvas.draw(Scan(ramp, Path("a")), None, placement, 1)[0]
    _, left, _, right = placement.valid_box()
    assert (left, right) == (16, 48)
    assert np.array_equal(drawn[:, left:right], ramp[0])
    assert (drawn[:, :left] == 0).all()
    assert (drawn[:, right:] == 31).all()


@pytest.mark.parametrize(
    ("given", "wanted"), [(1, 1), (1, 3), (3, 1), (3, 3), (2, 3), (5, 3), (2, 1)]
)
def test_channels_are_brought_to_the_number_wanted(given, wanted):
    levels = np.arange(10.0, 60.0, 10.0, dtype=np.float32)[:given]
    pixels = np.broadcast_to(levels[:, None, None], (given, 64, 64))
    drawn = canvas.draw(Scan(pixels, Path("a")), None, fit((64, 64), (64, 64)), wanted)
    expected = {
        (1, 1): [10],
        (1, 3): [10, 10, 10],
        (3, 1): [0.299 * 10 + 0.587 * 20 + 0.114 * 30],
        (3, 3): [10, 20, 30],
        (2, 3): [10, 20, 10],
        (5, 3): [10, 20, 30],
        (2, 1): [15],
    }[given, wanted]
    assert drawn[:, 30, 30] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("planes", "size", "expected"),
    [
        ([plane(2848, 4288)], 384, (256, 384)),
        ([plane(480, 632)], 256, (192, 256)),
        ([plane(900, 300)], 256, (256, 96)),
        ([plane(100, 100), plane(100, 100), plane(50, 400)], 250, (256, 256)),
        ([plane(51, 35)], 64, (64, 64)),
        ([plane(5, 500)], 512, (64, 512)),
    ],
)
def test_the_canvas_has_the_median_images_shape(planes, size, expected):
    assert canvas.shape(planes, size) == expected


def test_one_colour_image_makes_all_of_them_colour():
    assert canvas.channels([plane(9, 9), plane(9, 9)]) == 1
    assert canvas.channels([plane(9, 9), plane(9, 9, channels=3)]) == 3
