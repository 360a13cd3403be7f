"""What somebody wants to train: method, preset, how long, where, and all settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QWidget

from napari_localcl.widgets.budget_fields import BudgetFields
from napari_localcl.widgets.controls import describe, keep_narrow
from napari_localcl.widgets.method_dialog import MethodDialog
from napari_localcl.widgets.wish import Wish

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class LearnForm(QWidget):
    """The choices for a new run, made from what the terminal's `methods --events` says.

    Attributes
    ----------
    changed : Signal
        The settings that differ from the preset are others.
    budget : BudgetFields
        How long, and where.
    settings : dict of str to object
        Those settings, by dotted name.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._methods: dict[str, Mapping[str, Any]] = {}
        self.settings: dict[str, object] = {}
        self._method, self._preset = QComboBox(), QComboBox()
        self._arrange()
        self._method.currentTextChanged.connect(self._on_method)
        self._preset.currentTextChanged.connect(self._on_preset)

    @property
    def is_ready(self) -> bool:
        """Whether the methods are known."""
        return bool(self._methods)

    @property
    def offered(self) -> Sequence[Mapping[str, Any]]:
        """The settings that there are, as the preset has them."""
        facts = self._methods.get(self._method.currentData())
        return facts["presets"].get(self._preset.currentText(), ()) if facts else ()

    @property
    def wish(self) -> Wish:
        """What the fields say."""
        return Wish(
            self._method.currentData(),
            self._preset.currentText(),
            self.budget.budget,
            dict(self.settings),
        )

    def take(self, facts: Mapping[str, Any]) -> None:
        """Take over what `methods --events` says."""
        self.budget.take(facts)
        self._methods = {method["name"]: method for method in facts["methods"]}
        for name, method in self._methods.items():
            self._method.addItem(f"{name}: {method['title']}", name)
            self._method.setItemData(
                self._method.count() - 1, method["paper"], Qt.ItemDataRole.ToolTipRole
            )
        self._method.setCurrentIndex(self._method.findData(facts["method"]))
        self._preset.setCurrentText(facts["preset"])

    def edit(self) -> None:
        """Let somebody see and change all settings."""
        facts, preset = self._methods[self._method.currentData()], self._preset.currentText()
        dialog = MethodDialog(facts, preset, self.settings, self.window())
        if dialog.exec():
            self._preset.setCurrentText(dialog.preset)
            self.change(dialog.changed())
        dialog.deleteLater()

    def change(self, settings: Mapping[str, object]) -> None:
        """Take these settings to differ from the preset, and no others."""
        self.settings = dict(settings)
        self.changed.emit()

    def _arrange(self) -> None:
        keep_narrow(self._method, 8)
        describe(self._method, "Method", "The published system that learns")
        describe(self._preset, "Preset", "What all settings begin with")
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Method", self._method)
        form.addRow("Preset", self._preset)
        self.budget = BudgetFields(form)

    def _on_method(self, _text: str) -> None:
        facts = self._methods[self._method.currentData()]
        describe(self._method, "Method", f"The published system that learns: {facts['paper']}")
        before = self._preset.currentText()
        self._preset.clear()
        for number, preset in enumerate(facts["presets"]):
            self._preset.addItem(preset)
            tip = facts["preset_help"].get(preset, "")
            self._preset.setItemData(number, tip, Qt.ItemDataRole.ToolTipRole)
        self._preset.setCurrentText(before)

    def _on_preset(self, preset: str) -> None:
        if not preset:
            return
        helps = self._methods[self._method.currentData()]["preset_help"]
        said = "\n".join(f"{name}: {text}" for name, text in helps.items())
        describe(self._preset, "Preset", f"What all settings begin with\n{said}".strip())
        self.change({})
