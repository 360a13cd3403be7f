"""Where the dock *Embeddings* lies in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QDockWidget, QMainWindow

if TYPE_CHECKING:
    import napari.viewer
    from qtpy.QtWidgets import QWidget

    from napari_localcl.widgets.dock import LocalCL
    from napari_localcl.widgets.embeddings import Embeddings

# As napari calls it when it is opened from the menu, so that there is only one.
EMBEDDINGS = "Embeddings (LocalCL)"


class EmbeddingsDock(QObject):
    """Shows *Embeddings* behind the dock `LocalCL`, as a tab.

    Parameters
    ----------
    viewer : napari.Viewer
        In whose window.
    dock : LocalCL
        Whose images.
    """

    def __init__(self, viewer: napari.viewer.Viewer, dock: LocalCL) -> None:
        super().__init__(dock)
        self._viewer, self._dock = viewer, dock
        self._widget: Embeddings | None = None

    @property
    def widget(self) -> Embeddings:
        """The dock's content, shown or not."""
        if self._widget is None:
            # Here, because opening LocalCL should not wait for it.
            from napari_localcl.widgets.embeddings import Embeddings

            dock = self._dock
            self._widget = Embeddings(self._viewer, dock.session, dock.canvas, dock.finder)
        return self._widget

    @property
    def made(self) -> Embeddings | None:
        """The dock's content, if anybody has opened it."""
        return self._widget

    def show(self) -> None:
        """Open it, or bring it to the front."""
        if not self._is_docked:
            self._viewer.window.add_dock_widget(self.widget, name=EMBEDDINGS, area="right")
        self.lay_beside()

    def lay_beside(self) -> None:
        """Make it a tab beside LocalCL: both need the whole height."""
        window, docked = self._dock.window(), self.widget.parentWidget()
        own = self._dock.parentWidget()
        if not isinstance(docked, QDockWidget):
            return
        are_docks = isinstance(window, QMainWindow) and isinstance(own, QDockWidget)
        if are_docks and not docked.isFloating() and docked not in window.tabifiedDockWidgets(own):
            window.tabifyDockWidget(own, docked)
        docked.show()
        docked.raise_()

    def free(self) -> None:
        """Take it out of the window, for somebody else to put it there."""
        if self._is_docked:
            self._viewer.window.remove_dock_widget(self._widget)

    def close_work(self) -> None:
        """End its work."""
        if self._widget is not None:
            self._widget.close_work()

    def close(self) -> None:
        """Take it away for good."""
        if self._widget is not None:
            self.free()
            self._widget.deleteLater()
            self._widget = None

    @property
    def _is_docked(self) -> bool:
        parent: QWidget | None = self._widget.parentWidget() if self._widget else None
        return parent is not None
