"""Step 2: learn from the images, without labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QProgressBar

from napari_localcl.widgets.child import Child
from napari_localcl.widgets.controls import describe, in_row, make_button
from napari_localcl.widgets.preferences import preferences
from napari_localcl.widgets.settings_dialog import SettingsDialog
from napari_localcl.widgets.step import State, Step
from napari_localcl.widgets.training import Outcome, Training, Wish

if TYPE_CHECKING:
    from napari_localcl.widgets.session import Session

_STEPS = 1000  # what is offered first


class LearnPanel(Step):
    """Starts trainings and says how they go.

    Parameters
    ----------
    session : Session
        Whose images.
    training : Training
        What does it.

    Attributes
    ----------
    monitor_wanted : Signal
        Somebody wants to see the losses.
    changed : dict of str to object
        The settings that differ from the preset, by dotted name.
    """

    monitor_wanted = Signal()

    def __init__(self, session: Session, training: Training) -> None:
        super().__init__(2, "Learn", "Learn from the images, without labels", "First open images.")
        self._session, self._training = session, training
        self._methods: dict[str, Any] = {}
        self.changed: dict[str, object] = {}
        self._make_fields()
        self._make_buttons()
        self._bar = QProgressBar()
        self._bar.hide()
        describe(self._bar, "Progress", "How much of the time has gone")
        self.body.addWidget(self._bar)
        session.opened.connect(self._on_opened)
        session.obstacle_changed.connect(self._enable)
        session.run_changed.connect(self._list_runs)
        training.changed.connect(self._on_news)
        training.ended.connect(self._on_ended)
        self._reader = Child(["methods"], self)
        self._reader.said.connect(self._on_methods)
        self._reader.start()
        self._enable()

    def close_child(self) -> None:
        """End the process that lists the methods, if it has not ended."""
        self._reader.close()

    @property
    def wish(self) -> Wish:
        """What the fields say."""
        return Wish(
            self._methods["name"],
            self._preset.currentText(),
            self._device.currentText(),
            self._amount.value(),
            self._unit.currentText(),
            dict(self.changed),
        )

    # The controls

    def _make_fields(self) -> None:
        self._preset, self._device = QComboBox(), QComboBox()
        self._amount, self._unit, self._run = QDoubleSpinBox(), QComboBox(), QComboBox()
        self._amount.setRange(0.1, 1_000_000)
        self._amount.setDecimals(1)
        self._unit.addItems(["minutes", "steps"])
        self._unit.currentTextChanged.connect(self._on_unit)
        self._amount.setValue(preferences().minutes)
        # A long name must not make the dock wider.
        self._run.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._run.setMinimumContentsLength(8)
        describe(self._preset, "Preset", "'small' suits laptops; 'faithful' is the published form")
        describe(self._amount, "How long", "How long to learn")
        describe(self._unit, "Unit", "Minutes include reading the images; steps do not")
        describe(self._device, "Device", "Where to compute; 'auto' takes the fastest there is")
        describe(self._run, "Model", "Which of the finished runs finds landmarks")
        self._form = QFormLayout()
        self._form.addRow("Preset", self._preset)
        self._form.addRow("How long", in_row(self._amount, self._unit))
        self._form.addRow("Device", self._device)
        self._form.addRow("Model in use", self._run)
        self.body.addLayout(self._form)
        self._preset.currentTextChanged.connect(lambda _name: self._change({}))
        self._run.activated.connect(lambda _index: self._session.use(self._run.currentData()))

    def _make_buttons(self) -> None:
        self._start = make_button(
            "Start", "Learn from the images in the background", self._on_start, "Alt+S"
        )
        self._stop = make_button(
            "Stop early", "End now and keep what was learned", self._training.stop_early
        )
        self._cancel = make_button(
            "Cancel", "End now and throw away what was learned", self._training.cancel
        )
        self._advanced = make_button("Advanced…", "All settings of the method", self._edit)
        self._monitor = make_button(
            "Monitor", "Show the losses of the training", self.monitor_wanted.emit, "Alt+M"
        )
        self.body.addLayout(in_row(self._start, self._advanced))
        self.body.addLayout(in_row(self._stop, self._cancel, self._monitor))

    def _enable(self) -> None:
        running, stopping = self._training.is_running, self._training.is_stopping
        ready = bool(self._methods) and self._session.project is not None and not running
        # A run would be written into a project that another window has.
        ready = ready and not self._session.obstacle
        for widget in (
            self._start,
            self._preset,
            self._amount,
            self._unit,
            self._device,
            self._run,
        ):
            widget.setEnabled(ready)
        self._advanced.setEnabled(bool(self._methods) and not running)
        self._stop.setEnabled(running and self._training.can_stop_early and not stopping)
        self._cancel.setEnabled(running and not stopping)
        for widget in (self._stop, self._cancel):
            widget.setVisible(running)

    def _on_unit(self, unit: str) -> None:
        whole = unit == "steps"
        self._amount.setDecimals(0 if whole else 1)
        self._amount.setValue(_STEPS if whole else preferences().minutes)

    def _edit(self) -> None:
        settings = self._methods["presets"][self._preset.currentText()]
        dialog = SettingsDialog(settings, self.changed, self)
        if dialog.exec():
            self._change(dialog.changed())
        dialog.deleteLater()

    def _change(self, settings: dict[str, object]) -> None:
        self.changed = settings
        count = len(settings)
        self._advanced.setText(f"Advanced ({count} changed)…" if count else "Advanced…")

    # What happens

    def _on_methods(self, event: dict[str, Any]) -> None:
        if event["event"] != "result":
            return
        named = {method["name"]: method for method in event["methods"]}
        self._methods = named[event["method"]]
        self._preset.addItems(self._methods["presets"])
        self._preset.setCurrentText(event["preset"])
        self._device.addItems(event["devices"])
        # Nothing happens if this computer does not have it.
        self._device.setCurrentText(preferences().device)
        self._enable()

    def _on_opened(self) -> None:
        self._enable()
        if self._session.run is None:
            self.tell(State.NEEDS_YOU, "Choose how long to learn, and start.")

    def _list_runs(self) -> None:
        runs = self._session.runs
        rows = [row for row in runs.rows() if row.status == "finished"] if runs else []
        self._run.clear()
        for row in rows:
            self._run.addItem(f"{row.name} ({row.minutes:.1f} min)", row.folder)
            if row.is_current:
                self._run.setCurrentIndex(self._run.count() - 1)
                self.tell(State.DONE, f"{row.name} is in use.")
        self._run.setVisible(bool(rows))
        self._form.labelForField(self._run).setVisible(bool(rows))

    def _on_start(self) -> None:
        self._training.start(self.wish)
        self.monitor_wanted.emit()

    def _on_news(self) -> None:
        self._enable()
        self._bar.show()
        fraction = self._training.fraction
        self._bar.setRange(0, 0 if fraction is None else 1000)
        self._bar.setValue(int(1000 * (fraction or 0)))
        self.tell(State.RUNNING, self._training.message.capitalize())

    def _on_ended(self, outcome: Outcome, sentence: str) -> None:
        self._enable()
        self._bar.hide()
        learned = outcome is Outcome.LEARNED
        self.tell(State.DONE if learned else State.NEEDS_YOU, sentence)
