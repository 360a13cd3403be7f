"""The regions that a method would learn, in a real viewer."""

from __future__ import annotations

import numpy as np
import pytest
from controls_of import control
from probe_child import __file__ as CHILD
from projects import new_project
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QLabel, QPushButton

from napari_localcl.widgets.region_preview import REGIONS

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def program():
    return CHILD


@pytest.fixture
def viewer(window):
    return window.viewer


@pytest.fixture
def dock(window, pictures, tmp_path, wait):
    """Return the dock with six pictures of 80 x 64 pixels, its step Learn open."""
    dock = window.dock
    wait(lambda: dock.learn.is_ready)
    # Back and forth, which takes all settings back to those of the preset.
    for method in ("lrc", "one"):
        choose(dock, method)
    dock.session.open(new_project(tmp_path / "project", pictures))
    dock.learn.set_open(True)
    wait(lambda: dock.canvas.image is not None)
    return dock


def choose(dock, method):
    box = control(dock.learn, QComboBox, "Method")
    box.setCurrentIndex(box.findData(method))


def preview(dock):
    return control(dock.learn, QPushButton, "Preview regions")


def said(dock):
    return [one.text() for one in dock.learn.findChildren(QLabel) if "region" in one.text()]


def begin(dock, wait):
    choose(dock, "lrc")
    preview(dock).click()
    wait(lambda: dock.regions.layer is not None)
    return dock.regions.layer


def count(layer):
    return int(np.asarray(layer.data).max())


def test_only_a_method_with_regions_offers_them(dock):
    assert preview(dock).parent().isHidden()
    choose(dock, "lrc")
    assert not preview(dock).parent().isHidden()
    choose(dock, "one")
    assert preview(dock).parent().isHidden()


def test_the_regions_lie_on_the_image_and_are_counted_in_words(dock, viewer, wait):
    layer = begin(dock, wait)
    image = dock.canvas.image
    assert layer.name == REGIONS
    assert not layer.editable
    assert viewer.layers.index(layer) == viewer.layers.index(image) + 1
    assert said(dock) == [f"{count(layer)} regions in {dock.session.image}."]
    assert count(layer) > 1
    # 80 x 64 pixels on a canvas of 64 x 64: whole pixels of it, within half of one.
    cell = layer.scale[0]
    assert cell == pytest.approx(80 / 64)
    assert layer.data.shape[0] * cell == pytest.approx(80, abs=cell)
    assert layer.data.shape[1] * cell == pytest.approx(64, abs=2 * cell)
    np.testing.assert_allclose(layer.translate, (cell - 1) / 2, atol=cell)


def test_another_setting_shows_other_regions_and_is_what_would_be_learned(dock, wait):
    layer = begin(dock, wait)
    before = count(layer)
    control(dock.learn, QDoubleSpinBox, "scale").setValue(500)
    control(dock.learn, QDoubleSpinBox, "sigma").setValue(1)
    wait(lambda: layer.metadata["settings"]["sigma"] == 1)
    assert 0 < count(layer) < before
    assert dock.learn.form.wish.settings == {
        "lrc.superpixels.scale": 500.0,
        "lrc.superpixels.sigma": 1.0,
    }
    assert said(dock) == [f"{count(layer)} regions in {dock.session.image}."]
    control(dock.learn, QComboBox, "Preset").setCurrentText("two")
    assert dock.learn.form.wish.settings == {}
    assert control(dock.learn, QDoubleSpinBox, "scale").value() == 60


def test_where_all_is_background_it_says_what_to_change(dock, wait):
    layer = begin(dock, wait)
    control(dock.learn, QDoubleSpinBox, "largest").setValue(0.0001)
    wait(lambda: count(layer) == 0)
    assert "0 regions" in said(dock)[0]
    assert "largest larger" in said(dock)[0]


def test_the_next_image_shows_its_own_regions(dock, wait):
    layer = begin(dock, wait)
    dock.session.go_by(1)
    wait(lambda: layer.metadata["image"] == dock.session.image)
    assert said(dock)[0].endswith(f"in {dock.session.image}.")


@pytest.mark.parametrize("way", ["button", "method", "step", "layer"])
def test_they_are_taken_away_with_what_they_belong_to(dock, viewer, wait, way):
    # As in the window: what is not shown cannot be hidden.
    viewer.window._qt_window.show()
    layer = begin(dock, wait)
    if way == "button":
        preview(dock).click()
    elif way == "method":
        choose(dock, "one")
    elif way == "step":
        dock.images.set_open(True)
    else:
        viewer.layers.remove(layer)
    assert layer not in viewer.layers
    assert not preview(dock).isChecked()
    assert not said(dock)[:1] or said(dock) == []
