"""How long to train and where, as fields of a form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QWidget

from napari_localcl.widgets.controls import describe, in_row, keep_narrow
from napari_localcl.widgets.wish import Budget

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEPS = 1000  # what is offered first


class BudgetFields:
    """An amount, its unit, and a device.

    Parameters
    ----------
    form : QFormLayout
        Where they go.
    """

    def __init__(self, form: QFormLayout) -> None:
        self._amount, self._unit, self._device = QDoubleSpinBox(), QComboBox(), QComboBox()
        self._minutes, self._first_device = 10.0, "auto"
        self._amount.setRange(0.1, 1_000_000)
        self._amount.setDecimals(1)
        self._amount.setValue(self._minutes)
        self._unit.addItems(["minutes", "steps"])
        keep_narrow(self._device, 8)
        describe(self._amount, "How long", "How long to learn")
        describe(self._unit, "Unit", "Minutes include reading the images; steps do not")
        describe(self._device, "Device", "Where to compute; 'auto' takes the fastest there is")
        form.addRow("How long", in_row(self._amount, self._unit))
        form.addRow("Device", self._device)
        self._unit.currentTextChanged.connect(self._on_unit)

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        """The fields themselves."""
        return (self._amount, self._unit, self._device)

    @property
    def is_known(self) -> bool:
        """Whether it is known where one can compute."""
        return self._device.count() > 0

    @property
    def device(self) -> str:
        """Where to compute."""
        return str(self._device.currentData())

    @property
    def budget(self) -> Budget:
        """What the fields say."""
        return Budget(self.device, self._amount.value(), self._unit.currentText())

    def offer_first(self, minutes: float, device: str) -> None:
        """Take what somebody prefers; a device that is not there is passed over."""
        self._unit.setCurrentText("minutes")
        self._amount.setValue(minutes)
        self._minutes, self._first_device = minutes, device
        self._device.setCurrentIndex(max(self._device.findData(device), 0))

    def take(self, facts: Mapping[str, Any]) -> None:
        """Take over what `methods --events` says of devices."""
        for device in facts["devices"]:
            name = facts["device_names"].get(device, "")
            # How many cores a processor has is no name.
            text = f"{device}: {name}" if name and device != "cpu" else device
            self._device.addItem(text, device)
            tip = name or f"the fastest there is: {facts['devices'][1]}"
            self._device.setItemData(self._device.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.offer_first(self._amount.value(), self._first_device)

    def _on_unit(self, unit: str) -> None:
        whole = unit == "steps"
        self._amount.setDecimals(0 if whole else 1)
        self._amount.setValue(_STEPS if whole else self._minutes)
