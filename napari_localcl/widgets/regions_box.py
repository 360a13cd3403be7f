"""Choosing how images are divided into the regions that a method learns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_localcl.data.settings import Setting
from napari_localcl.widgets.compact_settings import CompactSettings
from napari_localcl.widgets.controls import make_button, make_label
from napari_localcl.widgets.words import begun, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtpy.QtGui import QHideEvent

    from napari_localcl.widgets.learn_form import LearnForm
    from napari_localcl.widgets.region_preview import RegionPreview

_OF_REGIONS = "superpixels."  # what settings of regions have in their names before their own


class RegionsBox(QWidget):
    """A preview of the regions with the settings that they depend on, where a method learns any.

    Parameters
    ----------
    form : LearnForm
        Where the method and its settings are chosen.
    preview : RegionPreview
        Shows the regions.
    """

    def __init__(self, form: LearnForm, preview: RegionPreview) -> None:
        super().__init__()
        self._form, self._preview = form, preview
        self._prefix = ""
        self._offered: tuple[Setting, ...] = ()
        self._fields: CompactSettings | None = None
        self._button = make_button(
            "Preview regions",
            "Show the regions that this method would learn of the image at hand; press again to "
            "hide them",
            None,
            "Alt+Shift+R",
        )
        self._button.setCheckable(True)
        self._said = make_label()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._button)
        self._column.addWidget(self._said)
        self._button.toggled.connect(preview.want)
        preview.shown_changed.connect(self._on_shown)
        preview.counted.connect(self._say)
        preview.failed.connect(lambda why: self._tell(f"No preview: {why}."))
        form.changed.connect(self._follow)
        self._tell("")
        self._follow()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 (Qt's name)
        """Take the regions away with the settings that they belong to."""
        super().hideEvent(event)
        # A window that is only minimised keeps them.
        if not event.spontaneous():
            self._preview.want(False)

    def _follow(self) -> None:
        """Offer the settings of the method that is chosen, if it has any of regions."""
        offered = [one for one in self._form.offered if _OF_REGIONS in one["name"]]
        self.setVisible(bool(offered))
        # Its key works also while it is hidden.
        self._button.setEnabled(bool(offered))
        if not offered:
            return
        first = offered[0]["name"]
        self._prefix = first[: first.index(_OF_REGIONS) + len(_OF_REGIONS)]
        settings = tuple(_short(one, self._prefix) for one in offered)
        if settings != self._offered:
            self._offer(settings)
        own = self._own
        if self._fields.values != own:
            self._fields.take(own)
        every = {one["name"]: one["default"] for one in self._form.offered} | self._form.settings
        defaults = {one.name: one.default for one in settings}
        self._preview.choose(every, {**defaults, **own})

    @property
    def _own(self) -> dict[str, object]:
        """What differs from the preset, by the settings' own names."""
        return {
            name.removeprefix(self._prefix): value
            for name, value in self._form.settings.items()
            if name.startswith(self._prefix)
        }

    def _offer(self, settings: tuple[Setting, ...]) -> None:
        if self._fields is not None:
            self._column.removeWidget(self._fields)
            self._fields.deleteLater()
        self._offered, self._fields = settings, CompactSettings(settings)
        self._fields.setVisible(self._button.isChecked())
        self._fields.changed.connect(self._on_changed)
        self._column.insertWidget(1, self._fields)

    def _on_changed(self) -> None:
        others = {
            name: value
            for name, value in self._form.settings.items()
            if not name.startswith(self._prefix)
        }
        own = {f"{self._prefix}{name}": value for name, value in self._fields.values.items()}
        self._form.change({**others, **own})

    def _on_shown(self, is_shown: bool) -> None:
        self._button.setChecked(is_shown)
        if self._fields is not None:
            self._fields.setVisible(is_shown)
        self._tell("Looking for regions…" if is_shown else "")

    def _say(self, image: str, count: int) -> None:
        regions = f"{begun(counted(count, 'region'))} in {image}."
        advice = " Let the smallest be smaller, or the largest larger." if not count else ""
        self._tell(regions + advice)

    def _tell(self, sentence: str) -> None:
        self._said.setText(sentence)
        self._said.setVisible(bool(sentence))


def _short(facts: Mapping[str, Any], prefix: str) -> Setting:
    """Return what `methods --events` says of a setting, under its own name alone."""
    known = {**facts, "name": facts["name"].removeprefix(prefix)}
    return Setting(**{**known, "choices": tuple(facts["choices"])})
