"""A step that trains: started, resumed, followed and ended alike, whatever is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import Signal

from napari_localcl.widgets.controls import TimeBar, in_row, make_button
from napari_localcl.widgets.step import State, Step
from napari_localcl.widgets.training_buttons import TrainingButtons
from napari_localcl.widgets.training_words import Outcome
from napari_localcl.widgets.words import begun

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_localcl.tasks.project_runs import RunRow
    from napari_localcl.widgets.budget_fields import BudgetFields
    from napari_localcl.widgets.session import Session
    from napari_localcl.widgets.training import Training


class TrainingStep(Step):
    """A step whose primary button starts a training of one verb.

    Attributes
    ----------
    monitor_wanted : Signal
        Somebody wants to see the losses.
    budget : BudgetFields
        How long, and where.
    starting : QHBoxLayout
        The row of the primary button.
    """

    monitor_wanted = Signal()
    verb: ClassVar[str]
    budget: BudgetFields

    def __init__(
        self,
        number: int,
        title: str,
        tip: str,
        sentence: str,
        session: Session,
        training: Training,
    ) -> None:
        super().__init__(number, title, tip, sentence)
        self._session, self._training = session, training
        self._interrupted: RunRow | None = None
        self._bar = TimeBar()
        self._bar.hide()
        session.obstacle_changed.connect(self._enable)
        session.run_changed.connect(self._list_runs)
        training.changed.connect(self._on_news)
        training.ended.connect(self._on_ended)

    # What each step has of its own

    @property
    def is_ready(self) -> bool:
        """Whether all is there that a new run needs, but for a project and a device."""
        raise NotImplementedError

    def _begin(self) -> None:
        """Start the training."""
        raise NotImplementedError

    def _say_state(self, broken: str) -> None:
        """Say what there is, after what was broken off."""
        raise NotImplementedError

    def _fields(self) -> tuple[QWidget, ...]:
        """Return what cannot be changed during a training."""
        raise NotImplementedError

    # The controls

    def _add_buttons(self, start: str, tip: str, key: str, resume_key: str = "") -> None:
        """Add what starts, resumes and ends."""
        self._start = make_button(start, tip, self._on_start, key)
        self._resume = make_button(
            "Resume", "Go on with the run that broke off, from where it was saved", None, resume_key
        )
        self._resume.clicked.connect(lambda _checked: self.resume(self._interrupted.folder))
        self.starting = in_row(self._start, self._resume)
        self.body.addLayout(self.starting)
        self.body.addWidget(TrainingButtons(self._training, self.verb))

    @property
    def is_at_work(self) -> bool:
        """Whether the training that runs is this step's."""
        return self._training.is_running and self._training.verb == self.verb

    def _enable(self) -> None:
        # A run would be written into a project that another window has.
        is_ours = self._session.project is not None and not self._session.obstacle
        idle = self.budget.is_known and is_ours and not self._training.is_running
        for widget in (*self._fields(), self._resume):
            widget.setEnabled(idle)
        self._start.setEnabled(idle and self.is_ready)
        self._start.setVisible(not self.is_at_work)
        self._resume.setVisible(not self.is_at_work and self._interrupted is not None)

    # What happens

    def resume(self, folder: str) -> None:
        """Go on with a run that broke off."""
        self._training.resume(folder, self.budget.device)
        self.monitor_wanted.emit()

    def _on_start(self) -> None:
        self._begin()
        if self._training.is_running:
            self.monitor_wanted.emit()

    def _list_runs(self) -> None:
        """Look which runs there are."""
        runs = self._session.runs
        row = self._interrupted = runs.interrupted(self.verb) if runs else None
        self._enable()
        if runs is None or self.is_at_work:
            return
        place = f"after {row.steps} steps" if row and row.steps else "at its start"
        self._say_state(f"{row.name} was broken off {place}: Resume goes on. " if row else "")

    def _on_news(self) -> None:
        self._enable()
        if self.is_at_work:
            self._bar.show()
            self._bar.show_part(self._training.fraction)
            self.tell(State.RUNNING, begun(self._training.message))

    def _on_ended(self, outcome: Outcome, sentence: str) -> None:
        if self._training.verb != self.verb:
            self._enable()
            return
        self._list_runs()
        self._bar.hide()
        learned = outcome is Outcome.LEARNED
        self.tell(State.DONE if learned else State.NEEDS_YOU, sentence)
