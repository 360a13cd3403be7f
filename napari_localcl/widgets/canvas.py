"""The image at hand and its points as napari layers."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_localcl.widgets.image_looks import ImageLooks
from napari_localcl.widgets.pictures import Pictures, likely_next
from napari_localcl.widgets.points_layer import fit_to_screen, make_points, places, show_points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import napari.viewer
    from napari.layers import Image, Points

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.widgets.picture import Picture
    from napari_localcl.widgets.session import Session


class Canvas(QObject):
    """Shows the session's image and points, and takes back what people do to them.

    Attributes
    ----------
    placing_changed : Signal of bool
        Whether the next click places a landmark.
    shown : Signal
        The image at hand is there to be seen.
    hovered : Signal of (float, float)
        Where in the image, in file pixels, the mouse is while a landmark is being placed.
    keeps_camera : bool
        Whether zoom and place stay when another image comes.
    looks : ImageLooks
        Whether brightness stays too.
    """

    placing_changed = Signal(bool)
    shown = Signal()
    hovered = Signal(float, float)

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
        session.doubt_changed.connect(self._on_zoom)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.scene.camera.events.zoom.connect(self._on_zoom)

    @property
    def is_placing(self) -> bool:
        """Whether the next click places a landmark."""
        return bool(self._landmark)

    @property
    def image(self) -> Image | None:
        """The layer of the image at hand, once it is there."""
        # Until it is, the picture of another project may be there, of an image of the same name.
        is_there = self._image is not None and self._picture is not None
        is_at_hand = is_there and self._image.metadata["image"] == self._session.image
        return self._image if is_at_hand else None

    def place(self, landmark: str) -> None:
        """Let the next click place this landmark."""
        if self._points is None:
            return
        self._landmark = landmark
        self._viewer.layers.selection.active = self._points
        self._points.mode = "add"
        self._viewer.mouse_move_callbacks.append(self._on_mouse)
        self.placing_changed.emit(True)

    def stop_placing(self) -> None:
        """Let clicks choose and move points again."""
        if self._points is not None and self._points.mode == "add":
            self._points.mode = "select"
        if self._landmark:
            self._landmark = ""
            self._stop_following()
            self.placing_changed.emit(False)

    def close(self) -> None:
        """Forget the viewer; its layers stay."""
        self._loading.close()
        self.looks.forget(self._image)
        self._stop_following()
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.scene.camera.events.zoom.disconnect(self._on_zoom)
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
        # Also the same points: their labels suit the image.
        self._refill(self._session.points)
        if before is None or not (self.keeps_camera and picture.is_sized_like(before)):
            self._viewer.reset_view()
        self.shown.emit()

    # The points

    def refresh(self) -> None:
        """Show the points of the image at hand, unless they are shown already."""
        if self._image is None or self._session.project is None:
            return
        points = self._session.points
        are_shown = self._points is not None and points == self._shown
        if not are_shown or not np.array_equal(self._points.data, places(points)):
            self._refill(points)

    def _refill(self, points: tuple[Landmark, ...]) -> None:
        layer = self._points = self._points or self._add_points()
        self._shown = points
        with self._fill():
            show_points(layer, self._shown, self._image)
            self._fit()
            layer.metadata = {"image": self._session.image}

    def _add_points(self) -> Points:
        layer = self._viewer.add_points(np.empty((0, 2)), **make_points())
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
        # All at once: each edit shows the points anew, and may bring another image.
        moved = {self._shown[i].landmark: tuple(self._points.data[i].tolist()) for i in indices}
        self._session.move(moved)

    def _on_deleted(self, indices: Sequence[int]) -> None:
        self._session.remove(*(self._shown[index].landmark for index in indices))

    def _on_mode(self) -> None:
        if self._points is not None and self._points.mode != "add":
            self.stop_placing()

    def _on_zoom(self) -> None:
        if self._points is not None and len(self._points.data) == len(self._shown):
            self._fit()

    def _fit(self) -> None:
        doubt = None if self._session.is_on_masks else self._session.doubt
        at_hand = doubt[:2] if doubt else None
        shown = [(point.image, point.landmark) for point in self._shown]
        row = shown.index(at_hand) if at_hand in shown else None
        fit_to_screen(self._points, self._viewer.scene.camera.zoom, row)

    def _on_mouse(self, viewer: napari.viewer.Viewer, event: Any) -> None:
        if self.image is None:
            return
        y, x = self.image.world_to_data(event.position)[-2:]
        height, width = self.image.data.shape[:2]
        if -0.5 <= y <= height - 0.5 and -0.5 <= x <= width - 0.5:
            self.hovered.emit(float(y), float(x))

    def _stop_following(self) -> None:
        with suppress(ValueError):
            self._viewer.mouse_move_callbacks.remove(self._on_mouse)

    def _on_removed(self, event: Any) -> None:
        if event.value == self._image:
            self._image = self._picture = None
        elif event.value == self._points:
            self._points = None
