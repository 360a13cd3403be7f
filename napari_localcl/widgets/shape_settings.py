"""What can be chosen of segmenting by a shape, apart from the shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_localcl.widgets.controls import make_button
from napari_localcl.widgets.settings_dialog import SettingsDialog, field_value, make_field
from napari_localcl.widgets.wish import OF_SHAPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtpy.QtWidgets import QFormLayout, QWidget

_LOOKS = f"{OF_SHAPES}appearance"


class ShapeSettings(QObject):
    """How a structure looks, which helps much, in sight; all else behind a button.

    Parameters
    ----------
    form : QFormLayout
        Where what is in sight goes.
    parent : QWidget
        Where the dialog of all settings belongs.

    Attributes
    ----------
    button : QPushButton
        Shows all settings.
    """

    def __init__(self, form: QFormLayout, parent: QWidget) -> None:
        super().__init__(parent)
        self._form, self._parent = form, parent
        self._settings: tuple[Mapping[str, Any], ...] = ()
        self._changed: dict[str, object] = {}
        self._looks: QWidget | None = None
        self.button = make_button(
            "Advanced…",
            "All settings of learning and cleaning up; some begin with what suits the shape",
            self._edit,
        )

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        """What is in sight."""
        return (self._looks,) if self._looks else ()

    @property
    def is_known(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self._settings)

    @property
    def values(self) -> dict[str, object]:
        """What differs from the defaults, by name."""
        if self._looks is None or field_value(self._looks) == self._default:
            return dict(self._changed)
        return {_LOOKS: field_value(self._looks), **self._changed}

    def take(self, facts: Mapping[str, Any]) -> None:
        """Take over what `methods --events` says of the method that segments."""
        method = next(one for one in facts["methods"] if one["name"] == facts["method"])
        every = {one["name"]: one for one in method["shape_presets"][facts["preset"]]}
        looks = every.pop(_LOOKS, None)
        if looks is not None:
            self._looks, self._default = make_field(looks), looks["default"]
            self._form.addRow("Looks", self._looks)
        # What is about shapes first: the others are seldom changed here.
        about_shapes = sorted(every, key=lambda name: not name.startswith(OF_SHAPES))
        self._settings = tuple(every[name] for name in about_shapes)

    def _edit(self) -> None:
        dialog = SettingsDialog(self._settings, self._changed, self._parent.window())
        if dialog.exec():
            self._changed = dialog.changed()
            count = len(self._changed)
            self.button.setText(f"Advanced ({count})…" if count else "Advanced…")
        dialog.deleteLater()
