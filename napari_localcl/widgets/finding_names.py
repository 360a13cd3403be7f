"""The findings by name: choose, add, take from a table, forget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QInputDialog, QVBoxLayout, QWidget

from napari_localcl.data.errors import BadInput
from napari_localcl.data.finding_candidates import find_candidates
from napari_localcl.widgets.asking import is_sure
from napari_localcl.widgets.controls import describe, in_row, keep_narrow, make_button
from napari_localcl.widgets.findings_dialog import FindingsDialog
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from napari_localcl.widgets.series_book import SeriesBook

_NONE = "no finding yet"


class FindingNames(QWidget):
    """The finding at hand.

    Parameters
    ----------
    book : SeriesBook
        Whose findings.

    Attributes
    ----------
    changed : Signal
        Another finding is at hand.
    failed : Signal of str
        Why a table cannot be taken.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, book: SeriesBook) -> None:
        super().__init__()
        self._book = book
        self._names = QComboBox()
        keep_narrow(self._names, 10)
        describe(self._names, "Finding", "Which finding the table shows")
        self._new = make_button(
            "New…", "Add a finding, and say of some series whether they have it", self.ask_name
        )
        self._table = make_button(
            "From a table…",
            "Take findings over from a table (CSV): a column 'series', perhaps 'patient', and "
            "columns of 0 and 1 or of codes",
            self._choose_table,
        )
        self._forget = make_button(
            "Remove…", "Take this finding out of the project's table", self._on_forget
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._names)
        column.addLayout(in_row(self._table, self._new, self._forget))
        self._names.currentIndexChanged.connect(lambda _index: self.changed.emit())
        book.changed.connect(self._fill)
        self._fill()

    @property
    def at_hand(self) -> str:
        """Which finding; empty if there is none."""
        return self._names.currentData() or ""

    def choose(self, finding: str) -> None:
        """Show another finding."""
        self._names.setCurrentIndex(self._names.findData(finding))

    def enable(self, is_able: bool) -> None:
        """Let people change the findings, unless something is done with them."""
        for button in (self._new, self._table):
            button.setEnabled(is_able)
        self._forget.setEnabled(is_able and self.at_hand in self._book.findings.names)

    def take(self, path: Path) -> None:
        """Let somebody choose what of a table is a finding, and take it over."""
        try:
            dialog = FindingsDialog(path.name, find_candidates(path), self.window())
        except BadInput as error:
            self.failed.emit(str(error))
            return
        if dialog.exec() and self._may_replace(dialog.chosen):
            self._book.take(path, dialog.chosen)
            self.choose(dialog.chosen[0])
        dialog.deleteLater()

    def ask_name(self) -> None:
        """Ask for the name of another finding."""
        name, is_given = QInputDialog.getText(self, "New finding", "What is it called?")
        if is_given:
            self._book.add(name)
            self.choose(name.strip())

    def _choose_table(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "A findings table", "", "Tables (*.csv)")
        if chosen:
            self.take(Path(chosen))

    def _may_replace(self, names: tuple[str, ...]) -> bool:
        known = [name for name in names if self._count(name)]
        question = f"What is known of {', '.join(known)} would be replaced. Replace it?"
        return not known or is_sure(self, "Replace findings?", question)

    def _on_forget(self) -> None:
        name = self.at_hand
        count = self._count(name)
        question = f"Remove {name!r}, of which {counted(count, 'series is', 'series are')} known?"
        if not count or is_sure(self, "Remove a finding", question):
            self._book.forget(name)

    def _count(self, name: str) -> int:
        """Of how many series it is known."""
        findings = self._book.findings
        if name not in findings.names:
            return 0
        return int(np.isfinite(findings.values[:, findings.names.index(name)]).sum())

    def _fill(self) -> None:
        """Offer what people named, and what the run that is shown tells."""
        told = self._book.told.said.names if self._book.told else ()
        every = tuple(dict.fromkeys((*self._book.findings.names, *told)))
        shown = tuple(self._names.itemData(i) for i in range(self._names.count()))
        if shown == (every or (None,)):
            return
        before = self.at_hand
        blocker = QSignalBlocker(self._names)
        self._names.clear()
        for name in every:
            self._names.addItem(name, name)
        if not every:
            self._names.addItem(_NONE, None)
        self._names.setCurrentIndex(max(self._names.findData(before), 0))
        del blocker
        self.changed.emit()
