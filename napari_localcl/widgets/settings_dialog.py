"""A form for all settings of a method, made from what the method says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_localcl.widgets.controls import describe, make_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtpy.QtCore import Signal

    Facts = Mapping[str, Any]

_UNBOUND = 1e9


class SettingsDialog(QDialog):
    """All settings of a method.

    Parameters
    ----------
    settings : sequence of mappings
        The fields of :class:`napari_localcl.data.settings.Setting`, as the terminal's
        `methods --events` says them.
    changed : mapping
        Values that differ from the defaults, by name.
    parent : QWidget
        Above what to show them.
    note : str
        What to say of the defaults.
    marks : mapping
        Words on where a default comes from, by name.
    """

    def __init__(
        self,
        settings: Sequence[Facts],
        changed: Mapping[str, object],
        parent: QWidget,
        note: str = "",
        marks: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Advanced settings")
        self.resize(520, 560)
        self._marks = marks or {}
        self._note, self._area = make_label(), QScrollArea()
        self._search = QLineEdit()
        self._search.setPlaceholderText("Show settings whose name or meaning holds…")
        describe(self._search, "Search", "Shows only settings whose name or meaning holds this")
        self._search.textChanged.connect(self._filter)
        self._arrange()
        self._fill(settings, changed, note)

    def changed(self) -> dict[str, object]:
        """Return the values that differ from the defaults, by name."""
        values = {name: field_value(field) for name, field in self._fields.items()}
        return {name: value for name, value in values.items() if value != self._defaults[name]}

    def reset(self) -> None:
        """Give all settings their defaults."""
        for one in self._settings:
            set_value(self._fields[one["name"]], one["default"])

    def _fill(self, settings: Sequence[Facts], changed: Mapping[str, object], note: str) -> None:
        """Show these settings in the place of those before, and a note above them."""
        self._settings = settings
        self._fields = {one["name"]: make_field(one) for one in settings}
        # As the fields show them: a number may have fewer digits there.
        self._defaults = {name: field_value(field) for name, field in self._fields.items()}
        before, content = self._area.takeWidget(), QWidget()
        self._form = QFormLayout(content)
        for name, field in self._fields.items():
            if name in changed:
                set_value(field, changed[name])
            self._add(name, field)
        if before is not None:
            before.deleteLater()
        self._area.setWidget(content)
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._filter(self._search.text())

    def _add(self, name: str, field: QWidget) -> None:
        label = QLabel()
        label.setToolTip(field.toolTip())
        label.setBuddy(field)
        self._form.addRow(label, field)
        changes(field).connect(lambda *_: self._mark(name))
        self._mark(name)

    def _arrange(self) -> None:
        self._area.setWidgetResizable(True)
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel | kinds.RestoreDefaults)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        buttons.button(kinds.RestoreDefaults).clicked.connect(self.reset)
        outer = QVBoxLayout(self)
        for widget in (self._note, self._search, self._area, buttons):
            outer.addWidget(widget)

    def _mark(self, name: str) -> None:
        """Say behind a setting's name that it was changed, or where its default comes from."""
        field = self._fields[name]
        is_changed = field_value(field) != self._defaults[name]
        mark = "changed" if is_changed else self._marks.get(name, "")
        label = self._form.labelForField(field)
        label.setText(f"{in_words(name)} ({mark})" if mark else in_words(name))
        label.setStyleSheet("font-weight: bold;" if is_changed else "")
        field.setAccessibleName(label.text())

    def _filter(self, text: str) -> None:
        for one in self._settings:
            field = self._fields[one["name"]]
            fits = text.lower() in f"{in_words(one['name'])} {one['help']}".lower()
            field.setVisible(fits)
            self._form.labelForField(field).setVisible(fits)


def in_words(name: str) -> str:
    """Return a setting's dotted name as a label."""
    return name.replace("_", " ").replace(".", ": ")


def make_field(setting: Facts) -> QWidget:
    """Return the control for a setting, with its default, range and help."""
    if setting["choices"]:
        field: QWidget = QComboBox()
        for choice in setting["choices"]:
            field.addItem(str(choice), choice)
    else:
        make = {"bool": _switch, "int": _whole, "float": _number}.get(setting["kind"], _text)
        field = make(setting)
    set_value(field, setting["default"])
    describe(field, in_words(setting["name"]), f"{setting['help']} ({setting['allowed']})")
    # The wheel scrolls the form; it must not change what it comes across.
    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    field.wheelEvent = lambda event: event.ignore()
    return field


def field_value(field: QWidget) -> object:
    """Return what a control made by :func:`make_field` says."""
    if isinstance(field, QComboBox):
        return field.currentData()
    if isinstance(field, QCheckBox):
        return field.isChecked()
    return field.text() if isinstance(field, QLineEdit) else field.value()


def changes(field: QWidget) -> Signal:
    """Return the signal of a control made by :func:`make_field` that tells of another value."""
    if isinstance(field, QComboBox):
        return field.currentIndexChanged
    if isinstance(field, QCheckBox):
        return field.toggled
    return field.textChanged if isinstance(field, QLineEdit) else field.valueChanged


def set_value(field: QWidget, value: Any) -> None:
    """Let a control made by :func:`make_field` say this."""
    if isinstance(field, QComboBox):
        field.setCurrentIndex(field.findData(value))
    elif isinstance(field, QCheckBox):
        field.setChecked(value)
    elif isinstance(field, QLineEdit):
        field.setText("none" if value is None else str(value))
    else:
        field.setValue(value)


def _switch(setting: Facts) -> QWidget:
    return QCheckBox()


def _whole(setting: Facts) -> QWidget:
    field = QSpinBox()
    low, high = _range(setting["limits"], 1)
    field.setRange(int(low), int(high))
    field.setSingleStep(int(setting["limits"].get("multiple_of", 1)))
    return field


class _Number(QDoubleSpinBox):
    """A number with no more digits than it has."""

    def textFromValue(self, value: float) -> str:  # noqa: N802 (Qt's name)
        """Return the number as text."""
        return self.locale().toString(value, "g", self.decimals())


def _number(setting: Facts) -> QWidget:
    field = _Number()
    field.setDecimals(6)
    low, high = _range(setting["limits"], 1e-6)
    field.setRange(low, high)
    field.setSingleStep(0.01 if high <= 1 else 0.1)
    return field


def _text(setting: Facts) -> QWidget:
    return QLineEdit()


def _range(limits: Mapping[str, float], least: float) -> tuple[float, float]:
    """Return the smallest and the largest value; `least` is the smallest difference."""
    low = limits.get("ge", limits["gt"] + least if "gt" in limits else -_UNBOUND)
    high = limits.get("le", limits["lt"] - least if "lt" in limits else _UNBOUND)
    return low, high
