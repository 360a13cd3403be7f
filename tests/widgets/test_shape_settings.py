"""What can be chosen of segmenting by a shape: the values that a run would use."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image
from qtpy.QtWidgets import QComboBox, QFormLayout, QWidget

from napari_localcl.data.priors import build_prior
from napari_localcl.data.settings import build_settings, list_settings
from napari_localcl.methods.ld import LD
from napari_localcl.tasks.plans import METHOD, PRESET, fresh_plan
from napari_localcl.tasks.shape_suiting import suited_settings
from napari_localcl.training.budget import Budget
from napari_localcl.widgets.prior_form import PriorForm
from napari_localcl.widgets.settings_dialog import SettingsDialog, field_value
from napari_localcl.widgets.shape_settings import ShapeSettings


@pytest.fixture
def shown(monkeypatch):
    """Return the dialogs that were shown; a person agrees to each at once."""
    dialogs = []
    monkeypatch.setattr(SettingsDialog, "exec", lambda dialog: dialogs.append(dialog) or True)
    return dialogs


@pytest.fixture
def options(qapp):
    parent = QWidget()
    prior = PriorForm()
    options = ShapeSettings(QFormLayout(parent), prior, parent)
    options.prior = prior
    built = build_settings(LD.Settings, {}, LD.shape_presets[PRESET])
    facts = [asdict(one) for one in list_settings(built)]
    method = {"name": METHOD, "shape_presets": {PRESET: facts}}
    options.take({"methods": [method], "method": METHOD, "preset": PRESET})
    yield options
    options.close()
    parent.deleteLater()


def choose(options, shape):
    kinds = options.prior.findChildren(QComboBox)
    next(one for one in kinds if one.accessibleName() == "Shape").setCurrentText(shape)


def values(dialog):
    return {name: field_value(field) for name, field in dialog._fields.items()}


def look(options, shown, wait):
    count = len(shown)
    options.button.click()
    wait(lambda: len(shown) > count)
    return shown[-1]


@pytest.mark.parametrize("shape", ["Vessels", "Ellipse"])
def test_the_values_shown_are_those_that_a_run_would_use(options, shown, wait, shape):
    choose(options, shape)
    found = values(look(options, shown, wait))
    suited = suited_settings(build_prior(shape.lower(), {}))
    plan = fresh_plan(None, None, {}, None, Budget(steps=1), None, suited)
    used = {one.name: one.default for one in list_settings(plan.settings)}
    differing = {
        name
        for name, value in found.items()
        if isinstance(value, float | int | bool) and value != pytest.approx(used[name], abs=1e-6)
    }
    assert differing == set()
    assert found["image_size"] == suited["image_size"]
    assert options.values == {}, "what suits the shape is not the person's choice"


def test_what_a_person_sets_stays_although_another_shape_suits_otherwise(options, shown, wait):
    choose(options, "Vessels")
    dialog = look(options, shown, wait)
    dialog._fields["image_size"].setValue(160)
    options._changed = dialog.changed()
    assert options.values == {"image_size": 160}
    choose(options, "Ellipse")
    dialog = look(options, shown, wait)
    assert values(dialog)["image_size"] == 160
    assert dialog._form.labelForField(dialog._fields["image_size"]).text().endswith("(changed)")
    dialog.reset()
    suited = suited_settings(build_prior("ellipse", {}))
    assert values(dialog)["image_size"] == suited["image_size"]


def test_without_a_shape_or_with_a_bad_one_the_preset_is_shown_and_it_is_said(
    options, shown, wait, tmp_path
):
    options.button.click()
    assert "There is no shape yet" in words(shown[-1])
    choose(options, "Masks from elsewhere")
    Image.fromarray(np.zeros((20, 20), np.uint8)).save(tmp_path / "empty.png")
    options.prior.choose(tmp_path / "empty.png")
    assert "empty.png" in words(look(options, shown, wait))
    assert options.button.text() == "Advanced…"


def words(dialog):
    from qtpy.QtWidgets import QLabel

    return " ".join(label.text() for label in dialog.findChildren(QLabel))
