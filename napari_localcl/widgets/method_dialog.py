"""All settings of a method, which begin with one of its presets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_localcl.widgets.settings_dialog import SettingsDialog, changes, field_value
from napari_localcl.widgets.wish import OF_SHAPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtpy.QtWidgets import QWidget

    Settings = Sequence[Mapping[str, Any]]


class MethodDialog(SettingsDialog):
    """The settings of learning.

    Where a setting decides which others there are (the system that LRC is added to), another
    choice of it brings the settings of the preset that has it.

    Parameters
    ----------
    facts : mapping
        What `methods --events` says of the method.
    preset : str
        Which preset the settings begin with.
    changed : mapping
        Values that differ from it, by name.
    parent : QWidget
        Above what to show them.

    Attributes
    ----------
    preset : str
        Which preset they begin with now.
    """

    def __init__(
        self, facts: Mapping[str, Any], preset: str, changed: Mapping[str, object], parent: QWidget
    ) -> None:
        super().__init__((), {}, parent)
        self._facts = facts
        self._show_preset(preset, changed)

    def _show_preset(self, preset: str, changed: Mapping[str, object]) -> None:
        self.preset = preset
        self._fill(_of_learning(self._facts["presets"][preset]), changed, self._note_on(preset))
        for name in self._facts["deciding"]:
            changes(self._fields[name]).connect(lambda *_, name=name: self._decide(name))

    def _note_on(self, preset: str) -> str:
        deciding = " or ".join(name.replace("_", " ") for name in self._facts["deciding"])
        if not deciding:
            return ""
        meant = self._facts["preset_help"].get(preset, "")
        return f"Preset {preset}: {meant}. Another {deciding} brings settings of its own."

    def _decide(self, name: str) -> None:
        """Go over to the preset that has what was chosen; what was changed stays."""
        wanted = {one: field_value(self._fields[one]) for one in self._facts["deciding"]}
        presets = self._facts["presets"].items()
        preset = next((one for one, settings in presets if _has(settings, wanted)), self.preset)
        if preset == self.preset:
            return
        self._show_preset(preset, _without(self.changed(), wanted))
        self._fields[name].setFocus()
        self._area.ensureWidgetVisible(self._fields[name])


def _of_learning(settings: Settings) -> Settings:
    return [one for one in settings if not one["name"].startswith(OF_SHAPES)]


def _has(settings: Settings, wanted: Mapping[str, object]) -> bool:
    """Whether these are the defaults."""
    defaults = {one["name"]: one["default"] for one in settings}
    return all(defaults[name] == value for name, value in wanted.items())


def _without(values: Mapping[str, object], names: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name not in names}
