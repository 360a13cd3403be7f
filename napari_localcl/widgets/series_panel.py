"""Step 8: learn findings of series from a few, and see why a run says what it says."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QComboBox, QFormLayout

from napari_localcl.widgets.controls import describe, in_row, keep_narrow, make_button
from napari_localcl.widgets.finding_names import FindingNames
from napari_localcl.widgets.series_book import SeriesBook, frames_of
from napari_localcl.widgets.series_form import FOR_SERIES, SeriesForm
from napari_localcl.widgets.series_table import SeriesTable
from napari_localcl.widgets.step import State
from napari_localcl.widgets.training_step import TrainingStep
from napari_localcl.widgets.training_words import Outcome
from napari_localcl.widgets.why import Why
from napari_localcl.widgets.wish import CLASSIFY
from napari_localcl.widgets.words import begun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtpy.QtWidgets import QWidget

    from napari_localcl.widgets.evidence import Evidence
    from napari_localcl.widgets.scores_dialog import ScoresDialog
    from napari_localcl.widgets.session import Session
    from napari_localcl.widgets.training import Training

_GAP = 4  # pixels between rows
_FIRST = (
    "Which series have what? Take a table of findings over, or name a finding, and say yes or no "
    "of some series in the list."
)
_NO_ENCODER = (
    "First learn from the frames in step 2 (the method sslm was made for series), or choose "
    "'pixels' below."
)


class SeriesPanel(TrainingStep):
    """Lets people say what they know of series, learn from it, and look at what a run says.

    Shown only where the images are series.

    Parameters
    ----------
    session : Session
        Whose images.
    training : Training
        What learns.
    evidence : Evidence
        What knows why.

    Attributes
    ----------
    book : SeriesBook
        The series, and what is said of them.
    """

    verb = CLASSIFY

    def __init__(self, session: Session, training: Training, evidence: Evidence) -> None:
        tip = "Learn findings of series from a few, and see why a run says what it says"
        super().__init__(8, "Series", tip, "First open a folder of series.", session, training)
        self._evidence = evidence
        self._dialog: ScoresDialog | None = None
        self._shown: object = None
        self._before = ""  # what is said first: what was broken off, or left out
        self._left_out: list[str] = []
        self.book = SeriesBook(session, self)
        self.names, self.table, self.form = (
            FindingNames(self.book),
            SeriesTable(self.book),
            SeriesForm(),
        )
        self.budget = self.form.budget
        self.why = Why(session, evidence)
        self.body.setSpacing(_GAP)
        for widget in (self.names, self.table, self.why, self.form):
            self.body.addWidget(widget)
        self._make_buttons()
        self._connect()
        self._show_step()

    @property
    def is_ready(self) -> bool:
        """Whether anything is known of the series, and something sees them."""
        known = np.isfinite(self.book.findings.values).any()
        return bool(known and self.form.is_known and not self.form.lacks_encoder)

    @property
    def is_next(self) -> bool:
        """Whether one goes on here after the training that has just ended."""
        if self._training.verb == self.verb:
            return True
        rows = self._session.runs.rows() if self.book.has_series else ()
        return any(row.is_current and row.method == FOR_SERIES for row in rows)

    def take(self, facts: Mapping[str, Any]) -> None:
        """Take over what `methods --events` says."""
        self.form.take(facts)
        self._enable()

    def give_up(self) -> None:
        """Save, and give up what is at hand."""
        self.book.close()
        if self._dialog is not None:
            self._dialog.close_work()

    # The controls

    def _make_buttons(self) -> None:
        self._add_buttons(
            "Train",
            "Learn the findings from the series of which they are known, and judge all series, in "
            "the background",
            "Alt+Shift+T",
        )
        self.body.addWidget(self._bar)
        self._copy = make_button(
            "Copy as command", "Copy the command that does the same in a terminal", self._on_copy
        )
        self.body.addLayout(in_row(self.form.advanced, self._copy))
        self._run = QComboBox()
        keep_narrow(self._run, 8)
        describe(self._run, "Judged by", "Which run's probabilities the list shows")
        self._runs_form = QFormLayout()
        self._runs_form.addRow("Judged by", self._run)
        self.body.addLayout(self._runs_form)
        self._scores = make_button(
            "Scores…",
            "How well the run tells the findings: figures with intervals, ROC, precision and "
            "recall, calibration",
            self.show_scores,
        )
        self._monitor = make_button(
            "Monitor", "Show the losses of the training", self.monitor_wanted.emit
        )
        self.body.addLayout(in_row(self._scores, self._monitor))

    def _connect(self) -> None:
        self.book.opened.connect(self._show_step)
        self.book.changed.connect(self._look_again)
        self.names.changed.connect(self._on_finding)
        self.names.failed.connect(lambda why: self.tell(State.NEEDS_YOU, f"{begun(why)}."))
        self.table.chosen.connect(self._show_series)
        self.form.changed.connect(self._look_again)
        self._run.activated.connect(lambda _index: self.book.show_run(self._run.currentData()))
        self._training.skipped.connect(self._on_skipped)
        # It takes room: the step is brought into sight again.
        self.why.grown.connect(self.opened)

    def _fields(self) -> tuple[QWidget, ...]:
        return (self.form,)

    def _enable(self) -> None:
        super()._enable()
        is_idle = not self.is_at_work
        self.names.enable(bool(self.book.exams) and not self._session.obstacle)
        self.form.setVisible(is_idle)
        self.form.advanced.setVisible(is_idle)
        self.form.advanced.setEnabled(self.form.is_known)
        self._copy.setVisible(is_idle)
        self._copy.setEnabled(self._start.isEnabled())
        self._scores.setEnabled(self.book.told is not None)

    # What is there

    def _show_step(self) -> None:
        """Where the images are no series, the step would only be in the way."""
        is_shown = self.book.has_series
        if not is_shown:
            self.set_open(False)
        self.setVisible(is_shown)
        self._list_runs()

    def _list_runs(self) -> None:
        runs = self._session.runs
        self.form.list_runs(runs)
        rows = [row for row in runs.rows() if row.verb == self.verb] if runs else []
        before = self._run.currentData()
        self._run.clear()
        for row in rows:
            if row.status == "finished":
                self._run.addItem(f"{row.name} ({row.preset})", runs.open(row.folder).path)
        has_any = self._run.count() > 0
        self._run.setCurrentIndex(max(self._run.findData(before), 0) if has_any else -1)
        for widget in (self._run, self._runs_form.labelForField(self._run)):
            widget.setVisible(has_any)
        shown = self.book.told.run if self.book.told else None
        if self._run.currentData() != shown:
            self.book.show_run(self._run.currentData())
        super()._list_runs()

    def _look_again(self) -> None:
        self._enable()
        if self.book.told is not self._shown:
            # Another run has other reasons.
            self._shown = self.book.told
            self.why.forget()
        if not self.is_at_work and self.book.exams:
            self._say_state(self._before)

    def _say_state(self, broken: str) -> None:
        self._before = broken
        counts = self._counts()
        if self.book.problem:
            self.tell(State.NEEDS_YOU, f"{begun(self.book.problem)}.")
        elif not counts:
            self.tell(State.NEEDS_YOU, f"{broken}{_FIRST}")
        elif self.form.lacks_encoder:
            self.tell(State.NEEDS_YOU, f"{broken}{counts} {_NO_ENCODER}")
        elif self.book.told is not None:
            run = self.book.told.run.name
            self.tell(State.DONE, f"{broken}{counts} {run} judges them; a row shows why.")
        else:
            self.tell(State.NEEDS_YOU, f"{broken}{counts} Train to judge the others.")

    def _counts(self) -> str:
        """Of how many series the finding at hand is known, in words; empty if none is of any."""
        findings, finding = self.book.findings, self.names.at_hand
        if not np.isfinite(findings.values).any():
            return ""
        if finding not in findings.names:
            return f"{finding} is known of no series."
        values = findings.values[:, findings.names.index(finding)]
        yes, no = int((values == 1).sum()), int((values == 0).sum())
        return f"{finding}: {yes} yes, {no} no, {len(values) - yes - no} not known."

    # What people do

    def _on_finding(self) -> None:
        self.table.choose(self.names.at_hand)
        self._look_again()
        if self.table.at_hand >= 0 and self._evidence.about:
            self._explain(self.book.exams[self.table.at_hand].name)

    def _show_series(self, place: int) -> None:
        """Go to a series: to its middle, and then to the frame that mattered most."""
        exam = self.book.exams[place]
        frames = next(iter(exam.planes.values()))
        if self._session.image not in frames_of(exam):
            self._session.go(frames[len(frames) // 2])
        self._explain(exam.name)

    def _explain(self, exam: str) -> None:
        told, finding = self.book.told, self.names.at_hand
        if told is not None and finding in told.said.names and exam in told.said.series:
            self.why.ask(told.run, exam, finding)
        else:
            self.why.forget()

    def _begin(self) -> None:
        self._left_out = []
        self._training.start(self.form.wish(self.book.table))

    def _on_start(self) -> None:
        self._begin()
        # A logistic regression has no losses to look at.
        if self._training.is_running and self.form.is_trained:
            self.monitor_wanted.emit()

    def _on_copy(self) -> None:
        project = self._session.project
        assert project is not None
        run = project.runs / "findings"
        wish = self.form.wish(self.book.table)
        arguments = wish.arguments([str(path) for path in project.input], run)
        QGuiApplication.clipboard().setText(shlex.join(["napari-localcl", *arguments]))

    def _on_skipped(self, sentence: str) -> None:
        if self.is_at_work and sentence.startswith("finding "):
            self._left_out.append(f"{begun(sentence)}. ")

    def _on_ended(self, outcome: Outcome, sentence: str) -> None:
        super()._on_ended(outcome, sentence)
        if outcome is Outcome.LEARNED and self._training.verb == self.verb:
            self._before = f"{sentence} {''.join(self._left_out)}"

    def show_scores(self) -> None:
        """Show how well the run tells the findings."""
        if self._dialog is None:
            # Here, because it brings a plotting library that opening the dock should not wait for.
            from napari_localcl.widgets.scores_dialog import ScoresDialog

            self._dialog = ScoresDialog(self.book, self)
        self._dialog.show()
        self._dialog.show_finding(self.names.at_hand)
        self._dialog.raise_()
