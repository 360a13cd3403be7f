"""Which of some runs suits the images best: figures, controls, and a recommendation in words."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QComboBox, QFileDialog, QSpinBox, QVBoxLayout, QWidget

from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.widgets.asking import may_replace
from napari_localcl.widgets.compare_model import LEGEND
from napari_localcl.widgets.compare_report import read_report
from napari_localcl.widgets.compare_table import CompareTable
from napari_localcl.widgets.comparing import (
    Comparing,
    Question,
    known_masks,
    landmark_images,
    report_of,
)
from napari_localcl.widgets.controls import (
    TimeBar,
    describe,
    in_row,
    keep_narrow,
    make_button,
    make_label,
)
from napari_localcl.widgets.terminal import beside
from napari_localcl.widgets.words import begun, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_localcl.tasks.project_runs import RunRow
    from napari_localcl.widgets.compare_report import CompareReport
    from napari_localcl.widgets.session import Session

_LIMITS = (2, 10_000)
_PAGE, _DATA = ".html", ".json"


class ComparePanel(QWidget):
    """Compares the runs that are chosen elsewhere.

    Parameters
    ----------
    session : Session
        Whose runs.
    device : callable
        Returns where to compute, as the terminal takes it.

    Attributes
    ----------
    use_wanted : Signal of str
        Somebody wants to find landmarks with a run, named by its folder.
    """

    use_wanted = Signal(str)

    def __init__(self, session: Session, device: Callable[[], str]) -> None:
        super().__init__()
        self._session, self._device = session, device
        self._runs: tuple[RunRow, ...] = ()
        self._report: CompareReport | None = None
        self.work = Comparing(session, self)
        self._make_fields()
        self._make_result()
        self._make_buttons()
        self._arrange()
        self.work.changed.connect(self._show_progress)
        self.work.ended.connect(self._on_ended)
        session.opened.connect(self.refresh)
        session.run_changed.connect(self._enable)
        self.refresh()

    def choose(self, rows: Sequence[RunRow]) -> None:
        """Take these runs to be compared; those that learn nothing of images are left out."""
        self._runs = tuple(row for row in rows if can_be_compared(row))
        self._say_what()
        self._enable()

    def refresh(self) -> None:
        """Look again what is known of the images, and what was compared last."""
        project = self._session.project
        chosen = self._masks.currentData()
        self._masks.clear()
        self._masks.addItem("no masks", "")
        for name, count in (known_masks(project) if project else {}).items():
            self._masks.addItem(f"{name} ({count})", name)
        self._masks.setCurrentIndex(max(self._masks.findData(chosen), 0))
        if not chosen and self._masks.count() > 1:
            self._masks.setCurrentIndex(1)
        self._masks.setVisible(self._masks.count() > 1)
        self._read()
        self._say_what()
        self._enable()

    # The controls

    def _make_fields(self) -> None:
        self._about = make_label()
        self._masks, self._limit = QComboBox(), QSpinBox()
        keep_narrow(self._masks, 14)
        describe(
            self._masks,
            "Masks",
            "By which of your masks to compare too, and of how many images there are some",
        )
        self._masks.activated.connect(lambda _index: self._say_what())
        self._limit.setRange(*_LIMITS)
        self._limit.setValue(Question.limit)
        self._limit.setPrefix("at most ")
        self._limit.setSuffix(" images")
        describe(
            self._limit,
            "Most images",
            "How many images to look at, evenly spaced; those that you marked come first",
        )
        self._start = make_button(
            "Compare", "Measure in the background how well the runs suit these images", self._begin
        )
        self._cancel = make_button("Cancel", "Give up this comparison", self.work.cancel)
        self._bar = TimeBar()

    def _make_result(self) -> None:
        self._said = make_label()
        describe(self._said, "Recommendation", "Which run suits the images, in plain words")
        self._table = CompareTable()
        self._legend = make_label(LEGEND)

    def _make_buttons(self) -> None:
        self._use = make_button("Use this model", "", self._on_use)
        self._copy = make_button(
            "Copy as command", "Copy the command that does the same in a terminal", self._on_copy
        )
        self._save = make_button(
            "Save report…", "Write the report as a page (HTML) or as data (JSON)", self._on_save
        )

    def _arrange(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 4, 4, 4)
        row = in_row(self._about, self._masks, self._limit, self._start, self._cancel)
        row.setStretch(0, 1)
        outer.addLayout(row)
        outer.addWidget(self._bar)
        outer.addWidget(self._said)
        outer.addWidget(self._table, 1)
        outer.addWidget(self._legend)
        outer.addStretch()
        row = in_row(self._use, self._copy, self._save)
        row.addStretch()
        outer.addLayout(row)

    def _enable(self) -> None:
        running = self.work.is_running
        able = bool(self._runs) and not running and not self._session.obstacle
        self._start.setEnabled(able)
        self._start.setVisible(not running)
        self._cancel.setVisible(running)
        self._bar.setVisible(running)
        self._copy.setEnabled(able)
        self._save.setEnabled(self._report is not None)
        best = self._best
        self._use.setEnabled(best is not None and not best.is_current)
        tip = "Find landmarks with the run that is recommended"
        if best is not None:
            used = " It is in use already." if best.is_current else ""
            tip = f"Find landmarks with '{best.name}', the run that is recommended.{used}"
        describe(self._use, "Use this model", tip)

    @property
    def _rows(self) -> dict[str, RunRow]:
        """The runs that there are, by their folders."""
        runs = self._session.runs
        return {row.folder: row for row in runs.rows()} if runs else {}

    @property
    def _best(self) -> RunRow | None:
        """The run that is recommended, if it is still there."""
        best = self._report.recommendation.best if self._report else None
        return self._rows.get(best) if best else None

    @property
    def _question(self) -> Question:
        assert self._session.runs is not None
        paths = tuple(self._session.runs.open(row.folder).path for row in self._runs)
        structure = self._masks.currentData() or ""
        return Question(paths, structure, self._limit.value(), self._device())

    # What happens

    def _say_what(self) -> None:
        project = self._session.project
        if not self._runs or project is None:
            self._about.setText("Select finished runs above, several with Ctrl or Shift.")
            return
        parts = ["without labels"]
        if count := landmark_images(project):
            parts.append(f"by your landmarks in {counted(count, 'image')}")
        if structure := self._masks.currentData():
            parts.append(f"by your masks of {structure}")
        names = ", ".join(row.name for row in self._runs)
        self._about.setText(f"{names}: {', '.join(parts)}.")

    def _begin(self) -> None:
        self._called = {row.folder: row.name for row in self._runs}
        self._try(lambda: self.work.start(self._question))
        self._enable()

    def _show_progress(self) -> None:
        self._bar.show_part(self.work.fraction)
        who, what = self._called.get(self.work.who, self.work.who), self.work.message
        self._said.setText(f"{who}: {what}." if who else f"{begun(what)}.")

    def _on_ended(self, sentence: str) -> None:
        self._read()
        if sentence:
            before = self._said.text()
            self._said.setText(f"{sentence}\n{before}" if self._report else sentence)
        self._enable()

    def _read(self) -> None:
        """Show the last report, if there is one."""
        project = self._session.project
        path = report_of(project).with_suffix(_DATA) if project else None
        self._report = None
        if self.work.is_running:
            return
        self._said.clear()
        if path is not None and path.exists():
            self._try(lambda: self._take(read_report(path)))
        self._show_report()

    def _take(self, report: CompareReport) -> None:
        self._report = report

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except BadInput as error:
            self._said.setText(f"{begun(str(error))}.")

    def _show_report(self) -> None:
        report = self._report
        for widget in (self._table, self._legend):
            widget.setVisible(report is not None)
        if report is None:
            return
        names = {folder: row.name for folder, row in self._rows.items()}
        when = datetime.fromisoformat(report.made).astimezone().strftime("%Y-%m-%d %H:%M")
        said = " ".join(report.sentences(names))
        self._said.setText(f"{said} ({counted(report.images, 'image')}, {when})")
        self._table.show_report(report, names)

    def _on_use(self) -> None:
        if self._best is not None:
            self.use_wanted.emit(self._best.folder)

    def _on_copy(self) -> None:
        copy = QGuiApplication.clipboard().setText
        self._try(lambda: copy(self.work.command(self._question)))

    def _on_save(self) -> None:
        assert self._session.project is not None
        start = str(beside(self._session.project, f"comparison{_PAGE}"))
        kinds = f"Page (*{_PAGE});;Data (*{_DATA})"
        # It is asked for once it is clear what the file is called.
        option = QFileDialog.Option.DontConfirmOverwrite
        chosen, kind = QFileDialog.getSaveFileName(
            self, "Save the report", start, kinds, options=option
        )
        if not chosen:
            return
        is_named = Path(chosen).suffix.lower() in (_PAGE, _DATA)
        path = Path(chosen if is_named else chosen + (_DATA if _DATA in kind else _PAGE))
        if not path.exists() or may_replace(self, [path]):
            self.save(path)

    def save(self, path: Path) -> None:
        """Write the report as the ending of a path says."""
        assert self._session.project is not None
        source = report_of(self._session.project).with_suffix(path.suffix.lower())
        try:
            with replacing(path) as part:
                shutil.copyfile(source, part)
        except OSError as error:
            self._said.setText(f"{path} could not be written ({error.strerror or error}).")


def can_be_compared(row: RunRow) -> bool:
    """Whether a run has learned what images look like."""
    return row.status == "finished" and row.sees
