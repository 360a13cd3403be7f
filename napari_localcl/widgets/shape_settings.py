"""What can be chosen of segmenting by a shape, apart from the shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_localcl.data.priors import build_prior
from napari_localcl.tasks.shape_suiting import suited_settings
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.controls import make_button
from napari_localcl.widgets.settings_dialog import SettingsDialog, field_value, make_field
from napari_localcl.widgets.wish import OF_SHAPES

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from qtpy.QtWidgets import QFormLayout, QWidget

    from napari_localcl.widgets.prior_form import PriorForm

_LOOKS = f"{OF_SHAPES}appearance"
_SUITED = "suits the shape"
_NO_SHAPE = "There is no shape yet. Once there is, some of these give way to what suits it."
_SUITS = "What a run would use. What suits the shape changes with it, unless you change it here."


class ShapeSettings(QObject):
    """How a structure looks, which helps much, in sight; all else behind a button.

    Parameters
    ----------
    form : QFormLayout
        Where what is in sight goes.
    prior : PriorForm
        The shape, which some settings are to suit.
    parent : QWidget
        Where the dialog of all settings belongs.

    Attributes
    ----------
    button : QPushButton
        Shows all settings.
    """

    def __init__(self, form: QFormLayout, prior: PriorForm, parent: QWidget) -> None:
        super().__init__(parent)
        self._form, self._prior, self._parent = form, prior, parent
        self._settings: tuple[Mapping[str, Any], ...] = ()
        self._changed: dict[str, object] = {}
        self._looks: QWidget | None = None
        self.button = make_button(
            "Advanced…",
            "All settings of learning and cleaning up; some begin with what suits the shape",
            self._look,
        )
        self._looking = Background(self)
        self._looking.result.connect(lambda suited: self._edit(suited, _SUITS))
        self._looking.failed.connect(
            lambda why: self._edit({}, f"What suits the shape is not known: {why}.")
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

    def close(self) -> None:
        """Give up what is at hand."""
        self._looking.stop()

    def _look(self) -> None:
        """Find out what suits the shape, and then let somebody see and change all settings."""
        if self._prior.source:
            self.button.setText("Looking…")
            self._looking.start(_suited(self._prior.source, self._prior.settings))
        else:
            self._edit({}, _NO_SHAPE)

    def _edit(self, suited: Mapping[str, object], note: str) -> None:
        settings = [{**one, "default": _default(one, suited)} for one in self._settings]
        marks = dict.fromkeys(suited, _SUITED)
        dialog = SettingsDialog(settings, self._changed, self._parent.window(), note, marks)
        if dialog.exec():
            self._changed = dialog.changed()
        dialog.deleteLater()
        count = len(self._changed)
        self.button.setText(f"Advanced ({count})…" if count else "Advanced…")


def _default(setting: Mapping[str, Any], suited: Mapping[str, object]) -> object:
    return suited.get(setting["name"], setting["default"])


def _suited(
    source: str, settings: Mapping[str, object]
) -> Generator[None, None, dict[str, object]]:
    """Return the settings of a run that suit a prior, which is drawn for it."""
    yield
    prior = build_prior(source, settings)
    yield
    return suited_settings(prior)
