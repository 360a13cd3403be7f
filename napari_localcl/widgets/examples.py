"""Clicks in images: what to look for in all of them, and what to keep away from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_localcl.data.annotations import Landmark

if TYPE_CHECKING:
    import napari.viewer
    from napari.layers import Points

    from napari_localcl.widgets.canvas import Canvas

_NAME = "Examples"
_LIKE, _UNLIKE = ("disc", "#009E73"), ("cross", "#D55E00")  # told apart without colour too
_DISC = 40  # so many points go across the image


class Examples(QObject):
    """Places that people click, shown over the image that they are of.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.
    canvas : Canvas
        The image at hand.

    Attributes
    ----------
    changed : Signal
        There are others.
    adding_changed : Signal
        Clicks add something else, or nothing any more.
    adding : bool or None
        What clicks add: a place to look for, or one to keep away from; None is nothing.
    """

    changed = Signal()
    adding_changed = Signal()

    def __init__(
        self, viewer: napari.viewer.Viewer, canvas: Canvas, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer, self._canvas = viewer, canvas
        self._all: list[tuple[Landmark, bool]] = []
        self._layer: Points | None = None
        self._filling = False
        self.adding: bool | None = None
        canvas.shown.connect(self._refill)
        canvas.placing_changed.connect(lambda is_placing: is_placing and self.add(None))
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def positive(self) -> list[Landmark]:
        """What to look for."""
        return [mark for mark, is_like in self._all if is_like]

    @property
    def negative(self) -> list[Landmark]:
        """What to keep away from."""
        return [mark for mark, is_like in self._all if not is_like]

    def add(self, is_like: bool | None) -> None:
        """Let clicks add places to look for or to keep away from; None ends it."""
        if self._canvas.image is None:
            is_like = None
        self.adding = is_like
        if is_like is not None:
            self._canvas.stop_placing()
            layer = self._layer = self._layer or self._add_layer()
            self._viewer.layers.selection.active = layer
            layer.mode = "add"
            layer.current_symbol, layer.current_face_color = _LIKE if is_like else _UNLIKE
        elif self._layer is not None and self._layer.mode == "add":
            self._layer.mode = "select"
        self.adding_changed.emit()

    def put(self, image: str, y: float, x: float, is_like: bool = True) -> None:
        """Add a place that was not clicked in the picture."""
        self._all.append((Landmark(image, "", y, x), is_like))
        if self._layer is None and self._canvas.image is not None:
            self._add_layer()
        self._refill()
        self.changed.emit()

    def clear(self) -> None:
        """Forget all places."""
        self._all = []
        self._refill()
        self.changed.emit()

    def close(self) -> None:
        """Forget the viewer; the layer stays."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        if self._layer is not None:
            self._layer.events.data.disconnect(self._on_data)
            self._layer.events.mode.disconnect(self._on_mode)

    def _add_layer(self) -> Points:
        layer = self._viewer.add_points(np.zeros((0, 2)), name=_NAME, border_color="white")
        layer.events.data.connect(self._on_data)
        layer.events.mode.connect(self._on_mode)
        self._layer = layer
        self._refill()
        return layer

    def _refill(self) -> None:
        image, layer = self._canvas.image, self._layer
        if image is None or layer is None:
            return
        self._shown = [n for n, (mark, _) in enumerate(self._all) if mark.image == self._at_hand]
        own = [self._all[number] for number in self._shown]
        self._filling = True
        layer.selected_data = set()
        layer.data = np.array([(mark.y, mark.x) for mark, _ in own]).reshape(-1, 2)
        layer.scale = image.scale
        layer.size = layer.current_size = min(image.data.shape[:2]) / _DISC
        if own:
            looks = [_LIKE if is_like else _UNLIKE for _, is_like in own]
            layer.symbol, layer.face_color = map(list, zip(*looks, strict=True))
        self._filling = False

    @property
    def _at_hand(self) -> str:
        image = self._canvas.image
        return str(image.metadata["image"]) if image is not None else ""

    def _on_data(self, event: Any) -> None:
        if self._filling:
            return
        action = str(getattr(event.action, "value", event.action))
        assert self._layer is not None
        if action == "added" and self.adding is not None:
            y, x = self._layer.data[-1].tolist()
            if self._is_inside(y, x):
                self._all.append((Landmark(self._at_hand, "", y, x), self.adding))
        elif action == "changed":
            for index in event.data_indices:
                _, is_like = self._all[self._shown[index]]
                y, x = self._layer.data[index].tolist()
                if self._is_inside(y, x):
                    self._all[self._shown[index]] = Landmark(self._at_hand, "", y, x), is_like
        elif action == "removed":
            gone = {self._shown[index] for index in event.data_indices}
            self._all = [one for number, one in enumerate(self._all) if number not in gone]
        else:
            return
        self._refill()
        self.changed.emit()

    def _is_inside(self, y: float, x: float) -> bool:
        height, width = self._canvas.image.data.shape[:2]
        return -0.5 <= y <= height - 0.5 and -0.5 <= x <= width - 0.5

    def _on_mode(self) -> None:
        if self._layer is not None and self._layer.mode != "add" and self.adding is not None:
            self.adding = None
            self.adding_changed.emit()

    def _on_removed(self, event: Any) -> None:
        if event.value == self._layer:
            self._layer, self.adding = None, None
            self._all = []
            self.adding_changed.emit()
            self.changed.emit()
