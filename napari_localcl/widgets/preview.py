"""What could be made of the image at hand, as a layer that comes and goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_localcl.widgets.background import Background

if TYPE_CHECKING:
    from collections.abc import Generator

    import napari.viewer
    from napari.layers import Layer

    from napari_localcl.widgets.canvas import Canvas
    from napari_localcl.widgets.session import Session

_PATIENCE = 250  # milliseconds after a change of the settings


class Preview(QObject):
    """Shows something of the image at hand as long as it is wanted; made off the main thread.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.
    session : Session
        Whose images.
    canvas : Canvas
        The image at hand.

    Attributes
    ----------
    shown_changed : Signal of bool
        Whether it is wanted.
    failed : Signal of str
        Why there is nothing to show.
    """

    shown_changed = Signal(bool)
    failed = Signal(str)

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        session: Session,
        canvas: Canvas,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._session, self._canvas = viewer, session, canvas
        self._layer: Layer | None = None
        self._wanted = False
        self._making = Background(self)
        self._making.result.connect(self._on_made)
        self._making.failed.connect(self._on_failed)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PATIENCE)
        self._soon.timeout.connect(self._make)
        canvas.shown.connect(self._soon.start)
        session.opened.connect(lambda: self.want(False))
        viewer.layers.events.removed.connect(self._on_removed)

    # What each preview has of its own

    def _work(self) -> Generator[None, None, Any] | None:
        """Return the work that makes it; None if there is nothing to make."""
        raise NotImplementedError

    def _show(self, made: Any) -> None:
        """Show what was made in the layer."""
        raise NotImplementedError

    # What all have

    @property
    def is_wanted(self) -> bool:
        """Whether it is to be shown."""
        return self._wanted

    @property
    def layer(self) -> Layer | None:
        """Where it is shown, once it is."""
        return self._layer

    def want(self, is_wanted: bool) -> None:
        """Show it, or take it away."""
        if is_wanted == self._wanted:
            return
        if is_wanted and self._session.project is None:
            self.shown_changed.emit(False)
            return
        self._wanted = is_wanted
        self.shown_changed.emit(is_wanted)
        if is_wanted:
            self._make()
        else:
            self._making.stop()
            if self._layer is not None:
                self._viewer.layers.remove(self._layer)

    def close(self) -> None:
        """Forget the viewer; the layer stays."""
        self._soon.stop()
        self._making.stop()
        self._wanted, self._layer = False, None
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _make(self) -> None:
        work = self._work() if self._wanted else None
        if work is not None:
            self._making.start(work)

    def _on_made(self, made: Any) -> None:
        if self._wanted and self._canvas.image is not None:
            self._show(made)

    def _on_failed(self, why: str) -> None:
        self.want(False)
        self.failed.emit(why)

    def _on_removed(self, event: Any) -> None:
        if event.value == self._layer:
            self._layer = None
            self.want(False)
