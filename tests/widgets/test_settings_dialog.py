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
