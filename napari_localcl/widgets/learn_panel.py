"""Step 2: learn from the images, without labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFormLayout

from napari_localcl.widgets.child import Child
from napari_localcl.widgets.controls import describe, in_row, keep_narrow, make_button
from napari_localcl.widgets.learn_form import LearnForm
from napari_localcl.widgets.preferences import preferences
from napari_localcl.widgets.runs_dialog import RunsDialog
from napari_localcl.widgets.step import State
from napari_localcl.widgets.training_step import TrainingStep
from napari_localcl.widgets.wish import LEARN

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_localcl.widgets.session import Session
    from napari_localcl.widgets.training import Training


class LearnPanel(TrainingStep):
    """Starts trainings, goes on with them, and says how they go.

    Parameters
    ----------
    session : Session
        Whose images.
    training : Training
        What does it.

    Attributes
    ----------
    facts_known : Signal of dict
        What `methods --events` says.
    resume_wanted : Signal of str
        Somebody wants to go on with a run, named by its folder, that may be another step's.
    form : LearnForm
        The choices for a new run.
    """

    facts_known = Signal(dict)
    resume_wanted = Signal(str)
    verb = LEARN

    def __init__(self, session: Session, training: Training) -> None:
        tip = "Learn from the images, without labels"
        super().__init__(2, "Learn", tip, "First open images.", session, training)
        self._dialog: RunsDialog | None = None
        self.form = LearnForm()
        self.budget = self.form.budget
        preferred = preferences()
        self.budget.offer_first(preferred.minutes, preferred.device)
        self.body.addWidget(self.form)
        self._make_choice()
        self._add_buttons(
            "Start", "Learn from the images in the background", "Alt+Shift+S", "Alt+D"
        )
        self._make_buttons()
        self.body.addWidget(self._bar)
        self.form.changed.connect(self._count_changed)
        self._reader = Child(["methods"], self)
        self._reader.said.connect(self._on_methods)
        self._reader.ended.connect(self._on_read)
        self._reader.start()
        self._enable()

    @property
    def is_ready(self) -> bool:
        """Whether the methods are known."""
        return self.form.is_ready

    def close_child(self) -> None:
        """End the processes that list the methods and compare models, if they have not ended."""
        self._reader.close()
        if self._dialog is not None:
            self._dialog.compare.work.close()

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
        self._advanced = make_button("Advanced…", "All settings of the method", self.form.edit)
        self._all_runs = make_button(
            "Runs…", "Compare, rename and delete what was learned", self.show_runs, "Alt+B"
        )
        self._monitor = make_button(
            "Monitor", "Show the losses of the training", self.monitor_wanted.emit, "Alt+M"
        )
        self._compare = make_button(
            "Compare…", "See which of the models suits the images best", self.compare, "Alt+Shift+C"
        )
        self.body.addLayout(in_row(self._advanced, self._monitor))
        self.body.addLayout(in_row(self._all_runs, self._compare))

    def _fields(self) -> tuple[QWidget, ...]:
        return (self.form,)

    def _enable(self) -> None:
        super()._enable()
        self._advanced.setEnabled(self.form.is_ready and not self._training.is_running)
        self._all_runs.setEnabled(self._session.project is not None)
        self._compare.setEnabled(self._run.count() > 0)

    def _count_changed(self) -> None:
        count = len(self.form.settings)
        self._advanced.setText(f"Advanced ({count})…" if count else "Advanced…")
        self._advanced.setToolTip(f"All settings of the method ({count} differ from the preset)")

    # What happens

    def _on_methods(self, event: dict[str, Any]) -> None:
        if event["event"] == "result":
            self.form.take(event)
            self._enable()
            self.facts_known.emit(event)

    def _on_read(self, status: int, complaint: str) -> None:
        if status:
            self.tell(State.NEEDS_YOU, f"The methods could not be listed: {complaint}.")

    def _list_runs(self) -> None:
        runs = self._session.runs
        every = runs.rows() if runs else ()
        rows = [row for row in every if row.status == "finished" and row.verb == self.verb]
        self._run.clear()
        for row in rows:
            self._run.addItem(f"{row.name} ({row.minutes:.1f} min)", row.folder)
            if row.is_current:
                self._run.setCurrentIndex(self._run.count() - 1)
        self._run.setVisible(bool(rows))
        self._choice.labelForField(self._run).setVisible(bool(rows))
        self._current = next((row for row in rows if row.is_current), None)
        super()._list_runs()

    def _say_state(self, broken: str) -> None:
        if self._current is not None:
            self.tell(State.DONE, f"{broken}{self._current.name} is in use.")
        else:
            self.tell(State.NEEDS_YOU, f"{broken}Choose how long to learn, and start.")

    def _begin(self) -> None:
        self._training.start(self.form.wish)

    def add_regions(self, regions: QWidget) -> None:
        """Show a control of the regions that a method learns below the choice of the method."""
        self.body.insertWidget(self.body.indexOf(self.form) + 1, regions)

    def compare(self) -> None:
        """Show which of the runs suits the images best."""
        self.show_runs()
        if self._dialog is not None:
            self._dialog.show_compare()

    def show_runs(self) -> None:
        """Show all runs of the project."""
        if self._session.project is None:
            return
        if self._dialog is None:
            self._dialog = RunsDialog(self._session, self, lambda: self.budget.device)
            self._dialog.resume_wanted.connect(self.resume_wanted)
        self._dialog.refresh()
        self._dialog.show()
        self._dialog.raise_()
