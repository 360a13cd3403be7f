"""The predictions as a table, the least sure first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

from napari_localcl.data.review import Doubt

if TYPE_CHECKING:
    from napari_localcl.data.project_annotations import Annotations

_TITLES = ("Image", "Landmark", "Sure")


class Doubts(QAbstractTableModel):
    """A row for each prediction that waits for a person; made when it comes into sight."""

    def __init__(self) -> None:
        super().__init__()
        self._annotations: Annotations | None = None
        self._order = np.zeros((0, 2), int)
        self._confidence = np.zeros((0, 0))

    def show(self, annotations: Annotations | None) -> None:
        """Show the predictions of a state."""
        self.beginResetModel()
        self._annotations = annotations
        self._confidence = annotations.confidences() if annotations else np.zeros((0, 0))
        waiting = np.argwhere(np.isfinite(self._confidence))
        sure = self._confidence[tuple(waiting.T)]
        self._order = waiting[np.argsort(sure, kind="stable")]
        self.endResetModel()

    def doubt(self, row: int) -> Doubt:
        """Return the prediction in a row."""
        assert self._annotations is not None
        landmark, image = self._order[row]
        return Doubt(
            self._annotations.images.names[image],
            self._annotations.names[landmark],
            float(self._confidence[landmark, image]),
        )

    def row_of(self, doubt: Doubt) -> int:
        """Return the row of a prediction, -1 if it does not wait any more."""
        if self._annotations is None or doubt.landmark not in self._annotations.names:
            return -1
        place = (
            self._annotations.names.index(doubt.landmark),
            self._annotations.images.index(doubt.image),
        )
        rows = np.flatnonzero((self._order == place).all(axis=1))
        return int(rows[0]) if rows.size else -1

    def count_below(self, confidence: float) -> int:
        """Return how many are less sure than this."""
        return int(np.count_nonzero(self._confidence < confidence))

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802 (Qt's name)
        """Return how many predictions wait."""
        return len(self._order)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802 (Qt's name)
        """Return how many columns there are."""
        return len(_TITLES)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        doubt = self.doubt(index.row())
        return (doubt.image, doubt.landmark, f"{doubt.confidence:.0%}")[index.column()]

    def headerData(  # noqa: N802 (Qt's name)
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return the title of a column."""
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return _TITLES[section]
