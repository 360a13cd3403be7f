"""The image at hand and its points as napari layers."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_localcl.data.marks import is_machine
from napari_localcl.widgets.image_looks import ImageLooks
from napari_localcl.widgets.pictures import Pictures, likely_next

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import napari.viewer
    from napari.layers import Image, Points

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.widgets.picture import Picture
    from napari_localcl.widgets.session import Session

LANDMARKS = "Landmarks"
# Okabe and Ito's orange and sky blue, which colour-blind people can tell; the symbols tell it too.
_LOOKS = {False: ("disc", "#56B4E9"), True: ("diamond", "#E69F00")}


class Canvas(QObject):
    """Shows the session's image and points, and takes back what people do to them.

    Attributes
    ----------
    placing_changed : Signal of bool
        Whether the next click places a landmark.
    keeps_camera : bool
        Whether zoom and place stay when another image comes.
    looks : ImageLooks
        Whether brightness stays too.
    """

    placing_changed = Signal(bool)

    def __init__(
        self, viewer: napari.viewer.Viewer, session: Session, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.keeps_camera = True
        self._viewer = viewer
        self._session = session
        self._image: Image | None = None
        self._picture: Picture | None = None
        self._points: Points | None = None
        self._shown: tuple[Landmark, ...] = ()
        self._landmark = ""
        self._filling = False
        self.looks = ImageLooks(viewer, self)
        self._loading = Pictures(self)
        self._loading.ready.connect(self._show_picture)
        self._loading.failed.connect(session.problem)
        session.opened.connect(self._forget_view)
        session.image_changed.connect(self._load)
        session.annotations_changed.connect(self.refresh)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def is_placing(self) -> bool:
        """Whether the next click places a landmark."""
        return bool(self._landmark)

    def place(self, landmark: str) -> None:
        """Let the next click place this landmark."""
        if self._points is None:
            return
        self._landmark = landmark
        self._viewer.layers.selection.active = self._points
        self._points.mode = "add"
        self.placing_changed.emit(True)

    def stop_placing(self) -> None:
        """Let clicks choose and move points again."""
        if self._points is not None and self._points.mode == "add":
            self._points.mode = "select"
        if self._landmark:
            self._landmark = ""
            self.placing_changed.emit(False)

    def close(self) -> None:
        """Forget the viewer; its layers stay."""
        self._loading.close()
        self.looks.forget(self._image)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        if self._points is not None:
            self._points.events.data.disconnect(self._on_data)
            self._points.events.mode.disconnect(self._on_mode)

    # The image

    def _forget_view(self) -> None:
        """Show the whole of the next image: it belongs to another project."""
        self._picture = None

    def _load(self) -> None:
        self.stop_placing()
        self._loading.show(self._session.plane, likely_next(self._session))

    def _show_picture(self, picture: Picture) -> None:
        if picture.name != self._session.image:
            return
        before, self._picture = self._picture, picture
        self._image = self.looks.show(self._image, picture, self._points)
        self._image.metadata = {"image": picture.name}
        self.refresh()
        if before is None or not (self.keeps_camera and picture.is_sized_like(before)):
            self._viewer.reset_view()

    # The points

    def refresh(self) -> None:
        """Show the points of the image at hand."""
        if self._image is None or self._session.project is None:
            return
        layer = self._points = self._points or self._add_points()
        self._shown = self._session.points
        with self._fill():
            layer.selected_data = set()
            layer.data = np.array([(p.y, p.x) for p in self._shown]).reshape(-1, 2)
            layer.scale = self._image.scale
            layer.features = _features(self._shown)
            layer.metadata = {"image": self._session.image}
            layer.size = max(self._image.data.shape[:2]) / 45
            _set_looks(layer, self._shown)

    def _add_points(self) -> Points:
        text = {"string": "{shown_as}", "size": 10, "anchor": "upper_left", "color": "white"}
        layer = self._viewer.add_points(
            np.empty((0, 2)), name=LANDMARKS, features=_features(()), text=text, ndim=2
        )
        layer.mode = "select"
        layer.events.data.connect(self._on_data)
        layer.events.mode.connect(self._on_mode)
        return layer

    @contextmanager
    def _fill(self) -> Iterator[None]:
        """Tell our own changes of the points from a person's."""
        self._filling = True
        try:
            yield
        finally:
            self._filling = False

    def _on_data(self, event: Any) -> None:
        if self._filling or self._points is None or self._session.project is None:
            return
        action, indices = str(getattr(event.action, "value", event.action)), event.data_indices
        if action == "added":
            self._on_added()
        elif action == "changed":
            self._on_moved(indices)
        elif action == "removed":
            self._on_deleted(indices)

    def _on_added(self) -> None:
        assert self._points is not None
        y, x = self._points.data[-1].tolist()
        landmark = self._landmark
        self.stop_placing()
        if landmark:
            self._session.place(landmark, y, x)
        else:
            self._session.problem.emit("name the landmark first, in step 3")
            self.refresh()

    def _on_moved(self, indices: Sequence[int]) -> None:
        assert self._points is not None
        for index in indices:
            y, x = self._points.data[index].tolist()
            self._session.place(self._shown[index].landmark, y, x)

    def _on_deleted(self, indices: Sequence[int]) -> None:
        for index in indices:
            self._session.remove(self._shown[index].landmark)

    def _on_mode(self) -> None:
        if self._points is not None and self._points.mode != "add":
            self.stop_placing()

    def _on_removed(self, event: Any) -> None:
        if event.value == self._image:
            self._image = self._picture = None
        elif event.value == self._points:
            self._points = None


def _features(points: Sequence[Landmark]) -> dict[str, list[Any]]:
    return {
        "landmark": [point.landmark for point in points],
        "source": [point.source for point in points],
        "confidence": [np.nan if p.confidence is None else p.confidence for p in points],
        "shown_as": [_words(point) for point in points],
    }


def _words(point: Landmark) -> str:
    if not is_machine(point.source):
        return point.landmark
    sure = "" if point.confidence is None else f" {point.confidence:.0%}"
    return f"{point.landmark}?{sure}"


def _set_looks(layer: Points, points: Sequence[Landmark]) -> None:
    if not points:
        return
    looks = [_LOOKS[is_machine(point.source)] for point in points]
    layer.symbol = [symbol for symbol, _ in looks]
    layer.border_color = [colour for _, colour in looks]
    layer.face_color = [colour for _, colour in looks]
