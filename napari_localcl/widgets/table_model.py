"""What tables of this window have in common: nothing in them is edited, and columns explain."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt


class TableModel(QAbstractTableModel):
    """Rows in the order that a subclass keeps in `_order`; a title and a tip for each column."""

    titles: ClassVar[tuple[str, ...]]
    tips: ClassVar[tuple[str, ...]]

    def __init__(self) -> None:
        super().__init__()
        self._order: np.ndarray = np.array([], int)

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802 (Qt's name)
        """Return how many rows are shown."""
        return len(self._order)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802 (Qt's name)
        """Return how many columns there are."""
        return len(self.titles)

    def headerData(  # noqa: N802 (Qt's name)
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return the title of a column, or what is meant by it."""
        texts = {Qt.ItemDataRole.DisplayRole: self.titles, Qt.ItemDataRole.ToolTipRole: self.tips}
        if role not in texts or orientation != Qt.Orientation.Horizontal:
            return None
        return texts[role][section]
