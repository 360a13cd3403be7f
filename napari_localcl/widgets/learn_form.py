"""What somebody wants to train: method, preset, how long, where, and all settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QWidget

from napari_localcl.widgets.controls import describe, in_row, keep_narrow
from napari_localcl.widgets.settings_dialog import SettingsDialog
from napari_localcl.widgets.wish import Wish

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEPS = 1000  # what is offered first


class LearnForm(QWidget):
    """The choices for a new run, made from what the terminal's `methods --events` says.

    Attributes
    ----------
    changed : Signal
        The settings that differ from the preset are others.
    settings : dict of str to object
        Those settings, by dotted name.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._methods: dict[str, Mapping[str, Any]] = {}
        self.settings: dict[str, object] = {}
        self._method, self._preset, self._device = QComboBox(), QComboBox(), QComboBox()
        self._amount, self._unit = QDoubleSpinBox(), QComboBox()
        self._minutes, self._first_device = 10.0, "auto"
        self._amount.setRange(0.1, 1_000_000)
        self._amount.setDecimals(1)
        self._amount.setValue(self._minutes)
        self._unit.addItems(["minutes", "steps"])
        self._arrange()
        self._unit.currentTextChanged.connect(self._on_unit)
        self._method.currentTextChanged.connect(self._on_method)
        self._preset.currentTextChanged.connect(self._on_preset)

    @property
    def is_ready(self) -> bool:
        """Whether the methods are known."""
        return bool(self._methods)

    @property
    def device(self) -> str:
        """Where to compute."""
        return str(self._device.currentData())

    @property
    def wish(self) -> Wish:
        """What the fields say."""
        return Wish(
            self._method.currentData(),
            self._preset.currentText(),
            self.device,
            self._amount.value(),
            self._unit.currentText(),
            dict(self.settings),
        )

    def offer_first(self, minutes: float, device: str) -> None:
        """Take what somebody prefers; a device that is not there is passed over."""
        self._unit.setCurrentText("minutes")
        self._amount.setValue(minutes)
        self._minutes, self._first_device = minutes, device
        self._device.setCurrentIndex(max(self._device.findData(device), 0))

    def take(self, facts: Mapping[str, Any]) -> None:
        """Take over what `methods --events` says."""
        for device in facts["devices"]:
            name = facts["device_names"].get(device, "")
            # How many cores a processor has is no name.
            text = f"{device}: {name}" if name and device != "cpu" else device
            self._device.addItem(text, device)
            tip = name or f"the fastest there is: {facts['devices'][1]}"
            self._device.setItemData(self._device.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.offer_first(self._amount.value(), self._first_device)
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
        facts = self._methods[self._method.currentData()]
        dialog = SettingsDialog(
            facts["presets"][self._preset.currentText()], self.settings, self.window()
        )
        if dialog.exec():
            self._set(dialog.changed())
        dialog.deleteLater()

    def _arrange(self) -> None:
        for long in (self._method, self._device):
            keep_narrow(long, 8)
        describe(self._method, "Method", "The published system that learns")
        describe(self._preset, "Preset", "What all settings begin with")
        describe(self._amount, "How long", "How long to learn")
        describe(self._unit, "Unit", "Minutes include reading the images; steps do not")
        describe(self._device, "Device", "Where to compute; 'auto' takes the fastest there is")
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Method", self._method)
        form.addRow("Preset", self._preset)
        form.addRow("How long", in_row(self._amount, self._unit))
        form.addRow("Device", self._device)

    def _on_unit(self, unit: str) -> None:
        whole = unit == "steps"
        self._amount.setDecimals(0 if whole else 1)
        self._amount.setValue(_STEPS if whole else self._minutes)

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
        self._set({})

    def _set(self, settings: dict[str, object]) -> None:
        self.settings = settings
        self.changed.emit()
