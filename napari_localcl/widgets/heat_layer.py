"""A heat map as a layer over the image at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_localcl.widgets.similarity import heat_colours

if TYPE_CHECKING:
    import napari.viewer
    from napari.layers import Image

    from napari_localcl.data.heat_map import HeatMap
    from napari_localcl.widgets.canvas import Canvas


class HeatLayer(QObject):
    """Lays heat maps over the image at hand, one at a time.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.
    canvas : Canvas
        What lies below.
    name : str
        What the layer is called.

    Attributes
    ----------
    wanted : Signal of bool
        Somebody has hidden or shown it in napari's list of layers, or removed it.
    layer : Image or None
        The layer, once there was a map.
    """

    wanted = Signal(bool)

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        canvas: Canvas,
        name: str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._canvas, self._called = viewer, canvas, name
        self.layer: Image | None = None
        self._changing = False
        viewer.layers.events.removed.connect(self._on_removed)

    def show(self, heat: HeatMap, name: str, facts: dict[str, object]) -> None:
        """Show a map of the image at hand; nothing happens if another one is by now."""
        image = self._canvas.image
        if image is None or image.metadata["image"] != heat.image:
            return
        layer = self.layer = self.layer if self.layer is not None else self._add()
        scale = np.asarray(image.scale)
        self._changing = True
        layer.data = heat.values
        layer.scale = scale * heat.cell
        layer.translate = scale * heat.corner
        layer.metadata = {"image": heat.image, **facts}
        layer.name = name
        layer.visible = True
        self._changing = False

    def hide(self) -> None:
        """Show the image as it is."""
        if self.layer is not None and self.layer.visible:
            self._changing = True
            self.layer.visible = False
            self._changing = False

    def close(self) -> None:
        """Forget the viewer; the layer stays."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        if self.layer is not None:
            self.layer.events.visible.disconnect(self._on_visible)

    def _add(self) -> Image:
        layers = self._viewer.layers
        active = layers.selection.active
        layer = self._viewer.add_image(
            np.zeros((2, 2), np.float32),
            name=self._called,
            visible=False,
            colormap=heat_colours(),
            blending="translucent_no_depth",
            opacity=0.6,
            contrast_limits=(0, 1),
            interpolation2d="linear",
        )
        layer.events.visible.connect(self._on_visible)
        layers.move(layers.index(layer), layers.index(self._canvas.image) + 1)
        # The new layer would take the clicks that are meant for another one.
        layers.selection.active = active
        return layer

    def _on_visible(self) -> None:
        if not self._changing and self.layer is not None:
            self.wanted.emit(self.layer.visible)

    def _on_removed(self, event: Any) -> None:
        if event.value == self.layer:
            self.layer = None
            self.wanted.emit(False)
