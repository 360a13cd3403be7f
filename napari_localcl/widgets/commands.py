"""What napari's menus and its command palette can do with the dock that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari
from napari.utils.notifications import show_info
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_localcl.widgets.controls import make_button, make_label

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_localcl.widgets.dock import LocalCL

_FIRST = "Open LocalCL first: Plugins > LocalCL."


def next_image() -> None:
    """Go to the next image."""
    _with_dock(lambda dock: dock.session.go_by(1))


def previous_image() -> None:
    """Go to the image before."""
    _with_dock(lambda dock: dock.session.go_by(-1))


def next_uncertain() -> None:
    """Go to the least sure prediction."""
    _with_dock(lambda dock: dock.session.next_uncertain())


def next_unannotated() -> None:
    """Go to the next image of which nothing is known."""
    _with_dock(lambda dock: dock.navigator.next_unannotated())


def accept() -> None:
    """Accept the prediction at hand."""
    _with_dock(lambda dock: dock.session.accept())


def reject() -> None:
    """Reject the prediction at hand."""
    _with_dock(lambda dock: dock.session.reject())


def compare() -> None:
    """Show which of the models suits the images best."""
    _with_dock(lambda dock: dock.learn.compare())


def training_monitor() -> QWidget:
    """Return the monitor of the dock that is open; without one, a word on what to do."""
    dock = open_dock()
    if dock is None:
        return _Hint()
    dock.free_monitor()
    # napari puts it beside the picture; it needs the width below it.
    QTimer.singleShot(0, dock.lay_monitor_below)
    return dock.monitor


def embeddings() -> QWidget:
    """Return *Embeddings* of the dock that is open; without one, a word on what to do."""
    dock = open_dock()
    if dock is None:
        return _Hint()
    dock.embeddings.free()
    # napari puts it below the dock; both need the whole height.
    QTimer.singleShot(0, dock.embeddings.lay_beside)
    return dock.embeddings.widget


def open_dock() -> LocalCL | None:
    """Return the dock of the present viewer; None if it is not open."""
    from napari_localcl.widgets.dock import LocalCL

    viewer = napari.current_viewer()
    docked = viewer.window.dock_widgets.values() if viewer else ()
    return next((widget for widget in docked if isinstance(widget, LocalCL)), None)


def _with_dock(act: Callable[[LocalCL], None]) -> None:
    dock = open_dock()
    if dock is None:
        show_info(_FIRST)
    else:
        act(dock)


class _Hint(QWidget):
    """Stands in for a second dock until the first is open."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.addWidget(make_label(f"{_FIRST} This dock belongs to it."))
        column.addWidget(make_button("Open LocalCL", "Open the dock", self._open))
        column.addStretch()

    def _open(self) -> None:
        viewer = napari.current_viewer()
        viewer.window.add_plugin_dock_widget("napari-localcl", "LocalCL")
        viewer.window.remove_dock_widget(self)
