"""How findings are to be learned: what sees the frames, what learns, how long, all settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QWidget

from napari_localcl.widgets.budget_fields import BudgetFields
from napari_localcl.widgets.controls import describe, keep_narrow, make_button
from napari_localcl.widgets.settings_dialog import SettingsDialog
from napari_localcl.widgets.wish_series import SeriesWish

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_localcl.tasks.project_runs import ProjectRuns, RunRow

_GAP = 4  # pixels between rows
_LIGHT = "light"  # offered first: with few labels it is hard to beat, and takes seconds
_NOTHING = "nothing learned yet"
FOR_SERIES = "sslm"  # the method that was made for series


class SeriesForm(QWidget):
    """The choices for a new run, made from what the terminal's `methods --events` says.

    Attributes
    ----------
    changed : Signal
        Something else is chosen.
    budget : BudgetFields
        How long, and where.
    advanced : QPushButton
        Shows all settings.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._facts: Mapping[str, Any] = {}
        self._settings: dict[str, object] = {}
        self._encoder, self._preset = QComboBox(), QComboBox()
        self.advanced = make_button("Advanced…", "All settings of learning findings", self._edit)
        self._arrange()
        self._preset.currentTextChanged.connect(self._on_preset)
        self._encoder.currentIndexChanged.connect(lambda _index: self.changed.emit())

    @property
    def is_known(self) -> bool:
        """Whether it is known what can be chosen."""
        return bool(self._facts)

    @property
    def lacks_encoder(self) -> bool:
        """Whether something has to be learned from the frames first."""
        return self._value("features") == "encoder" and self._encoder.currentData() is None

    @property
    def is_trained(self) -> bool:
        """Whether it is learned step by step, and takes a time to be chosen."""
        return self._value("head") == "convlstm"

    def wish(self, labels: Path) -> SeriesWish:
        """Return what the fields say."""
        sees = self._value("features") == "encoder"
        return SeriesWish(
            labels,
            self._preset.currentText(),
            self.budget.budget,
            self.is_trained,
            dict(self._settings),
            self._encoder.currentData() if sees else None,
        )

    def take(self, facts: Mapping[str, Any]) -> None:
        """Take over what `methods --events` says."""
        self.budget.take(facts)
        self._facts = facts["classify"]
        for number, name in enumerate(self._facts["presets"]):
            self._preset.addItem(name)
            tip = self._facts["preset_help"].get(name, "")
            self._preset.setItemData(number, tip, Qt.ItemDataRole.ToolTipRole)
        self._preset.setCurrentText(_LIGHT)

    def list_runs(self, runs: ProjectRuns | None) -> None:
        """Offer the runs that have learned what the frames look like."""
        rows = [row for row in runs.rows() if _can_see(row)] if runs else []
        before = self._encoder.currentData()
        self._encoder.clear()
        for row in sorted(rows, key=lambda row: row.method != FOR_SERIES):
            self._encoder.addItem(f"{row.name} ({row.method})", runs.open(row.folder).path)
        if not rows:
            self._encoder.addItem(_NOTHING, None)
        self._encoder.setCurrentIndex(max(self._encoder.findData(before), 0))
        self._show()

    @property
    def _offered(self) -> Sequence[Mapping[str, Any]]:
        return self._facts["presets"][self._preset.currentText()]

    def _value(self, name: str) -> object:
        if not self._facts:
            return None
        own = {one["name"]: one["default"] for one in self._offered}
        return {**own, **self._settings}[name]

    def _arrange(self) -> None:
        for choice in (self._encoder, self._preset):
            keep_narrow(choice, 8)
        describe(
            self._encoder,
            "Seen with",
            "The run of step 2 whose encoder sees the frames; those of any method will do",
        )
        describe(self._preset, "Learned by", "What all settings begin with")
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setVerticalSpacing(_GAP)
        self._form.addRow("Seen with", self._encoder)
        self._form.addRow("Learned by", self._preset)
        self.budget = BudgetFields(self._form)

    def _edit(self) -> None:
        dialog = SettingsDialog(self._offered, self._settings, self.window())
        if dialog.exec():
            self._change(dialog.changed())
        dialog.deleteLater()

    def _change(self, settings: Mapping[str, object]) -> None:
        self._settings = dict(settings)
        count = len(settings)
        self.advanced.setText(f"Advanced ({count})…" if count else "Advanced…")
        self._show()

    def _on_preset(self, _name: str) -> None:
        helps = self._facts["preset_help"]
        said = "\n".join(f"{name}: {text}" for name, text in helps.items())
        describe(self._preset, "Learned by", f"What all settings begin with\n{said}")
        self._change({})

    def _show(self) -> None:
        """Show the fields that what is chosen needs."""
        amount, unit, _device = self.budget.widgets
        self._show_row(self._encoder, self._value("features") != "pixels")
        for field in (amount, unit):
            field.setVisible(self.is_trained)
        label = self._form.itemAt(2, QFormLayout.ItemRole.LabelRole)
        label.widget().setVisible(self.is_trained)
        self.changed.emit()

    def _show_row(self, field: QWidget, is_shown: bool) -> None:
        field.setVisible(is_shown)
        self._form.labelForField(field).setVisible(is_shown)


def _can_see(row: RunRow) -> bool:
    return row.sees and row.status == "finished" and row.verb == "pretrain"
