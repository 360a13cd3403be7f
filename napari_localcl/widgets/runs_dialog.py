"""All runs of a project: chosen, resumed, compared, renamed and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_localcl.data.errors import BadInput
from napari_localcl.widgets.asking import is_sure
from napari_localcl.widgets.compare_panel import ComparePanel, can_be_compared
from napari_localcl.widgets.controls import describe, in_row, make_button, make_label
from napari_localcl.widgets.run_comparison import RunComparison
from napari_localcl.widgets.runs_table import RunsTable
from napari_localcl.widgets.words import begun

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_localcl.tasks.project_runs import RunRow
    from napari_localcl.widgets.session import Session

_SIZE = (980, 660)
_HEIGHTS = [140, 440]  # of the runs and of what is said of them, pixels
_AT_FIRST = 4  # runs that are compared unless others are selected


class RunsDialog(QDialog):
    """Lists the runs above; below, compares those that are selected.

    Parameters
    ----------
    session : Session
        Whose runs.
    parent : QWidget
        Where it belongs.
    device : callable
        Returns where to compute, as the terminal takes it.

    Attributes
    ----------
    comparison : RunComparison
        Compares how the runs were made: their losses and settings.
    compare : ComparePanel
        Compares how they suit the images.
    resume_wanted : Signal of str
        Somebody wants to go on with a run, named by its folder.
    """

    resume_wanted = Signal(str)

    def __init__(
        self, session: Session, parent: QWidget, device: Callable[[], str] = lambda: "auto"
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Runs")
        self.resize(*_SIZE)
        self._session = session
        self.table = RunsTable()
        self.comparison = RunComparison()
        self.compare = ComparePanel(session, device)
        self._problem = make_label()
        self._problem.hide()
        self._make_buttons()
        self._arrange()
        self.table.itemSelectionChanged.connect(self._on_selected)
        self.table.renamed.connect(
            lambda folder, name: self._try(lambda: session.runs.rename(folder, name))
        )
        self.compare.use_wanted.connect(lambda folder: self._try(lambda: session.use(folder)))
        session.run_changed.connect(self._on_change)

    def show_compare(self) -> None:
        """Compare the runs that are selected; if none is that can be, the latest."""
        if not any(can_be_compared(row) for row in self.table.selected):
            self.table.choose(can_be_compared, _AT_FIRST)
        self.compare.refresh()
        self._ways.setCurrentWidget(self.compare)

    def refresh(self) -> None:
        """Read the runs again."""
        runs = self._session.runs
        self.table.show_rows(runs.rows() if runs else ())
        self._on_selected()

    def _make_buttons(self) -> None:
        self._use = make_button("Use", "Find landmarks with this run", self._on_use)
        self._resume = make_button(
            "Resume", "Go on with this run, from where it was saved", self._on_resume
        )
        self._rename = make_button(
            "Rename", "Call this run something else (F2, or a double click)", self.table.rename
        )
        self._delete = make_button(
            "Delete…", "Remove these runs from the disk; their predictions stay", self._on_delete
        )

    def _arrange(self) -> None:
        hint = make_label("Select several runs (with Ctrl or Shift) to compare them.")
        self._ways = QTabWidget()
        self._ways.addTab(self.comparison, "Losses and settings")
        self._ways.addTab(self.compare, "Compare")
        self._ways.setTabToolTip(0, "How the selected runs were made")
        self._ways.setTabToolTip(1, "Which of the selected runs suits the images best")
        describe(self._ways, "Ways to compare", "How the runs were made, or how they suit")
        parts = QSplitter(Qt.Orientation.Vertical)
        for part, share in ((self.table, 2), (self._ways, 5)):
            parts.addWidget(part)
            parts.setStretchFactor(parts.count() - 1, share)
            parts.setCollapsible(parts.count() - 1, False)
        parts.setSizes(_HEIGHTS)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        outer = QVBoxLayout(self)
        outer.addWidget(hint)
        outer.addWidget(parts, 1)
        outer.addWidget(self._problem)
        row = in_row(self._use, self._resume, self._rename, self._delete)
        row.addStretch()
        row.addWidget(close)
        outer.addLayout(row)

    def _on_change(self) -> None:
        if self.isVisible():
            self.refresh()

    def _on_selected(self) -> None:
        rows = self.table.selected
        one = rows[0] if len(rows) == 1 else None
        finds = one and one.status == "finished" and one.sees
        self._use.setEnabled(bool(finds and not one.is_current))
        self._resume.setEnabled(bool(one and one.can_be_resumed))
        self._rename.setEnabled(one is not None)
        self._delete.setEnabled(bool(rows) and all(row.status != "running" for row in rows))
        runs = self._session.runs
        whole = [row for row in rows if row.status != "damaged"]
        self.compare.choose(rows)
        self.comparison.show_runs({row.name: runs.open(row.folder) for row in whole})

    # What one can do with a run

    def _on_use(self) -> None:
        (row,) = self.table.selected
        self._try(lambda: self._session.use(row.folder))

    def _on_resume(self) -> None:
        (row,) = self.table.selected
        self.close()
        self.resume_wanted.emit(row.folder)

    def _on_delete(self) -> None:
        rows = self.table.selected
        if not self._is_sure(rows):
            return
        for row in rows:
            self._try(lambda row=row: self._session.runs.delete(row.folder))
        self._session.run_changed.emit()

    def _is_sure(self, rows: list[RunRow]) -> bool:
        names = ", ".join(repr(row.name) for row in rows)
        question = f"Delete {names}? What was learned is removed from the disk for good."
        question += " Predictions and landmarks stay."
        if any(row.is_current for row in rows):
            question += "\n\nOne of them is in use: nothing can be found until another one is."
        return is_sure(self, "Delete runs", question)

    def _try(self, act: Callable[[], object]) -> None:
        self._problem.hide()
        try:
            act()
        except BadInput as error:
            self._problem.setText(f"⚠ {begun(str(error))}.")
            self._problem.show()
        self.refresh()
