"""The series of a project: what people say of them, and what a run says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_localcl.data.atomic import keep_last
from napari_localcl.data.errors import BadInput
from napari_localcl.data.findings import (
    Findings,
    check_finding,
    read_findings,
    read_probabilities,
    write_findings,
)
from napari_localcl.data.series import ONLY, Exam, series_of
from napari_localcl.tasks.series.files import LABELS, PREDICTIONS
from napari_localcl.widgets.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.project import Project
    from napari_localcl.widgets.session import Session

    Floats = npt.NDArray[np.float64]
    Change = Callable[[Findings], Findings]

_SETTLE = 500  # milliseconds after a word on a series until it is saved


@dataclass(frozen=True)
class _Book:
    exams: tuple[Exam, ...]
    findings: Findings
    problem: str


@dataclass(frozen=True, eq=False)
class Told:
    """What a run says.

    Attributes
    ----------
    run : Path
        Its folder.
    said : Findings
        Probabilities.
    truth : Findings
        What it was told, for those that it learned from.
    """

    run: Path
    said: Findings
    truth: Findings


class SeriesBook(QObject):
    """Keeps the findings table of a session's project, and reads what its runs say.

    Parameters
    ----------
    session : Session
        Whose project.

    Attributes
    ----------
    opened : Signal
        It is known which series there are.
    changed : Signal
        Something else is said of them.
    exams : tuple of Exam
        The series, none before it is known.
    findings : Findings
        What people say, one row for each of them.
    told : Told or None
        What the run that is shown says.
    problem : str
        Why the table cannot be used; it is left as it is then.
    """

    opened = Signal()
    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE)
        self._settle.timeout.connect(self.save)
        self._opening, self._asking = Background(self), Background(self)
        self._opening.result.connect(self._on_opened)
        self._opening.failed.connect(session.problem)
        self._asking.result.connect(self._on_told)
        self._asking.failed.connect(session.problem)
        session.opened.connect(self._open)
        session.closing.connect(self.close)
        session.settling.connect(self.save)
        self._forget()

    def _forget(self) -> None:
        self.exams: tuple[Exam, ...] = ()
        self.findings = _blank(())
        self.told: Told | None = None
        self.problem = ""
        self._path: Path | None = None
        self._is_saved = True

    @property
    def has_series(self) -> bool:
        """Whether the images are several series, rather than single images."""
        frames = (len(names) for exam in self.exams for names in exam.planes.values())
        return len(self.exams) > 1 and max(frames, default=0) > 1

    @property
    def table(self) -> Path:
        """Where the findings are kept, saved by now."""
        assert self._path is not None
        self.save()
        return self._path

    def probability(self, finding: str) -> Floats:
        """What the run says of a finding of each series, (N,); NaN where it says nothing."""
        found = np.full(len(self.exams), np.nan)
        if self.told is not None and finding in self.told.said.names:
            column = self.told.said.names.index(finding)
            rows = {name: row for row, name in enumerate(self.told.said.series)}
            for place, exam in enumerate(self.exams):
                if exam.name in rows:
                    found[place] = self.told.said.values[rows[exam.name], column]
        return found

    # What people say

    def say(self, row: int, finding: str, value: float) -> None:
        """Say whether a series has a finding: 1, 0, or NaN where nobody knows."""
        self._edit(lambda now: now.told(row, finding, value))

    def add(self, finding: str) -> None:
        """Add a finding of which nothing is known yet."""
        self._edit(lambda now: now.beside(_blank(self._names, (check_finding(finding, now),))))

    def forget(self, finding: str) -> None:
        """Take a finding out of the table."""
        kept = [i for i, name in enumerate(self.findings.names) if name != finding]
        self._edit(lambda now: now.only(kept))

    def take(self, table: Path, wanted: Sequence[str]) -> None:
        """Take findings over from a table elsewhere, in the place of those of the same name."""
        self._edit(lambda now: now.beside(read_findings(table, wanted).of(self._names, table)))

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(exam.name for exam in self.exams)

    def _edit(self, change: Change) -> None:
        try:
            assert self._session.project is not None
            self._session.project.check_writable()
            if self.problem:
                raise BadInput(self.problem)
            self.findings = change(self.findings)
        except BadInput as error:
            self._session.problem.emit(str(error))
            return
        self._is_saved = False
        self._settle.start()
        self.changed.emit()

    def save(self) -> None:
        """Write what is not written yet; what cannot be is kept, and tried again."""
        self._settle.stop()
        if self._is_saved or self._path is None:
            return
        try:
            keep_last(self._path)
            if self.findings.names:
                write_findings(self._path, self.findings)
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            why = error.strerror or error
            self._session.problem.emit(f"{self._path} cannot be written ({why}); free some room")
            return
        self._is_saved = True

    # What is there

    def _open(self) -> None:
        self._asking.stop()
        self._forget()
        assert self._session.project is not None
        self._opening.start(_read_book(self._session.project))

    def _on_opened(self, book: _Book) -> None:
        assert self._session.project is not None
        self._path = self._session.project.series
        self.exams, self.findings, self.problem = book.exams, book.findings, book.problem
        self.opened.emit()
        self.changed.emit()

    def show_run(self, run: Path | None) -> None:
        """Show what a run says; None is nothing."""
        if run is None:
            self._asking.stop()
            self.told = None
            self.changed.emit()
        else:
            self._asking.start(_read_told(run))

    def _on_told(self, told: Told) -> None:
        self.told = told
        self.changed.emit()

    def close(self) -> None:
        """Save, and give up what is at hand."""
        self.save()
        self._opening.stop()
        self._asking.stop()


def frames_of(exam: Exam) -> tuple[str, ...]:
    """Return the frames of all planes of a series."""
    return tuple(name for names in exam.planes.values() for name in names)


def in_words(plane: str) -> str:
    """Return what a plane is called; nothing where nobody named it."""
    return "" if plane == ONLY else plane


def _blank(series: tuple[str, ...], names: tuple[str, ...] = ()) -> Findings:
    return Findings(series, names, np.full((len(series), len(names)), np.nan), series)


def _read_book(project: Project) -> Generator[None, None, _Book]:
    yield
    exams = series_of(project.listing).exams
    yield
    names = tuple(exam.name for exam in exams)
    findings, problem = _blank(names), ""
    if project.series.exists():
        try:
            findings = read_findings(project.series).of(names, project.series)
        except BadInput as error:
            problem = f"{error}; mend {project.series} or remove it, and open the project again"
    return _Book(exams, findings, problem)


def _read_told(run: Path) -> Generator[None, None, Told]:
    yield
    said = read_probabilities(run / PREDICTIONS)
    yield
    return Told(run, said, read_findings(run / LABELS))
