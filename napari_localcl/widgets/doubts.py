"""What was predicted, rejected or marked as absent, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QModelIndex, Qt

from napari_localcl.data.marks import Kind
from napari_localcl.data.review import Doubt
from napari_localcl.widgets.table_model import TableModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_localcl.data.review import Reviewed

    Places = npt.NDArray[np.generic[Any]]


class Doubts(TableModel):
    """A row for each place of which the same kind of thing is known, the least sure first.

    Rows are made when they come into sight, so that tens of thousands cost nothing.
    """

    titles = ("Image", "What", "Sure")
    tips = (
        "Where it is",
        "What it is",
        "Of a point, how well the place resembles those that people clicked; of a mask, how "
        "decided its pixels are. It tells what to look at first and is no probability",
    )

    def __init__(self) -> None:
        super().__init__()
        self._known: Reviewed | None = None
        self._order = np.zeros((0, 2), int)
        self._confidence = np.zeros((0, 0))

    def show(
        self,
        known: Reviewed | None,
        kind: Kind = Kind.PREDICTED,
        name: str | None = None,
        order: Sequence[str] = (),
    ) -> None:
        """Show the places of a kind, of one landmark or structure or of all.

        The least sure comes first, unless there is an order of images.
        """
        self.beginResetModel()
        self._known = known
        if known is None:
            self._order = np.zeros((0, 2), int)
        else:
            self._confidence = known.confidences()
            self._order = self._places(known.kinds() == kind, name, order)
        self.endResetModel()

    def _places(self, wanted: Places, name: str | None, order: Sequence[str]) -> Places:
        assert self._known is not None
        if name is not None:
            others = [one != name for one in self._known.names]
            wanted[others] = False
        # By image first, for what has no confidence to go by.
        places = np.argwhere(wanted.T)[:, ::-1]
        if order:
            first = {image: place for place, image in enumerate(order)}
            ranks = [first.get(name, len(first)) for name in self._known.images.names]
            return places[np.argsort(np.array(ranks)[places[:, 1]], kind="stable")]
        sure = self._confidence[tuple(places.T)]
        return places[np.argsort(sure, kind="stable")]

    def doubt(self, row: int) -> Doubt:
        """Return the place in a row."""
        assert self._known is not None
        landmark, image = self._order[row]
        return Doubt(
            self._known.images.names[image],
            self._known.names[landmark],
            float(self._confidence[landmark, image]),
        )

    def row_of(self, doubt: Doubt) -> int:
        """Return the row of a place, -1 if it is not shown."""
        if self._known is None or doubt.name not in self._known.names:
            return -1
        place = (
            self._known.names.index(doubt.name),
            self._known.images.index(doubt.image),
        )
        rows = np.flatnonzero((self._order == place).all(axis=1))
        return int(rows[0]) if rows.size else -1

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        doubt = self.doubt(index.row())
        sure = f"{doubt.confidence:.0%}" if np.isfinite(doubt.confidence) else "-"
        return (doubt.image, doubt.name, sure)[index.column()]
