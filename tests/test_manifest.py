from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import napari_localcl

PACKAGE = Path(napari_localcl.__file__).parent
MANIFEST = PACKAGE / "napari.yaml"

# npe2 still speaks pydantic 1 in places.
pytestmark = pytest.mark.filterwarnings("ignore::Warning:npe2", "ignore::DeprecationWarning")


def test_npe2_accepts_the_manifest_and_every_command_exists():
    from npe2 import PluginManifest

    manifest = PluginManifest.from_file(MANIFEST)
    manifest.validate_imports()
    assert (manifest.name, manifest.display_name) == ("napari-localcl", "LocalCL")


def test_every_contribution_runs_a_declared_command():
    """What no contribution runs is for the command palette."""
    contributions = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["contributions"]
    declared = {command["id"] for command in contributions["commands"]}
    used = {
        entry["command"]
        for kind, entries in contributions.items()
        if kind not in ("commands", "configurations")
        for entry in entries
        if "command" in entry
    }
    assert used <= declared
    palette = {name.removeprefix("napari-localcl.") for name in declared - used}
    assert palette == {
        "next_image",
        "previous_image",
        "next_uncertain",
        "next_unannotated",
        "accept",
        "reject",
        "compare",
    }


def test_npe2_itself_validates_it():
    command = [sys.executable, "-m", "npe2", "validate", str(MANIFEST)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "valid" in done.stdout


def test_what_needs_a_file_cannot_be_chosen_in_the_palette():
    contributions = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["contributions"]
    disabled = {one["id"] for one in contributions["commands"] if "enablement" in one}
    called = {one["command"] for kind in ("readers", "writers") for one in contributions[kind]}
    assert disabled == called


def test_titles_are_for_people():
    contributions = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["contributions"]
    for command in contributions["commands"]:
        assert " " in command["title"]
        assert "_" not in command["title"]


def test_the_manifest_is_also_at_the_top_of_the_checkout():
    top = Path(__file__).parents[1] / "napari.yaml"
    assert top.read_bytes() == MANIFEST.read_bytes()
