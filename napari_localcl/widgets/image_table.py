"""The list of images: which there are, how far each is, and a way to go there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_localcl.data.review import Status
from napari_localcl.widgets.controls import describe, in_row
from napari_localcl.widgets.image_rows import ImageTableModel

if TYPE_CHECKING:
    from qtpy.QtCore import QModelIndex

    from napari_localcl.widgets.session import Session


class ImageTable(QWidget):
    """The images of a session's project.

    Parameters
    ----------
    session : Session
        Whose; a click on a row takes its image in hand.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._model = ImageTableModel()
        self._table = _make_table(self._model)
        self._text = QLineEdit()
        self._text.setPlaceholderText("Filter by name…")
        self._text.setClearButtonEnabled(True)
        describe(self._text, "Filter by name", "Show only images whose name contains this")
        self._status = QComboBox()
        self._status.addItem("every status", None)
        for status in Status:
            self._status.addItem(str(status), status)
        describe(self._status, "Filter by status", "Show only images that are that far")
        self._count = QLabel()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(in_row(self._text, self._status))
        column.addWidget(self._table)
        column.addWidget(self._count)
        self._text.textChanged.connect(self._filter)
        self._status.currentIndexChanged.connect(self._filter)
        self._table.clicked.connect(self._go)
        self._table.activated.connect(self._go)
        session.opened.connect(self._open)
        session.annotations_changed.connect(self._refresh)
        session.image_changed.connect(self._select)
        self.hide()

    def _open(self) -> None:
        assert self._session.project is not None
        self._text.clear()
        self._status.setCurrentIndex(0)
        self._model.open(self._session.project)
        self.show()
        self._tell()

    def _refresh(self) -> None:
        if self._session.project is not None:
            self._model.refresh(self._session.project.rows)
            self._tell()

    def _filter(self) -> None:
        self._model.filter(self._text.text(), self._status.currentData())
        self._tell()

    def _tell(self) -> None:
        self._select()
        shown, there = self._model.rowCount(), len(self._session.names)
        self._count.setText(f"{shown} of {there} images")
        self._count.setVisible(shown < there)

    def _go(self, index: QModelIndex) -> None:
        self._session.go(self._model.name(index.row()))

    def _select(self) -> None:
        row = self._model.row_of(self._session.index)
        if 0 <= row < self._model.rowCount():
            self._table.selectRow(row)
            self._table.scrollTo(self._model.index(row, 0))
        else:
            self._table.clearSelection()


def _make_table(model: ImageTableModel) -> QTableView:
    table = QTableView()
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    # Small, so that four columns and some rows find room in a narrow dock.
    font = table.font()
    font.setPointSizeF(0.85 * font.pointSizeF())
    table.setFont(font)
    table.horizontalHeader().setFont(font)
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
    header = table.horizontalHeader()
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    # Not by the contents: that would ask for every row.
    for column, text in enumerate(("1024x768", "not annotated.", "100%"), 1):
        header.resizeSection(column, table.fontMetrics().horizontalAdvance(text) + 6)
    header.setMinimumSectionSize(24)
    # What tells files and slices apart is at the end of their names.
    table.setTextElideMode(Qt.TextElideMode.ElideLeft)
    table.setWordWrap(False)
    table.setSortingEnabled(True)
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    table.setMinimumHeight(150)
    describe(
        table,
        "Images",
        "The images of the project; a click or Enter goes there, a click on a title sorts",
    )
    return table
