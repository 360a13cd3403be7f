"""The figures of a comparison as a table: a row for each figure, a column for each encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtGui import QFont

from napari_localcl.widgets.table_model import TableModel
from napari_localcl.widgets.words import begun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_localcl.widgets.compare_report import Cell, CompareReport, Encoder, Row

CONTROL = Qt.ItemDataRole.UserRole + 1
"""Asks for the control, which is shown beside its figure."""
BETTER = "✓"
LEGEND = (
    f"{BETTER} clearly better than its control, the grey number: what one gets who knows nothing "
    "of what is asked. Bold: the best of its row."
)
_FIGURE, _ABOUT = 0, 1
_FIRST = 2  # column of an encoder


class CompareModel(TableModel):
    """The figures of one report."""

    titles = ("Figure", "About")
    tips = ("What was measured", "What is asked; figures that ask the same count once")

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Row] = []
        self._encoders: list[Encoder] = []

    def show(self, report: CompareReport, names: Mapping[str, str]) -> None:
        """Show a report, and its runs by what people call them."""
        self.beginResetModel()
        self._rows, self._encoders = report.figures, report.encoders
        called = [names.get(one.name, one.name) for one in self._encoders]
        both = list(zip(called, self._encoders, strict=True))
        self.titles = (*CompareModel.titles, *(_title(*pair) for pair in both))
        self.tips = (*CompareModel.tips, *(_tip(*pair) for pair in both))
        self._order = np.arange(len(self._rows))
        self.endResetModel()

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows, or what is meant by it."""
        row, column = self._rows[self._order[index.row()]], index.column()
        if column < _FIRST:
            return _data_of(row, column, role)
        return _data_in(row, self._encoders[column - _FIRST].name, role)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by name, by what is asked, or by how much better than its control an encoder is."""
        self.layoutAboutToBeChanged.emit()
        self._order = np.argsort(self._keys(column), kind="stable")
        if order == Qt.SortOrder.DescendingOrder:
            self._order = self._order[::-1]
        self.layoutChanged.emit()

    def _keys(self, column: int) -> list[Any]:
        if column == _FIGURE:
            return [row.title for row in self._rows]
        if column < _FIRST or column >= len(self.titles):
            return list(range(len(self._rows)))
        cells = [row.values[self._encoders[column - _FIRST].name] for row in self._rows]
        return [-np.inf if cell.skill is None else cell.skill for cell in cells]


def _title(name: str, encoder: Encoder) -> str:
    ranks = [f"rank {encoder.mean_rank:.2g}"] if encoder.mean_rank else []
    ranks += [f"truth {encoder.mean_rank_by_truth:.2g}"] if encoder.mean_rank_by_truth else []
    collapsed = ["⚠ collapsed"] if encoder.collapsed else []
    # In lines, so that many encoders find room side by side.
    called = name.replace(" like ", "\nlike ") if encoder.random else name
    return "\n".join([called, ", ".join(ranks), *collapsed])


def _tip(name: str, encoder: Encoder) -> str:
    what = f"{name} has learned by {encoder.method}"
    if encoder.random:
        what = f"{name}: the same network before it has learned anything"
    ranks = "Rank: the mean over what is asked without labels, 1 is the best"
    return f"{what}. {ranks}; truth: the same by what you marked."


def _data_of(row: Row, column: int, role: int) -> Any:
    if role == Qt.ItemDataRole.DisplayRole:
        unit = f" ({row.unit})" if row.unit else ""
        return row.question if column == _ABOUT else f"{row.title}{unit}"
    if role == Qt.ItemDataRole.ToolTipRole:
        counts = "The rank follows from it." if row.ranked else "The rank does not follow from it."
        return f"{begun(row.help)}. About {row.question}. {counts}"
    return None


def _data_in(row: Row, name: str, role: int) -> Any:
    cell = row.values[name]
    if role == Qt.ItemDataRole.DisplayRole:
        return f"{BETTER} {_number(cell.value)}" if cell.beats_control else _number(cell.value)
    if role == CONTROL:
        return "" if cell.control is None else _number(cell.control)
    if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
        return _in_words(row, cell, row.best == name)
    if role == Qt.ItemDataRole.FontRole and row.best == name:
        font = QFont()
        font.setBold(True)
        return font
    return None


def _in_words(row: Row, cell: Cell, is_best: bool) -> str:
    unit = f" {row.unit}" if row.unit else ""
    parts = [f"{row.title}: {_number(cell.value)}{unit}"]
    if cell.control is not None:
        how = "clearly better than" if cell.beats_control else "not clearly better than"
        parts.append(f"{how} its control, {_number(cell.control)}{unit}")
    return ", ".join([*parts, "the best of all"] if is_best else parts)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
