"""Step 2: learn from the images, without labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFormLayout

from napari_localcl.widgets.child import Child
from napari_localcl.widgets.controls import TimeBar, describe, in_row, keep_narrow, make_button
from napari_localcl.widgets.learn_form import LearnForm
from napari_localcl.widgets.preferences import preferences
from napari_localcl.widgets.runs_dialog import RunsDialog
from napari_localcl.widgets.step import State, Step
from napari_localcl.widgets.training import Outcome, Training
from napari_localcl.widgets.training_buttons import TrainingButtons

if TYPE_CHECKING:
    from napari_localcl.tasks.project_runs import RunRow
    from napari_localcl.widgets.session import Session


class LearnPanel(Step):
    """Starts trainings, goes on with them, and says how they go.

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
    form : LearnForm
        The choices for a new run.
    """

    monitor_wanted = Signal()

    def __init__(self, session: Session, training: Training) -> None:
        super().__init__(2, "Learn", "Learn from the images, without labels", "First open images.")
        self._session, self._training = session, training
        self._interrupted: RunRow | None = None
        self._dialog: RunsDialog | None = None
        self.form = LearnForm()
        preferred = preferences()
        self.form.offer_first(preferred.minutes, preferred.device)
        self.body.addWidget(self.form)
        self._make_choice()
        self._make_buttons()
        self._bar = TimeBar()
        self._bar.hide()
        self.body.addWidget(self._bar)
        session.obstacle_changed.connect(self._enable)
        self.form.changed.connect(self._count_changed)
        session.run_changed.connect(self._list_runs)
        training.changed.connect(self._on_news)
        training.ended.connect(self._on_ended)
        self._reader = Child(["methods"], self)
        self._reader.said.connect(self._on_methods)
        self._reader.ended.connect(self._on_read)
        self._reader.start()
        self._enable()

    def close_child(self) -> None:
        """End the process that lists the methods, if it has not ended."""
        self._reader.close()

    # The controls

    def _make_choice(self) -> None:
        self._run = QComboBox()
        keep_narrow(self._run, 8)
        describe(self._run, "Model", "Which of the finished runs finds landmarks")
        self._choice = QFormLayout()
        self._choice.addRow("Model in use", self._run)
        self.body.addLayout(self._choice)
        self._run.activated.connect(lambda _index: self._session.use(self._run.currentData()))

    def _make_buttons(self) -> None:
        self._start = make_button(
            "Start", "Learn from the images in the background", self._on_start, "Alt+S"
        )
        self._resume = make_button(
            "Resume", "Go on with the run that broke off, from where it was saved", None, "Alt+D"
        )
        self._resume.clicked.connect(lambda _checked: self.resume(self._interrupted.folder))
        self._advanced = make_button("Advanced…", "All settings of the method", self.form.edit)
        self._all_runs = make_button(
            "Runs…", "Compare, rename and delete what was learned", self.show_runs, "Alt+B"
        )
        self._monitor = make_button(
            "Monitor", "Show the losses of the training", self.monitor_wanted.emit, "Alt+M"
        )
        self.body.addLayout(in_row(self._start, self._resume))
        self.body.addWidget(TrainingButtons(self._training))
        self.body.addLayout(in_row(self._advanced, self._all_runs, self._monitor))

    def _enable(self) -> None:
        running = self._training.is_running
        idle = self.form.is_ready and self._session.project is not None and not running
        # A run would be written into a project that another window has.
        idle = idle and not self._session.obstacle
        for widget in (self.form, self._start, self._resume):
            widget.setEnabled(idle)
        self._advanced.setEnabled(self.form.is_ready and not running)
        self._all_runs.setEnabled(self._session.project is not None)
        self._start.setVisible(not running)
        self._resume.setVisible(not running and self._interrupted is not None)

    def _count_changed(self) -> None:
        count = len(self.form.settings)
        self._advanced.setText(f"Advanced ({count})…" if count else "Advanced…")
        self._advanced.setToolTip(f"All settings of the method ({count} differ from the preset)")

    # What happens

    def _on_methods(self, event: dict[str, Any]) -> None:
        if event["event"] == "result":
            self.form.take(event)
            self._enable()

    def _on_read(self, status: int, complaint: str) -> None:
        if status:
            self.tell(State.NEEDS_YOU, f"The methods could not be listed: {complaint}.")

    def _list_runs(self) -> None:
        runs = self._session.runs
        rows = [row for row in runs.rows() if row.status == "finished"] if runs else []
        self._interrupted = runs.interrupted() if runs else None
        self._run.clear()
        for row in rows:
            self._run.addItem(f"{row.name} ({row.minutes:.1f} min)", row.folder)
            if row.is_current:
                self._run.setCurrentIndex(self._run.count() - 1)
        self._run.setVisible(bool(rows))
        self._choice.labelForField(self._run).setVisible(bool(rows))
        self._enable()
        if runs is not None and not self._training.is_running:
            self._say_state(next((row for row in rows if row.is_current), None))

    def _say_state(self, current: RunRow | None) -> None:
        """Say what there is to use and to go on with."""
        row = self._interrupted
        place = f"after {row.steps} steps" if row and row.steps else "at its start"
        broken = f"{row.name} was broken off {place}: Resume goes on. " if row else ""
        if current is not None:
            self.tell(State.DONE, f"{broken}{current.name} is in use.")
        else:
            self.tell(State.NEEDS_YOU, f"{broken}Choose how long to learn, and start.")

    def _on_start(self) -> None:
        self._training.start(self.form.wish)
        self.monitor_wanted.emit()

    def resume(self, folder: str) -> None:
        """Go on with a run that broke off."""
        self._training.resume(folder, self.form.device)
        self.monitor_wanted.emit()

    def show_runs(self) -> None:
        """Show all runs of the project."""
        if self._session.project is None:
            return
        if self._dialog is None:
            self._dialog = RunsDialog(self._session, self)
            self._dialog.resume_wanted.connect(self.resume)
        self._dialog.refresh()
        self._dialog.show()
        self._dialog.raise_()

    def _on_news(self) -> None:
        self._enable()
        self._bar.show()
        self._bar.show_part(self._training.fraction)
        self.tell(State.RUNNING, self._training.message.capitalize())

    def _on_ended(self, outcome: Outcome, sentence: str) -> None:
        self._list_runs()
        self._bar.hide()
        learned = outcome is Outcome.LEARNED
        self.tell(State.DONE if learned else State.NEEDS_YOU, sentence)
