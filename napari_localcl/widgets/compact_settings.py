"""A few settings side by side, made from what their model says of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QWidget,
)

from napari_localcl.widgets.controls import keep_narrow
from napari_localcl.widgets.settings_dialog import (
    changes,
    field_value,
    in_words,
    make_field,
    set_value,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_localcl.data.settings import Setting

_COLUMNS = 2
_LEAST_WIDTH, _CHOICE_WIDTH = 40, 76


class CompactSettings(QWidget):
    """Settings that are always in sight.

    Parameters
    ----------
    settings : sequence of Setting
        Of a model.

    Attributes
    ----------
    changed : Signal
        One of them is another.
    """

    changed = Signal()

    def __init__(self, settings: Sequence[Setting]) -> None:
        super().__init__()
        self._defaults = {one.name: one.default for one in settings}
        self._fields = {one.name: make_field(asdict(one)) for one in settings}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        for number, (name, field) in enumerate(self._fields.items()):
            row, column = divmod(number, _COLUMNS)
            _narrow(field)
            label = QLabel(in_words(name))
            label.setToolTip(field.toolTip())
            label.setBuddy(field)
            grid.addWidget(label, row, 2 * column)
            grid.addWidget(field, row, 2 * column + 1)
            changes(field).connect(lambda *_: self.changed.emit())
        for column in range(_COLUMNS):
            grid.setColumnStretch(2 * column + 1, 1)

    def take(self, values: Mapping[str, object]) -> None:
        """Show these values, by name; the defaults of the others. Nobody is told."""
        blocker = QSignalBlocker(self)
        for name, field in self._fields.items():
            set_value(field, values.get(name, self._defaults[name]))
        del blocker

    @property
    def fields(self) -> tuple[QWidget, ...]:
        """The controls, in the order of sight."""
        return tuple(self._fields.values())

    @property
    def values(self) -> dict[str, object]:
        """What differs from the defaults, by name."""
        values = {name: field_value(field) for name, field in self._fields.items()}
        return {name: value for name, value in values.items() if value != self._defaults[name]}


def _narrow(field: QWidget) -> None:
    if isinstance(field, QComboBox):
        keep_narrow(field)
        field.setMinimumWidth(_CHOICE_WIDTH)
        field.setStyleSheet("padding: 3px 2px 3px 4px;")
    elif isinstance(field, QAbstractSpinBox):
        # The arrow keys do the same, and take no room.
        field.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        # napari leaves room for the buttons all the same.
        field.setStyleSheet(f"min-width: {_LEAST_WIDTH}px; padding: 1px 2px;")
