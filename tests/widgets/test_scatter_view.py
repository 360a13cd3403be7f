"""The plot under the mouse and under the keyboard."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QKeyEvent, QMouseEvent
from qtpy.QtWidgets import QApplication

from napari_localcl.widgets.scatter_view import ScatterView

SQUARE = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [0.5, 0.5]], np.float32)


@pytest.fixture
def view(qapp):
    view = ScatterView()
    view.resize(300, 200)
    view.show()
    qapp.processEvents()
    view.set_points(SQUARE, np.full(5, 0xFFFF0000, np.uint32))
    yield view
    view.close()
    view.deleteLater()


def send(view, kind, x, y, keys=Qt.KeyboardModifier.NoModifier):
    button = Qt.MouseButton.LeftButton
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
    QApplication.sendEvent(view, QMouseEvent(kind, QPointF(x, y), button, held, keys))


def drag(view, places, keys=Qt.KeyboardModifier.NoModifier):
    (first, *others) = places
    send(view, QEvent.Type.MouseButtonPress, *first, keys)
    for place in others:
        send(view, QEvent.Type.MouseMove, *place, keys)
    send(view, QEvent.Type.MouseButtonRelease, *places[-1], keys)


def press(view, key):
    QApplication.sendEvent(
        view, QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)
    )


def around(view, point, side=20):
    middle = view.place_of(point)
    corners = ((-side, -side), (side, -side), (side, side), (-side, side))
    return [(middle.x() + x, middle.y() + y) for x, y in corners]


def test_a_lasso_chooses_what_it_goes_around_and_is_drawn_meanwhile(view):
    chosen = []
    view.chosen.connect(chosen.append)
    drag(view, around(view, 4), Qt.KeyboardModifier.ShiftModifier)
    view.is_lasso = True
    drag(view, [(1, 1), (299, 1), (299, 199), (1, 199)])
    assert chosen[0].tolist() == [False] * 4 + [True]
    assert chosen[1].all()


def test_a_click_means_the_nearest_point_and_the_ground_means_nothing(view):
    clicked, hovered = [], []
    view.clicked.connect(clicked.append)
    view.hovered.connect(hovered.append)
    at = view.place_of(3)
    drag(view, [(at.x() + 3, at.y()), (at.x() + 4, at.y() + 1)])
    drag(view, [(150, 40), (150, 41)])
    assert clicked == [3]
    QApplication.sendEvent(
        view,
        QMouseEvent(
            QEvent.Type.MouseMove,
            view.place_of(2),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
        ),
    )
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert hovered == [2, -1]


def test_dragging_and_keys_move_and_home_comes_back(view):
    at = view.place_of(0)
    drag(view, [(150, 100), (170, 110)])
    moved = view.place_of(0)
    assert (moved.x() - at.x(), moved.y() - at.y()) == pytest.approx((20, 10), abs=0.1)
    press(view, Qt.Key.Key_Left)
    assert view.place_of(0).x() == pytest.approx(moved.x() + 40, abs=0.1)
    wide = view.place_of(1).x() - view.place_of(0).x()
    press(view, Qt.Key.Key_Plus)
    assert view.place_of(1).x() - view.place_of(0).x() == pytest.approx(1.25 * wide, rel=1e-3)
    press(view, Qt.Key.Key_Home)
    assert (view.place_of(0).x(), view.place_of(0).y()) == pytest.approx((at.x(), at.y()), abs=0.1)


def test_points_are_seen_and_those_not_chosen_fade(view):
    def reds():
        picture = view.grab().toImage()
        at = [view.place_of(point) for point in range(5)]
        return [picture.pixelColor(int(p.x()), int(p.y())).red() for p in at]

    assert min(reds()) == 255
    choice = np.zeros(5, bool)
    choice[4] = True
    view.choose(choice)
    shown = reds()
    assert shown[4] == 255
    ground = view.palette().base().color().red()
    assert all(abs(red - 255) > 20 or ground > 200 for red in shown[:4])
