"""A scatter plot of very many points: drag to move, wheel to zoom, a lasso to choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QEvent, QPointF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QImage, QPainter, QPalette, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_localcl.widgets.controls import describe
from napari_localcl.widgets.dots import draw_dots, fainter, radius_for, visible
from napari_localcl.widgets.plane_view import PlaneView

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent, QWheelEvent

    Chosen = NDArray[np.bool_]

_NEAR = 8  # pixels around the mouse in which a point is meant
_STILL = 4  # pixels that the mouse may move in a click
_ZOOM, _STEP = 1.25, 40  # of a key: factor, pixels
_MOST_RINGS = 400
_ARROWS = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class ScatterView(QWidget):
    """Points in a plane.

    Attributes
    ----------
    hovered : Signal of int
        The point under the mouse; -1 if there is none.
    clicked : Signal of int
        A point that somebody clicked.
    chosen : Signal of ndarray (P,) bool
        The points that somebody went around with the lasso.
    is_lasso : bool
        Whether dragging draws a lasso; with Shift, it always does.
    """

    hovered = Signal(int)
    clicked = Signal(int)
    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.is_lasso = False
        self._view = PlaneView()
        self._lasso: list[QPointF] = []
        self._pressed: QPointF | None = None
        self._last: QPointF | None = None
        self._is_drag = False
        self._under = -1
        self.set_points(np.zeros((0, 2), np.float32), np.zeros(0, np.uint32))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 180)
        describe(
            self,
            "Scatter plot",
            "Drag to move, wheel to zoom, click a point to go to its image; arrows, + and - do the "
            "same, Home shows all points. Hold Shift and drag to draw a lasso.",
        )
        # The tip would lie over the points.
        self.setToolTip("")

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Take what room there is."""
        return QSize(330, 330)

    # What is shown

    def set_points(self, positions: NDArray[np.float32], inks: NDArray[np.uint32]) -> None:
        """Show points (P, 2) in colours (P,) 0xffRRGGBB; all of them come into sight."""
        self._positions = positions.astype(np.float32)
        self._choice = np.zeros(len(positions), bool)
        self._ringed = np.zeros(0, int)
        # By chance, so that no group hides the others.
        self._order = np.random.default_rng(0).permutation(len(positions))
        self._under = -1
        self.set_colours(inks)
        self.show_all()

    def move_points(self, positions: NDArray[np.float32]) -> None:
        """Put the same points elsewhere; nothing happens if they are there."""
        if not np.array_equal(positions, self._positions):
            self._positions = positions.astype(np.float32)
            self.show_all()

    def set_colours(self, inks: NDArray[np.uint32]) -> None:
        """Show the same points in other colours."""
        self._inks = inks
        self._faint = fainter(inks)
        self.update()

    def choose(self, choice: Chosen) -> None:
        """Show these points as chosen; all are the same if none is."""
        self._choice = choice
        self.update()

    def ring(self, points: NDArray[np.intp]) -> None:
        """Draw rings around points, which need not be chosen."""
        self._ringed = points
        self.update()

    def show_all(self) -> None:
        """Bring all points into sight."""
        self._view = self._view.of_all(self._positions)
        self.update()

    def move_by(self, right: float, down: float) -> None:
        """Move all points by so many pixels."""
        self._look(self._view.moved(right, down))

    def place_of(self, point: int) -> QPointF:
        """Return where a point is in the widget."""
        x, y = self._view.to_picture(self._positions[[point]])[0].tolist()
        return QPointF(x, y)

    # Drawing

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the points, those chosen on top, then rings and lasso."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        places = self._view.to_picture(self._positions)
        if len(places):
            self._paint_points(painter, places)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        painter.setPen(QPen(ink, 1.5))
        rings = [*self._ringed[:_MOST_RINGS].tolist(), *([self._under] if self._under >= 0 else ())]
        for x, y in places[rings].tolist():
            painter.drawEllipse(QPointF(x, y), 6, 6)
        if self._lasso:
            painter.setPen(QPen(ink, 1.5, Qt.PenStyle.DashLine))
            painter.drawPolygon(QPolygonF(self._lasso))

    def _paint_points(self, painter: QPainter, places: NDArray[np.float32]) -> None:
        ratio = self.devicePixelRatioF()
        size = (round(self.height() * ratio), round(self.width() * ratio))
        order, any_chosen = self._order, bool(self._choice.any())
        places = places * np.float32(ratio)
        radius = round(radius_for(int(visible(places, size).sum())) * ratio)
        inks = self._faint if any_chosen else self._inks
        self._paint(painter, draw_dots(places[order], inks[order], size, radius), ratio)
        if any_chosen:
            own = order[self._choice[order]]
            self._paint(painter, draw_dots(places[own], self._inks[own], size, radius), ratio)

    def _paint(self, painter: QPainter, dots: NDArray[np.uint32], ratio: float) -> None:
        height, width = dots.shape
        kind = QImage.Format.Format_ARGB32_Premultiplied
        picture = QImage(dots.data, width, height, 4 * width, kind)
        picture.setDevicePixelRatio(ratio)
        painter.drawImage(0, 0, picture)

    # What people do

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Keep what is seen."""
        is_first = self._view.size == (1, 1)
        self._view = self._view.sized((max(self.height(), 2), max(self.width(), 2)))
        if is_first:
            self.show_all()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        """Zoom at the mouse."""
        at = event.position()
        self._look(self._view.zoomed(1.0015 ** event.angleDelta().y(), at.x(), at.y()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Begin to drag, or a lasso."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = self._last = _at(event)
            self._is_drag = False
            shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._lasso = [self._pressed] if self.is_lasso or shift else []

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Go on with it, or say which point is under the mouse."""
        at = _at(event)
        if self._last is None or self._pressed is None:
            self._hover(self._nearest(at))
            return
        self._is_drag |= (at - self._pressed).manhattanLength() > _STILL
        if self._lasso:
            self._lasso.append(at)
            self.update()
        else:
            self.move_by(at.x() - self._last.x(), at.y() - self._last.y())
        self._last = at

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Choose what is in the lasso, or the point that was clicked."""
        if self._pressed is None or event.button() != Qt.MouseButton.LeftButton:
            return
        lasso, self._lasso = self._lasso, []
        self._pressed = self._last = None
        self.update()
        if not self._is_drag:
            point = self._nearest(_at(event))
            if point >= 0:
                self.clicked.emit(point)
        elif len(lasso) > 2:
            self.chosen.emit(self._inside(lasso))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Let go of the point under the mouse."""
        self._hover(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Move and zoom as the mouse does."""
        key = event.key()
        if key in _ARROWS:
            right, down = _ARROWS[key]
            self.move_by(_STEP * right, _STEP * down)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            factor = 1 / _ZOOM if key == Qt.Key.Key_Minus else _ZOOM
            self._look(self._view.zoomed(factor, self.width() / 2, self.height() / 2))
        elif key == Qt.Key.Key_Home:
            self.show_all()
        else:
            super().keyPressEvent(event)

    def _look(self, view: PlaneView) -> None:
        self._view = view
        self.update()

    def _hover(self, point: int) -> None:
        if point != self._under:
            self._under = point
            self.update()
            self.hovered.emit(point)

    def _nearest(self, at: QPointF) -> int:
        """Return the point nearest to a pixel, -1 if none is near; those chosen come first."""
        if not len(self._positions):
            return -1
        away = self._view.to_picture(self._positions) - np.array([at.x(), at.y()], np.float32)
        far = np.einsum("pi,pi->p", away, away)
        if self._choice.any():
            far[~self._choice] += 1
        point = int(far.argmin())
        return point if far[point] <= _NEAR**2 else -1

    def _inside(self, lasso: list[QPointF]) -> Chosen:
        """Return which points lie in a polygon: it is drawn, and looked at where they are."""
        drawn = QImage(self.size(), QImage.Format.Format_Grayscale8)
        drawn.fill(0)
        painter = QPainter(drawn)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("white"))
        painter.drawPolygon(QPolygonF(lasso))
        painter.end()
        pointer = drawn.constBits()
        pointer.setsize(drawn.sizeInBytes()) if hasattr(pointer, "setsize") else None
        rows = np.frombuffer(pointer, np.uint8).reshape(drawn.height(), drawn.bytesPerLine())
        places = self._view.to_picture(self._positions)
        inside = visible(places, (self.height(), self.width()))
        x, y = places[inside].astype(int).T
        inside[inside] = rows[y, x] > 0
        return inside


def _at(event: QMouseEvent) -> QPointF:
    # The newer name is not in Qt 5.
    return event.position() if hasattr(event, "position") else event.localPos()
