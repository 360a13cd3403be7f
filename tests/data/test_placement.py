from __future__ import annotations

import numpy as np
import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.placement import fit

SIZES = [(100, 100), (2848, 4288), (35, 51), (480, 632), (7, 301), (4001, 333), (64, 96)]
CANVASES = [(64, 64), (256, 384), (384, 256), (96, 64)]
EVERY = [(size, canvas) for size in SIZES for canvas in CANVASES]


@pytest.mark.parametrize(("size", "canvas"), EVERY)
def test_points_come_back_from_the_canvas(size, canvas):
    placement = fit(size, canvas)
    points = np.random.default_rng(0).uniform(0, 1, (20, 2)) * size
    assert np.allclose(placement.to_file(placement.to_canvas(points)), points)


@pytest.mark.parametrize(("size", "canvas"), EVERY)
def test_the_middle_of_the_image_lies_in_the_middle_of_its_box(size, canvas):
    placement = fit(size, canvas)
    y0, x0, y1, x1 = placement.valid_box()
    middle = placement.to_canvas((np.array(size) - 1) / 2)
    assert middle == pytest.approx([(y0 + y1 - 1) / 2, (x0 + x1 - 1) / 2])


@pytest.mark.parametrize(("size", "canvas"), EVERY)
def test_the_box_is_on_the_canvas_and_reaches_both_its_edges_along_one_axis(size, canvas):
    y0, x0, y1, x1 = fit(size, canvas).valid_box()
    assert 0 <= y0 < y1 <= canvas[0]
    assert 0 <= x0 < x1 <= canvas[1]
    assert (y0, y1) == (0, canvas[0]) or (x0, x1) == (0, canvas[1])


@pytest.mark.parametrize(("size", "canvas"), EVERY)
def test_the_box_shows_no_more_than_the_file_holds_and_nearly_all_of_it(size, canvas):
    placement = fit(size, canvas)
    y0, x0, y1, x1 = placement.source_box()
    lost = np.array([y0, x0, size[0] - y1, size[1] - x1])
    assert (lost >= 0).all()
    assert (lost * placement.scale < 0.5 + 1e-6).all()


def test_an_image_of_the_canvas_size_is_not_moved():
    placement = fit((96, 64), (96, 64))
    assert placement.scale == 1.0
    assert placement.to_canvas([(3.0, 5.5)]).tolist() == [[3.0, 5.5]]
    assert placement.valid_box() == (0, 0, 96, 64)


def test_pixel_centres_follow_the_convention():
    # Halved, the first canvas pixel covers file pixels 0 and 1: its centre lies between them.
    assert fit((128, 128), (64, 64)).to_file([(0.0, 0.0)]).tolist() == [[0.5, 0.5]]


def test_a_sliver_is_refused():
    with pytest.raises(BadInput, match="2 x 5000 pixels, too narrow"):
        fit((2, 5000), (64, 64))


def test_an_empty_image_is_refused():
    with pytest.raises(BadInput, match="0 x 10"):
        fit((0, 10), (64, 64))
