"""Places as small pictures, best first; one click goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QListView, QListWidget, QListWidgetItem

from napari_localcl.widgets.controls import describe
from napari_localcl.widgets.thumbnails import SIDE, Spot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_localcl.widgets.thumbnails import Thumbnails

_ROOM = (SIDE + 26, SIDE + 44)


class Gallery(QListWidget):
    """Small pictures with a caption each.

    Parameters
    ----------
    thumbnails : Thumbnails
        Where the pictures come from.

    Attributes
    ----------
    wanted : Signal of Spot
        Somebody wants to see this place.
    """

    wanted = Signal(object)

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._thumbnails = thumbnails
        self._rows: dict[Spot, QListWidgetItem] = {}
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setWordWrap(True)
        self.setIconSize(QSize(SIDE, SIDE))
        self.setGridSize(QSize(*_ROOM))
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        describe(
            self, "Gallery", "The places most like the examples, best first; one click goes there"
        )
        self.setToolTip("")
        self.itemClicked.connect(self._on_item)
        self.itemActivated.connect(self._on_item)
        thumbnails.made.connect(self._on_made)

    def fill(self, rows: Sequence[tuple[Spot, str, str]]) -> None:
        """Show places, each with a caption and a tip; those shown already stay as they are."""
        if list(self._rows) == [spot for spot, _, _ in rows]:
            return
        self.clear()
        self._rows = {}
        for spot, caption, tip in rows:
            item = QListWidgetItem(
                QIcon(self._thumbnails.get(spot) or self._thumbnails.blank), caption
            )
            item.setToolTip(tip)
            item.setData(Qt.ItemDataRole.UserRole, spot)
            self._rows[spot] = item
            self.addItem(item)
        self._thumbnails.want([spot for spot, _, _ in rows])

    def _on_item(self, item: QListWidgetItem) -> None:
        self.wanted.emit(item.data(Qt.ItemDataRole.UserRole))

    def _on_made(self, spot: Spot) -> None:
        if spot in self._rows:
            self._rows[spot].setIcon(QIcon(self._thumbnails.get(spot)))
