from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Points

from napari_localcl.data.annotations import Landmark
from napari_localcl.widgets.points_layer import (
    fit_to_screen,
    legend,
    look,
    make_points,
    show_points,
)

SOURCES = ("human", "accepted", "machine:ld-1")
# The image is dark to the left and bright to the right.
PIXELS = np.hstack([np.zeros((80, 60)), np.full((80, 60), 255)]).astype(np.uint8)


@pytest.fixture
def layer(qapp):
    points = [Landmark("a.png", "tip", 40, 10, 0.8, source) for source in SOURCES]
    points.append(Landmark("a.png", "base", 40, 80, None, "human"))
    layer = Points(np.empty((0, 2)), **make_points())
    show_points(layer, points, Image(PIXELS, contrast_limits=(0, 255)))
    return layer


def test_predicted_accepted_and_placed_points_differ_in_symbol_words_and_colour(layer):
    assert len({str(symbol) for symbol in layer.symbol[:3]}) == 3
    assert len({tuple(colour) for colour in layer.face_color[:3]}) == 3
    assert list(layer.features["shown_as"][:3]) == ["tip", "tip, accepted", "tip? 80%"]


def test_where_a_point_comes_from_and_how_sure_it_is_can_be_read_from_the_layer(layer):
    assert list(layer.features["source"]) == [*SOURCES, "human"]
    assert layer.features["confidence"][0] == 0.8
    assert np.isnan(layer.features["confidence"][3])


def test_labels_are_white_on_dark_and_black_on_bright(layer):
    colours = layer.text.color(layer.features)
    assert np.allclose(colours, [[1, 1, 1, 1]] * 3 + [[0, 0, 0, 1]])


@pytest.mark.parametrize("zoom", [0.1, 1, 20])
def test_symbols_keep_their_size_on_the_screen_and_labels_stand_clear_of_them(layer, zoom):
    fit_to_screen(layer, zoom)
    sizes = layer.size * zoom
    assert np.allclose(sizes, sizes[0])
    assert 8 <= sizes[0] <= 24
    assert layer.text.translation[1] * zoom > sizes[0] / 2


def test_the_point_at_hand_is_larger_and_its_label_still_clear(layer):
    fit_to_screen(layer, 2, at_hand=1)
    sizes = layer.size * 2
    assert sizes[1] > 1.3 * sizes[0]
    assert np.allclose(np.delete(sizes, 1), sizes[0])
    assert layer.text.translation[1] * 2 > sizes[1] / 2
    fit_to_screen(layer, 2)
    assert np.allclose(layer.size, layer.size[0])


def test_the_legend_says_all_three_in_words():
    for word in ("placed or moved", "a person agreed", "predicted, and how sure"):
        assert word in legend()
    assert len({look(source).glyph for source in SOURCES}) == 3
