from __future__ import annotations

import numpy as np
import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.intensity import limits, to_uint8

RNG = np.random.default_rng(0)


def test_the_percentiles_become_black_and_white():
    ramp = np.arange(1001, dtype=np.uint16).reshape(1, 7, 143) * 50
    result = to_uint8(ramp, percentiles=(10, 90))
    assert result.dtype == np.uint8
    assert result.ravel()[[0, 100, 500, 900, 1000]].tolist() == [0, 0, 128, 255, 255]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, np.int64, np.float16, np.float64])
def test_every_type_gives_the_same_picture(dtype):
    values = RNG.integers(0, 120, (1, 30, 40))
    assert np.array_equal(to_uint8(values.astype(dtype)), to_uint8(values))


def test_a_few_hot_pixels_change_nothing_else():
    image = RNG.normal(100, 10, (1, 100, 100))
    hot = image.copy()
    hot[0, 0, :5] = 60_000
    difference = to_uint8(hot)[:, 1:].astype(int) - to_uint8(image)[:, 1:]
    assert np.abs(difference).max() <= 10


def test_colours_keep_their_relation():
    red = np.zeros((3, 20, 20), np.uint8)
    red[0] = np.arange(20) * 10
    red[1] = red[0] // 2
    result = to_uint8(red, percentiles=(0, 100)).astype(float)
    assert np.allclose(result[1], result[0] / 2, atol=1)
    assert not result[2].any()


def test_the_window_of_the_file_is_respected():
    hounsfield = np.linspace(-1000, 1000, 201, dtype=np.float32).reshape(1, 3, 67)
    result = to_uint8(hounsfield, window=(-200.0, 200.0)).ravel()
    assert result[[0, 80, 100, 120, 200]].tolist() == [0, 0, 128, 255, 255]


def test_a_window_that_shows_nothing_is_ignored():
    image = RNG.normal(1000, 50, (1, 20, 20))
    assert limits(image, window=(0.0, 1.0)) == limits(image)


def test_mostly_background_keeps_its_few_bright_pixels():
    image = np.zeros((1, 100, 100), np.uint16)
    image[0, 50, 50:60] = 300
    assert to_uint8(image).max() == 255


def test_slices_of_a_volume_stay_comparable():
    volume = np.stack([np.full((20, 20), level) for level in range(1, 11)])[None]
    means = to_uint8(volume).mean((0, 2, 3))
    assert (np.diff(means) > 20).all()


def test_a_large_image_is_treated_like_its_pixels_demand():
    image = RNG.normal(0, 1, (1, 1000, 1000))
    assert limits(image) == pytest.approx(np.percentile(image, (0.5, 99.5)), abs=0.05)


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.full((1, 4, 4), 7, np.uint8), "is constant: every pixel is 7"),
        (np.zeros((1, 0, 4)), "holds no pixels"),
        (np.full((1, 4, 4), np.nan), "contains NaN"),
        (np.array([[[1.0, 2.0, np.nan]]]), "contains NaN"),
        (np.array([[[1.0, 2.0, np.inf]]]), "infinite"),
        (np.array([[[0.0, 1e39]]]), "too large"),
        (np.ones((1, 4, 4), np.complex64), "complex64"),
    ],
)
def test_an_image_without_grey_values_is_refused(pixels, message):
    with pytest.raises(BadInput, match=message):
        to_uint8(pixels)
