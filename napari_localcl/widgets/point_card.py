"""A card beside the mouse: what the point under it looks like, and where it is from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QFrame, QLabel, QVBoxLayout

from napari_localcl.widgets.thumbnails import SIDE, Spot

if TYPE_CHECKING:
    from napari_localcl.widgets.point_cloud import PointCloud
    from napari_localcl.widgets.scatter_view import ScatterView
    from napari_localcl.widgets.thumbnails import Thumbnails

_AWAY = 14  # pixels from the point
_WIDTH = 150


class PointCard(QFrame):
    """Lies over the plot, and lets the mouse through.

    Parameters
    ----------
    view : ScatterView
        The plot.
    thumbnails : Thumbnails
        Where the picture comes from.
    """

    def __init__(self, view: ScatterView, thumbnails: Thumbnails) -> None:
        super().__init__(view)
        self._view, self._thumbnails = view, thumbnails
        self._spot: Spot | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        # The style sheet of napari leaves frames away.
        self.setStyleSheet("PointCard { border: 1px solid palette(mid); }")
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.ToolTipBase)
        self._picture, self._text = QLabel(), QLabel()
        self._picture.setFixedSize(SIDE, SIDE)
        self._text.setWordWrap(True)
        self._text.setFixedWidth(_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(2)
        column.addWidget(self._picture)
        column.addWidget(self._text)
        thumbnails.made.connect(self._on_made)
        self.hide()

    def show_point(self, cloud: PointCloud, point: int, fact: str) -> None:
        """Show a point of a cloud, with what its colour means."""
        spot = spot_of(cloud, point)
        self._spot = spot
        self._text.setText(f"{spot.image}\n{fact}" if fact else spot.image)
        self._picture.setPixmap(self._thumbnails.get(spot) or self._thumbnails.blank)
        self._thumbnails.want([spot])
        self.adjustSize()
        at = self._view.place_of(point)
        right, below = at.x() + _AWAY, at.y() + _AWAY
        # On the other side of the point where there is no room.
        x = right if right + self.width() < self._view.width() else at.x() - _AWAY - self.width()
        y = below if below + self.height() < self._view.height() else at.y() - _AWAY - self.height()
        self.move(max(0, int(x)), max(0, int(y)))
        self.show()

    def _on_made(self, spot: Spot) -> None:
        if spot == self._spot and self.isVisible():
            self._picture.setPixmap(self._thumbnails.get(spot))


def spot_of(cloud: PointCloud, point: int) -> Spot:
    """Return where a point is: a whole image, or a place in it."""
    whole = cloud.of == "images"
    return Spot(cloud.image(point), None if whole else cloud.place(point))
