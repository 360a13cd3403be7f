"""Shapes that a person draws on the image at hand, kept as masks of the image's size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_localcl.data.errors import BadInput
from napari_localcl.widgets.background import Background

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import napari.viewer
    import numpy.typing as npt
    from napari.layers import Labels, Shapes

    from napari_localcl.widgets.canvas import Canvas

    Mask = npt.NDArray[np.bool_]

DRAWING = "Draw the shape here"
_BRUSHES = 40  # so many brush strokes go across the image
_EMPTY = "nothing is drawn yet: draw the shape on the image first"


class ShapeDrawing(QObject):
    """A layer to draw on, and the mask that becomes of it.

    Parameters
    ----------
    viewer : napari.Viewer
        Where people draw.
    canvas : Canvas
        What they draw on.

    Attributes
    ----------
    changed : Signal
        There is a layer to draw on, or none any more.
    kept : Signal of Path
        What was drawn is a file.
    failed : Signal of str
        Why it is none.
    """

    changed = Signal()
    kept = Signal(object)
    failed = Signal(str)

    def __init__(
        self, viewer: napari.viewer.Viewer, canvas: Canvas, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer, self._canvas = viewer, canvas
        self._layer: Shapes | Labels | None = None
        self._writing = Background(self)
        self._writing.result.connect(self._on_written)
        self._writing.failed.connect(self.failed)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def is_drawing(self) -> bool:
        """Whether there is a layer to draw on."""
        return self._layer is not None

    def outline(self) -> None:
        """Let people draw ellipses, or with napari's tools any other outline."""
        image = self._canvas.image
        if image is not None:
            self.give_up()
            layer = self._viewer.add_shapes(
                name=DRAWING,
                scale=image.scale,
                edge_color="#F0E442",
                face_color="#F0E44240",
                edge_width=max(1, max(image.data.shape[:2]) / 300),
                ndim=2,
            )
            self._begin(layer)
            layer.mode = "add_ellipse"

    def paint(self) -> None:
        """Let people paint."""
        image = self._canvas.image
        if image is not None:
            self.give_up()
            size = image.data.shape[:2]
            layer = self._viewer.add_labels(
                np.zeros(size, np.uint8), name=DRAWING, scale=image.scale
            )
            layer.brush_size = max(2, min(size) // _BRUSHES)
            self._begin(layer)
            layer.mode = "paint"

    def keep(self, folder: Path) -> None:
        """Write what is drawn into a folder, as a mask named like the image."""
        if self._layer is None:
            self.failed.emit(_EMPTY)
            return
        mask = self._mask()
        if not mask.any():
            self.failed.emit(_EMPTY)
            return
        self._writing.start(_write(folder / f"{_file_name(self._image)}.png", mask))

    def give_up(self) -> None:
        """Take the layer away."""
        if self._layer is not None:
            self._viewer.layers.remove(self._layer)
            self._viewer.layers.selection.active = self._canvas.image

    def close(self) -> None:
        """Forget the viewer; a layer that is drawn on stays."""
        self._writing.stop()
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _begin(self, layer: Shapes | Labels) -> None:
        self._layer = layer
        self._image = self._canvas.image.metadata["image"]
        self._size = self._canvas.image.data.shape[:2]
        self._viewer.layers.selection.active = layer
        self.changed.emit()

    def _mask(self) -> Mask:
        if hasattr(self._layer, "to_masks"):
            masks = self._layer.to_masks(mask_shape=self._size)
            return np.asarray(masks, bool).any(axis=0) if len(masks) else np.zeros(self._size, bool)
        return np.asarray(self._layer.data) > 0

    def _on_written(self, path: Path) -> None:
        self.give_up()
        self.kept.emit(path)

    def _on_removed(self, event: object) -> None:
        if event.value == self._layer:
            self._layer = None
            self.changed.emit()


def _file_name(image: str) -> str:
    """Return what the shape drawn on an image is called: the image, its folders and slice too."""
    return image.replace("/", "_").replace("#", "_")


def _write(path: Path, mask: Mask) -> Generator[None, None, Path]:
    from PIL import Image

    from napari_localcl.data.atomic import keep_last, replacing

    yield
    try:
        keep_last(path)
        with replacing(path) as part:
            Image.fromarray(mask.astype(np.uint8) * 255).save(part, format="PNG")
    except OSError as error:
        raise BadInput(f"{path} cannot be written ({error.strerror or error})") from error
    return path
