"""The series of a project as a table: what people say of a finding, and what a run says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QModelIndex, Qt, QTimer, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from napari_localcl.tasks.series.calibration import entropy
from napari_localcl.widgets.controls import describe
from napari_localcl.widgets.table_model import TableModel

if TYPE_CHECKING:
    import numpy.typing as npt
    from qtpy.QtGui import QKeyEvent

    from napari_localcl.widgets.series_book import SeriesBook

    Floats = npt.NDArray[np.float64]

_NAME, _YOURS, _SAID, _UNSURE = range(4)
_WORDS = {1.0: "yes", 0.0: "no"}
_NEXT = {1.0: 0.0, 0.0: np.nan}
_KEYS = {Qt.Key.Key_Y: 1.0, Qt.Key.Key_N: 0.0, Qt.Key.Key_Delete: np.nan}
_MOMENT = 150  # milliseconds on a row before its series is opened
_LINES = 6  # that are seen at least


class SeriesRows(TableModel):
    """A row for each series, of one finding."""

    titles = ("Series", "Yours", "Run", "Unsure")
    tips = (
        "The series, as the findings table calls it",
        "What you say: yes, no, or nothing. Click, or press Y, N or Delete, to say something else",
        "How probable the run holds the finding; of series that it learned from, said by a part of "
        "it that never saw them",
        "How undecided the run is, in bits: 0 is sure, 1 is undecided",
    )

    def __init__(self) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()
        self._yours = self._said = self._unsure = np.array([])
        self._column, self._descending = _NAME, False

    def show(self, book: SeriesBook, finding: str) -> None:
        """Show what is said of a finding; where there is none, the series alone."""
        names = tuple(exam.name for exam in book.exams)
        nothing = np.full(len(names), np.nan)
        is_there = finding in book.findings.names
        own = book.findings.names.index(finding) if is_there else 0
        self._yours = book.findings.values[:, own] if is_there else nothing
        self._said = book.probability(finding)
        self._unsure = np.where(np.isfinite(self._said), entropy(self._said), np.nan)
        is_same, self._names = names == self._names, names
        before, self._order = self._order, self._arranged()
        if is_same and np.array_equal(before, self._order) and len(before):
            last = self.index(len(before) - 1, len(self.titles) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
        else:
            self.beginResetModel()
            self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; series of which nothing is known there come last."""
        self._column, self._descending = column, order == Qt.SortOrder.DescendingOrder
        self.layoutAboutToBeChanged.emit()
        # What is selected stays the same series, wherever its row comes to lie.
        before = self.persistentIndexList()
        places = [self.place(index.row()) for index in before]
        self._order = self._arranged()
        after = [
            self.index(self.row_of(place), index.column())
            for place, index in zip(places, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def place(self, row: int) -> int:
        """Return which of the series is in a row."""
        return int(self._order[row])

    def row_of(self, place: int) -> int:
        """Return the row of a series."""
        return int(np.flatnonzero(self._order == place)[0])

    def yours(self, row: int) -> float:
        """Return what people say in a row; NaN where nothing."""
        return float(self._yours[self._order[row]])

    def _arranged(self) -> npt.NDArray[np.intp]:
        keys = (np.arange(len(self._names)), self._yours, self._said, self._unsure)
        key = keys[self._column].astype(float)
        return np.argsort(-key if self._descending else key, kind="stable")

    # What Qt asks

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell."""
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() != _NAME:
            return Qt.AlignmentFlag.AlignCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._names[self._order[index.row()]]
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        place = self._order[index.row()]
        said, unsure = self._said[place], self._unsure[place]
        return (
            self._names[place],
            _WORDS.get(float(self._yours[place]), ""),
            "" if np.isnan(said) else f"{said:.0%}",
            "" if np.isnan(unsure) else f"{unsure:.2f}",
        )[index.column()]


class SeriesTable(QTableView):
    """Shows the series of a book, and takes what people say of them.

    Parameters
    ----------
    book : SeriesBook
        Which.

    Attributes
    ----------
    chosen : Signal of int
        A series that somebody wants to see.
    """

    chosen = Signal(int)

    def __init__(self, book: SeriesBook) -> None:
        super().__init__()
        self._book, self._finding, self._filling = book, "", False
        self.rows = SeriesRows()
        self.setModel(self.rows)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_MOMENT)
        self._soon.timeout.connect(self._open)
        self._arrange()
        self.clicked.connect(self._on_clicked)
        self.activated.connect(lambda _index: self._open())
        self.selectionModel().currentRowChanged.connect(lambda *_: self._on_row())
        book.changed.connect(self._show)

    def choose(self, finding: str) -> None:
        """Show another finding."""
        self._finding = finding
        self._show()

    @property
    def at_hand(self) -> int:
        """Which series the table is at; -1 if at none."""
        row = self.currentIndex().row()
        return self.rows.place(row) if 0 <= row < self.rows.rowCount() else -1

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Say yes, no or nothing of the row at hand."""
        if event.key() in _KEYS and not event.modifiers():
            self._say(_KEYS[event.key()])
        else:
            super().keyPressEvent(event)

    def _arrange(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        font = self.font()
        font.setPointSizeF(0.85 * font.pointSizeF())
        self.setFont(font)
        height = self.fontMetrics().height() + 8
        self.verticalHeader().setDefaultSectionSize(height)
        header = self.horizontalHeader()
        header.setFont(font)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column in (_YOURS, _SAID, _UNSURE):
            header.resizeSection(column, self.fontMetrics().horizontalAdvance("Unsure") + 30)
        self.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.setSortingEnabled(True)
        self.sortByColumn(_NAME, Qt.SortOrder.AscendingOrder)
        self.setMinimumHeight((_LINES + 1) * height + 12)
        describe(
            self,
            "Series",
            "The series of the project. A row shows its series and what spoke for the finding; a "
            "title sorts; Y, N and Delete say whether it has the finding",
        )

    def _show(self) -> None:
        place = self.at_hand
        self._filling = True
        self.rows.show(self._book, self._finding)
        if place >= 0 and place < self.rows.rowCount():
            self.selectRow(self.rows.row_of(place))
        self._filling = False

    def _on_row(self) -> None:
        if not self._filling:
            self._soon.start()

    def _open(self) -> None:
        self._soon.stop()
        if self.at_hand >= 0:
            self.chosen.emit(self.at_hand)

    def _on_clicked(self, index: QModelIndex) -> None:
        if index.column() == _YOURS:
            self._say(_NEXT.get(self.rows.yours(index.row()), 1.0))
        else:
            self._open()

    def _say(self, value: float) -> None:
        if self._finding in self._book.findings.names and self.at_hand >= 0:
            self._book.say(self.at_hand, self._finding, value)
