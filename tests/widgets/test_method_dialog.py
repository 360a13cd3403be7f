"""All settings of a method, also of one that is added to another."""

from __future__ import annotations

import pytest
from controls_of import control
from probe_child import ADDED, ALONE
from qtpy.QtWidgets import QComboBox, QLabel, QLineEdit, QSpinBox, QWidget

from napari_localcl.widgets.learn_form import LearnForm
from napari_localcl.widgets.method_dialog import MethodDialog


@pytest.fixture
def make(qapp):
    parent = QWidget()

    def make(facts=ADDED, preset="small", **changed):
        return MethodDialog(facts, preset, changed, parent)

    yield make
    parent.deleteLater()


def choose(dialog, name, value):
    control(dialog, QComboBox, name).setCurrentText(value)


def names(dialog):
    return set(dialog._fields)


def test_another_base_brings_its_own_settings_and_the_preset_that_has_them(make):
    dialog = make()
    assert "queue" in names(dialog)
    choose(dialog, "base", "two")
    assert dialog.preset == "two"
    assert "grid" in names(dialog)
    assert "queue" not in names(dialog)
    assert dialog.changed() == {}
    assert any("Preset two: on two" in one.text() for one in dialog.findChildren(QLabel))
    choose(dialog, "base preset", "large")
    assert dialog.preset == "two-large"
    assert control(dialog, QSpinBox, "grid").value() == 8


def test_what_was_changed_stays_where_the_other_base_has_it_too(make):
    dialog = make(queue=16, image_size=96)
    choose(dialog, "base", "two")
    assert dialog.changed() == {"image_size": 96}
    choose(dialog, "base", "one")
    assert dialog.preset == "small"
    assert dialog.changed() == {"image_size": 96}


def test_a_search_goes_on_after_a_change_of_the_base(make):
    dialog = make()
    control(dialog, QLineEdit, "Search").setText("base")
    choose(dialog, "base", "two")
    shown = {name for name, field in dialog._fields.items() if not field.isHidden()}
    assert shown == {"base", "base_preset"}


def test_a_method_on_its_own_feet_has_no_words_on_presets(make):
    dialog = make(ALONE)
    assert names(dialog) == {"image_size", "queue"}
    assert all("Preset" not in one.text() for one in dialog.findChildren(QLabel))


def test_the_form_takes_the_preset_over_with_what_differs_from_it(qapp, monkeypatch):
    facts = {"methods": [ADDED], "method": "lrc", "preset": "small", "devices": ["auto", "cpu"]}
    form = LearnForm()
    form.take({**facts, "device_names": {}})

    def change(dialog):
        choose(dialog, "base", "two")
        control(dialog, QSpinBox, "grid").setValue(2)
        return True

    monkeypatch.setattr(MethodDialog, "exec", change)
    form.edit()
    assert (form.wish.preset, form.wish.settings) == ("two", {"grid": 2})
    form.deleteLater()
