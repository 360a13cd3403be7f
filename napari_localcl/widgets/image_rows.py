"""The images of a project as a table that can be sorted and filtered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QModelIndex, Qt

from napari_localcl.data.review import Status
from napari_localcl.widgets.table_model import TableModel

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_localcl.data.project import Project
    from napari_localcl.data.review import ImageRows


class ImageTableModel(TableModel):
    """A row for each image; it is made when it comes into sight.

    Sorting and filtering are done here, on whole columns: Qt's own way would ask for each of ten
    thousand rows many times.
    """

    titles = ("Image", "Size", "Status", "Sure")
    tips = (
        "The image; a slice of a volume has its number behind the #",
        "Width x height in pixels",
        "How far the image is",
        "The least sure of its predictions",
    )

    def __init__(self) -> None:
        super().__init__()
        self._rows: ImageRows | None = None
        self._names: tuple[str, ...] = ()
        self._lowered: npt.NDArray[np.str_] = np.array([], str)
        self._areas = np.array([], int)
        self._column, self._descending = 0, False
        self._text, self._status = "", None

    # What is shown

    def open(self, project: Project) -> None:
        """Show the images of another project."""
        images = project.annotations.images
        self._names = images.names
        self._lowered = np.char.lower(np.array(images.names, str))
        self._areas = np.prod(np.array(images.sizes), axis=1)
        self._text, self._status = "", None
        self.refresh(project.rows)

    def refresh(self, rows: ImageRows) -> None:
        """Show another state of the same images."""
        self._rows = rows
        before, self._order = self._order, self._arranged(rows)
        if np.array_equal(before, self._order):
            if len(before):
                last = self.index(len(before) - 1, len(self.titles) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
        else:
            self.beginResetModel()
            self.endResetModel()

    def filter(self, text: str, status: Status | None) -> None:
        """Show only images whose name contains a text, and of one status."""
        self._text, self._status = text.strip().lower(), status
        if self._rows is not None:
            self.refresh(self._rows)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; images that have nothing there come last."""
        self._column, self._descending = column, order == Qt.SortOrder.DescendingOrder
        if self._rows is not None:
            self.refresh(self._rows)

    def name(self, row: int) -> str:
        """Return the image in a row."""
        return self._names[self._order[row]]

    def row_of(self, place: int) -> int:
        """Return the row of the image at a place in the project; -1 if it is filtered out."""
        rows = np.flatnonzero(self._order == place)
        return int(rows[0]) if rows.size else -1

    def _arranged(self, rows: ImageRows) -> npt.NDArray[np.intp]:
        keys = (np.arange(len(rows)), self._areas, rows.statuses, rows.confidences)
        key = keys[self._column].astype(float)
        key = np.where(self._descending & np.isfinite(key), -key, key)
        order = np.argsort(key, kind="stable")
        return order[self._is_wanted(rows)[order]]

    def _is_wanted(self, rows: ImageRows) -> npt.NDArray[np.bool_]:
        wanted = np.ones(len(rows), bool)
        if self._text:
            wanted &= np.char.find(self._lowered, self._text) >= 0
        if self._status is not None:
            wanted &= rows.statuses == list(Status).index(self._status)
        return wanted

    # What Qt asks

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        assert self._rows is not None
        row = self._rows[int(self._order[index.row()])]
        sure = "" if row.confidence is None else f"{row.confidence:.0%}"
        height, width = row.size
        return (row.name, f"{width}x{height}", str(row.status), sure)[index.column()]
