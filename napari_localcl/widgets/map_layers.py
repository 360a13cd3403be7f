"""Maps over the image at hand, each a napari layer that follows from image to image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import AVAILABLE_COLORMAPS
from qtpy.QtCore import QObject, Signal

from napari_localcl.widgets.similarity import heat_colours

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari.viewer
    from napari.layers import Image, Layer

    from napari_localcl.data.heat_map import HeatMap
    from napari_localcl.widgets.canvas import Canvas
    from napari_localcl.widgets.explorer import Explorer


@dataclass(frozen=True)
class MapKind:
    """A kind of map.

    Attributes
    ----------
    title, tip : str
        What it is called, and a sentence on what it shows.
    add : str
        The viewer's method that makes its layer.
    values : callable
        From the cells' values to the layer's data.
    looks : mapping
        Further keywords of its layer.
    """

    title: str
    tip: str
    add: str
    values: Callable[[np.ndarray], np.ndarray]
    looks: dict[str, Any] = field(default_factory=dict)


_SMOOTH = {"interpolation2d": "linear", "opacity": 0.6, "blending": "translucent_no_depth"}
_HEAT = {**_SMOOTH, "contrast_limits": (0, 1)}
KINDS = {
    "colours": MapKind(
        "Principal components",
        "The three main directions of all embeddings as red, green and blue: what has the same "
        "colour looks the same to the model, in all images",
        "add_image",
        lambda values: values.clip(0, 1),
        {**_SMOOTH, "rgb": True},
    ),
    "clusters": MapKind(
        "Clusters",
        "Places that look alike to the model have the same number in all images; cluster 1 is the "
        "largest",
        "add_labels",
        lambda values: values.round().astype(np.uint8),
        {"opacity": 0.45},
    ),
    "rarity": MapKind(
        "Uniqueness",
        "Bright where nothing in the other images looks like it: lesions, artefacts, and what "
        "would make a good landmark",
        "add_image",
        lambda values: values.clip(0, 1),
        {**_HEAT, "colormap": AVAILABLE_COLORMAPS["inferno"]},
    ),
    "change": MapKind(
        "Change",
        "Bright where another model sees the place differently: what it is like and unlike differs",
        "add_image",
        lambda values: values.clip(0, 1),
        {**_HEAT, "colormap": AVAILABLE_COLORMAPS["inferno"]},
    ),
    "like": MapKind(
        "Similar places",
        "How similar every place of the image is to the examples; bright is similar",
        "add_image",
        lambda values: values.clip(0, 1),
        {**_SMOOTH, "opacity": 0.5, "contrast_limits": (0, 1), "colormap": heat_colours()},
    ),
}


class MapLayers(QObject):
    """Shows those maps of the image at hand that are wanted.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.
    canvas : Canvas
        The image below them.
    explorer : Explorer
        Who knows them.

    Attributes
    ----------
    wanted_changed : Signal of (str, bool)
        Whether a map is wanted.
    """

    wanted_changed = Signal(str, bool)

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        canvas: Canvas,
        explorer: Explorer,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._canvas, self._explorer = viewer, canvas, explorer
        self._layers: dict[str, Layer] = {}
        self._wanted: dict[str, dict[str, object]] = {}
        self.maps: dict[str, HeatMap] = {}
        explorer.mapped.connect(self._show)
        canvas.shown.connect(self._on_shown)
        viewer.layers.events.removed.connect(self._on_removed)

    def want(self, kind: str, **facts: object) -> None:
        """Show a map of the image at hand and of those that follow it; `facts` go to who knows."""
        self._wanted[kind] = facts
        self.wanted_changed.emit(kind, True)
        if self._canvas.image is not None:
            self._explorer.map(kind, **facts)

    def hide(self, kind: str) -> None:
        """Take a map away."""
        if self._wanted.pop(kind, None) is not None:
            self._explorer.stop(kind)
            self.wanted_changed.emit(kind, False)
        self.remove(kind)

    def remove(self, kind: str) -> None:
        """Take the layer of a map away."""
        self.maps.pop(kind, None)
        layer = self._layers.pop(kind, None)
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def is_wanted(self, kind: str) -> bool:
        """Whether a map is to be shown."""
        return kind in self._wanted

    def layer(self, kind: str) -> Layer | None:
        """Return the layer of a map, if there is one."""
        return self._layers.get(kind)

    def close(self) -> None:
        """Forget the viewer; the layers stay."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _on_shown(self) -> None:
        """Ask for the maps of another image; those of the image before are no use."""
        image = self._canvas.image
        for kind, layer in list(self._layers.items()):
            if image is None or layer.metadata.get("image") != image.metadata["image"]:
                layer.visible = False
                self.maps.pop(kind, None)
        for kind, facts in self._wanted.items():
            self._explorer.map(kind, **facts)

    def _show(self, name: str, heat: HeatMap) -> None:
        image = self._canvas.image
        if image is None or image.metadata["image"] != heat.image:
            return
        self.maps[name] = heat
        kind = KINDS[name]
        values = kind.values(heat.values)
        layer = self._layers.get(name)
        if layer is None:
            layer = self._layers[name] = self._add(kind, values, image)
        else:
            layer.data = values
        scale = np.asarray(image.scale)
        layer.scale, layer.translate = scale * heat.cell, scale * heat.corner
        layer.metadata = {"image": heat.image}
        layer.editable = False
        layer.visible = True

    def _add(self, kind: MapKind, values: np.ndarray, image: Image) -> Layer:
        layers, active = self._viewer.layers, self._viewer.layers.selection.active
        layer = getattr(self._viewer, kind.add)(values, name=kind.title, **kind.looks)
        # Right above the image: points stay in sight, and clicks go where they went.
        layers.move(layers.index(layer), layers.index(image) + 1)
        layers.selection.active = active
        return layer

    def _on_removed(self, event: Any) -> None:
        for kind, layer in list(self._layers.items()):
            if event.value == layer:
                del self._layers[kind]
                self.hide(kind)
