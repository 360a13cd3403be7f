from __future__ import annotations

import numpy as np
import pytest
from napari.utils._proxies import PublicOnlyProxy

from napari_localcl.widgets.image_looks import ImageLooks
from napari_localcl.widgets.picture import Picture

pytestmark = pytest.mark.slow


def grey(name="a", window=(10.0, 20.0)):
    return Picture(name, np.arange(300, dtype=np.uint16).reshape(15, 20), window, (1.0, 1.0))


def coloured():
    return Picture("c", np.zeros((15, 20, 3), np.uint8), (0.0, 1.0), (1.0, 1.0))


@pytest.fixture
def viewer(plain_viewer):
    plain_viewer.layers.clear()
    return plain_viewer


@pytest.fixture(params=[lambda viewer: viewer, PublicOnlyProxy], ids=["viewer", "as a plugin"])
def looks(viewer, request):
    return ImageLooks(request.param(viewer))


def test_each_image_has_its_own_brightness_until_a_person_changes_it(looks):
    told = []
    looks.brightness_kept.connect(told.append)
    layer = looks.show(None, grey())
    assert layer.contrast_limits == [10, 20]
    layer = looks.show(layer, grey(window=(30.0, 40.0)))
    assert layer.contrast_limits == [30, 40]
    assert told == []

    layer.contrast_limits = 5, 50
    assert told == [True]
    layer = looks.show(layer, grey(window=(1.0, 2.0)))
    assert layer.contrast_limits == [5, 50]

    looks.keeps_brightness = False
    layer = looks.show(layer, grey(window=(1.0, 2.0)))
    assert layer.contrast_limits == [1, 2]


def test_colours_and_gamma_stay_also_when_a_coloured_image_lies_between(looks, viewer):
    layer = looks.show(None, grey())
    layer.colormap, layer.gamma, layer.opacity = "magma", 0.5, 0.7
    layer.contrast_limits = 5, 50
    layer = looks.show(layer, coloured())
    assert layer.rgb
    assert layer.opacity == 0.7
    layer = looks.show(layer, grey())
    assert (layer.colormap.name, layer.gamma, layer.opacity) == ("magma", 0.5, 0.7)
    assert layer.contrast_limits == [5, 50]
    assert len(viewer.layers) == 1


def test_the_layer_that_was_chosen_stays_chosen_when_colour_comes(looks, viewer):
    layer = looks.show(None, grey())
    points = viewer.add_points(name="Landmarks")
    layer = looks.show(layer, coloured())
    assert viewer.layers.selection.active == points
    assert viewer.layers.index(layer) == 0
    viewer.layers.selection.active = layer
    layer = looks.show(layer, grey())
    assert viewer.layers.selection.active == layer


def test_the_image_lies_above_what_was_open_before_and_below_our_points(looks, viewer):
    viewer.add_image(np.zeros((9, 9)), name="opened before")
    layer = looks.show(None, grey())
    points = viewer.add_points(name="Landmarks")
    assert viewer.layers.index(layer) == 1
    layer = looks.show(layer, coloured())
    assert viewer.layers.index(layer) == 1
    viewer.layers.remove(layer)
    looks.show(None, grey(), points)
    assert [one.name for one in viewer.layers] == ["opened before", "Image at hand", "Landmarks"]


def test_naparis_own_automatic_contrast_is_left_alone(looks):
    layer = looks.show(None, grey())
    layer.auto_contrast = True
    layer = looks.show(layer, grey())
    assert layer.contrast_limits == [0, 299]


def test_a_layer_that_is_forgotten_is_followed_no_longer(looks):
    layer = looks.show(None, grey())
    looks.forget(layer)
    layer.contrast_limits = 5, 50
    assert not looks.keeps_brightness
