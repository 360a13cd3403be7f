from __future__ import annotations

from dataclasses import asdict
from typing import Literal

import pytest
from pydantic import BaseModel, Field
from qtpy.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox, QWidget

from napari_localcl.data.settings import list_settings
from napari_localcl.widgets.settings_dialog import (
    SettingsDialog,
    field_value,
    in_words,
    make_field,
)


class Inner(BaseModel):
    count: int = Field(64, ge=4, le=1024, multiple_of=4, description="points per pair")


class Settings(BaseModel):
    rate: float = Field(0, ge=0, lt=1, description="how fast")
    grid: Literal[2, 4, 8] = Field(8, description="patches")
    flip: bool = Field(True, description="mirror")
    points: Inner = Inner()


FACTS = {one.name: asdict(one) for one in list_settings(Settings)}


@pytest.fixture
def dialog(qapp):
    parent = QWidget()
    yield SettingsDialog(list(FACTS.values()), {"grid": 4}, parent)
    parent.deleteLater()


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("rate", QDoubleSpinBox, 0.0),
        ("grid", QComboBox, 8),
        ("flip", QCheckBox, True),
        ("points.count", QSpinBox, 64),
    ],
)
def test_each_kind_of_setting_has_its_control_with_default_and_help(qapp, name, kind, value):
    field = make_field(FACTS[name])
    assert isinstance(field, kind)
    assert field_value(field) == value
    assert FACTS[name]["help"] in field.toolTip()
    assert field.accessibleName() == in_words(name)


def test_a_number_keeps_its_range_and_step(qapp):
    field = make_field(FACTS["points.count"])
    assert (field.minimum(), field.maximum(), field.singleStep()) == (4, 1024, 4)


def test_only_what_differs_from_the_defaults_is_handed_on(dialog):
    assert dialog.changed() == {"grid": 4}
    dialog.reset()
    assert dialog.changed() == {}


def label_of(dialog, name):
    return dialog._form.labelForField(dialog._fields[name]).text()


def test_what_was_changed_is_marked_in_words_until_it_is_as_before(dialog):
    assert label_of(dialog, "grid") == "grid (changed)"
    assert dialog._fields["grid"].accessibleName() == "grid (changed)"
    assert label_of(dialog, "points.count") == "points: count"
    dialog._fields["points.count"].setValue(32)
    assert label_of(dialog, "points.count") == "points: count (changed)"
    dialog._fields["points.count"].setValue(64)
    assert label_of(dialog, "points.count") == "points: count"


def test_a_default_with_more_digits_than_are_shown_counts_as_unchanged(qapp):
    third = {**FACTS["rate"], "default": 1 / 3}
    parent = QWidget()
    dialog = SettingsDialog([third], {}, parent, marks={"rate": "suits the shape"})
    assert dialog.changed() == {}
    assert label_of(dialog, "rate") == "rate (suits the shape)"
    dialog._fields["rate"].setValue(0.5)
    assert label_of(dialog, "rate") == "rate (changed)"
    parent.deleteLater()
