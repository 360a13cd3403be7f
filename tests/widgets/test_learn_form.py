"""The choices for a new run, whatever methods there are."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox

from napari_localcl.widgets.learn_form import LearnForm
from napari_localcl.widgets.wish import Budget


def setting(name, default):
    return {
        "name": name,
        "default": default,
        "allowed": "a whole number",
        "help": "so many",
        "choices": [],
        "kind": "int",
        "limits": {},
    }


def method(name, presets, **helps):
    return {
        "name": name,
        "title": f"the {name} system",
        "paper": f"{name} et al.",
        "presets": {preset: [setting("width", 8)] for preset in presets},
        "preset_help": helps,
    }


FACTS = {
    "methods": [
        method("one", ["small", "faithful"], small="suits laptops", faithful="takes weeks"),
        method("two", ["quick", "small"]),
    ],
    "method": "one",
    "preset": "small",
    "devices": ["auto", "cuda", "cpu"],
    "device_names": {"cuda": "A GPU, 80 GiB", "cpu": "2 cores"},
}


@pytest.fixture
def form(qapp):
    form = LearnForm()
    assert not form.is_ready
    form.take(FACTS)
    return form


def field(form, name):
    return next(one for one in form.findChildren(QComboBox) if one.accessibleName() == name)


def test_the_defaults_are_offered_first(form):
    wish = form.wish
    assert (wish.method, wish.preset, wish.settings) == ("one", "small", {})
    assert wish.budget == Budget("auto", 10, "minutes")


def test_another_method_brings_its_own_presets(form):
    form.settings["width"] = 4
    field(form, "Method").setCurrentIndex(1)
    presets = field(form, "Preset")
    assert [presets.itemText(number) for number in range(presets.count())] == ["quick", "small"]
    assert (form.wish.method, form.wish.preset) == ("two", "small")
    assert form.wish.settings == {}, "settings of another method mean nothing here"
    assert "two et al." in field(form, "Method").toolTip()


def test_a_preset_says_whom_it_suits_and_a_change_of_preset_begins_anew(form):
    presets = field(form, "Preset")
    assert "takes weeks" in presets.toolTip()
    assert presets.itemData(1, Qt.ItemDataRole.ToolTipRole) == "takes weeks"
    form.settings["width"] = 4
    presets.setCurrentText("faithful")
    assert form.wish.settings == {}


def test_a_gpu_is_named_and_handed_on_by_its_kind(form):
    devices = field(form, "Device")
    assert devices.itemText(1) == "cuda: A GPU, 80 GiB"
    assert "cuda" in devices.itemData(0, Qt.ItemDataRole.ToolTipRole)
    devices.setCurrentIndex(1)
    assert form.wish.budget.device == "cuda"


def test_what_somebody_prefers_is_offered_and_a_device_that_is_not_there_passed_over(qapp):
    form = LearnForm()
    form.budget.offer_first(45, "cpu")
    form.take(FACTS)
    assert (form.wish.budget.amount, form.wish.budget.device) == (45, "cpu")
    form.budget.offer_first(45, "mps")
    assert form.wish.budget.device == "auto"


def test_steps_are_whole(form):
    field(form, "Unit").setCurrentText("steps")
    assert (form.wish.budget.amount, form.wish.budget.unit) == (1000, "steps")
