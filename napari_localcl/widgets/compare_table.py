"""A table of figures, each with its control in grey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QPalette, QTextOption
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from napari_localcl.widgets.compare_model import CONTROL, CompareModel
from napari_localcl.widgets.controls import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtpy.QtCore import QModelIndex
    from qtpy.QtGui import QPainter

    from napari_localcl.widgets.compare_report import CompareReport

_GREY = 0.6  # of the text's own colour, which is black or white
_GAP, _EDGE = 12, 6  # pixels before and after a control
_ABOUT = 110  # pixels at most of what figures are about, which is said in their tips too


class CompareTable(QTableView):
    """Shows a report; a click on a title sorts."""

    def __init__(self) -> None:
        super().__init__()
        self.figures = CompareModel()
        self.setModel(self.figures)
        self.setItemDelegate(_Delegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        self.setWordWrap(False)
        # The tab key goes on to the buttons.
        self.setTabKeyNavigation(False)
        self.setSortingEnabled(True)
        self.sortByColumn(1, Qt.SortOrder.AscendingOrder)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        describe(
            self,
            "Figures",
            "How well each run and the same network before learning do on these images; "
            "a click on a title sorts",
        )

    def show_report(self, report: CompareReport, names: Mapping[str, str]) -> None:
        """Show a report, and its runs by what people call them."""
        self.figures.show(report, names)
        self.sortByColumn(1, Qt.SortOrder.AscendingOrder)
        self.resizeColumnsToContents()
        self.setColumnWidth(1, min(self.columnWidth(1), _ABOUT))


class _Delegate(QStyledItemDelegate):
    """Draws a control behind its figure."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw both."""
        super().paint(painter, option, index)
        if not index.data(CONTROL):
            return
        own = QStyleOptionViewItem(option)
        self.initStyleOption(own, index)
        chosen = own.state & QStyle.StateFlag.State_Selected
        roles = QPalette.ColorRole
        colour = own.palette.color(roles.HighlightedText if chosen else roles.Text)
        colour.setAlphaF(_GREY)
        painter.save()
        painter.setPen(colour)
        painter.setFont(option.font)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        place = QRectF(own.rect.adjusted(0, 0, -_EDGE, 0))
        painter.drawText(place, index.data(CONTROL), QTextOption(flags))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802
        """Leave room for both."""
        size = super().sizeHint(option, index)
        control = index.data(CONTROL)
        if not control:
            return size
        width = option.fontMetrics.horizontalAdvance(control) + _GAP + _EDGE
        return QSize(size.width() + width, size.height())
