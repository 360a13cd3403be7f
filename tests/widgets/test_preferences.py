from __future__ import annotations

from pathlib import Path

import pytest

import napari_localcl
from napari_localcl.data.project_record import ProjectRecord
from napari_localcl.widgets.preferences import Preferences, defaults, preferences


def test_the_manifest_says_what_a_new_project_says():
    review_below = ProjectRecord.model_fields["review_below"].default
    assert defaults() == Preferences(10, "auto", review_below)


def test_napari_makes_a_page_of_them_and_what_is_set_there_counts(tmp_path, monkeypatch):
    import napari.settings
    from napari.settings._plugin_config_generator import plugin_configuration_generator
    from npe2 import PluginManager, PluginManifest

    manager = PluginManager()
    manager.register(PluginManifest.from_file(Path(napari_localcl.__file__).parent / "napari.yaml"))
    model = plugin_configuration_generator(manager)["napari-localcl"]
    ours = model(config_path=tmp_path / "ours.yaml")
    monkeypatch.setattr(napari.settings, "get_plugin_settings", lambda name: ours)
    assert preferences() == defaults()
    ours.learning.minutes, ours.learning.device, ours.review.below = 3, "cpu", 0.25
    assert preferences() == Preferences(3, "cpu", 0.25)
    with pytest.raises(ValueError, match="enum"):
        ours.learning.device = "abacus"


def test_a_plugin_that_napari_does_not_know_has_its_defaults(monkeypatch):
    import napari.settings

    def unknown(name):
        raise KeyError(name)

    monkeypatch.setattr(napari.settings, "get_plugin_settings", unknown)
    assert preferences() == defaults()
