"""The runs of a project as a table, whose names can be changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_localcl.widgets.controls import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_localcl.tasks.project_runs import RunRow

_COLUMNS = (
    "Name",
    "In use",
    "For",
    "Method",
    "Preset",
    "Started",
    "Minutes",
    "Steps",
    "Status",
    "Last loss",
)


class RunsTable(QTableWidget):
    """One row for each run, the latest first.

    Attributes
    ----------
    renamed : Signal of (str, str)
        Somebody has given a run, named by its folder, another name.
    """

    renamed = Signal(str, str)

    def __init__(self) -> None:
        super().__init__(0, len(_COLUMNS))
        self._rows: list[RunRow] = []
        self.setHorizontalHeaderLabels(_COLUMNS)
        self.verticalHeader().hide()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        # The tab key goes on to the buttons.
        self.setTabKeyNavigation(False)
        describe(self, "Runs", "All runs of the project, the latest first; F2 renames one")
        self.cellChanged.connect(self._on_edited)

    @property
    def selected(self) -> list[RunRow]:
        """The runs that are selected, in the table's order."""
        return [self._rows[index.row()] for index in self.selectionModel().selectedRows()]

    def show_rows(self, rows: Sequence[RunRow]) -> None:
        """Show these runs; what was selected stays so."""
        before = {row.folder for row in self.selected}
        blocker = QSignalBlocker(self)
        self._rows = list(rows)
        self.setRowCount(len(rows))
        self.clearSelection()
        model = self.selectionModel()
        for number, row in enumerate(rows):
            for column, text in enumerate(_texts(row)):
                self.setItem(number, column, _item(text, column))
            if row.folder in before:
                kinds = model.SelectionFlag
                model.select(self.model().index(number, 0), kinds.Select | kinds.Rows)
        del blocker

    def choose(self, fits: Callable[[RunRow], bool], most: int) -> None:
        """Select the latest runs that fit, and no others."""
        fitting = [number for number, row in enumerate(self._rows) if fits(row)]
        kinds = self.selectionModel().SelectionFlag
        self.clearSelection()
        for number in fitting[:most]:
            self.selectionModel().select(self.model().index(number, 0), kinds.Select | kinds.Rows)

    def rename(self) -> None:
        """Let somebody write another name for the run that is selected."""
        row = self.selectionModel().selectedRows()[0].row()
        self.editItem(self.item(row, 0))

    def _on_edited(self, number: int, column: int) -> None:
        row, name = self._rows[number], self.item(number, column).text()
        if name != row.name:
            self.renamed.emit(row.folder, name)


def _texts(row: RunRow) -> tuple[str, ...]:
    return (
        row.name,
        "yes" if row.is_current else "",
        row.structure or ("landmarks" if row.sees else "findings"),
        row.method,
        row.preset,
        _local(row.started) if row.started else "",
        f"{row.minutes:.1f}",
        str(row.steps),
        row.status,
        "" if row.loss is None else f"{row.loss:.4g}",
    )


def _item(text: str, column: int) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
    item.setFlags(flags | Qt.ItemFlag.ItemIsEditable if column == 0 else flags)
    item.setToolTip(text)
    return item


def _local(moment: str) -> str:
    """Return a moment in the time of the place."""
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")
