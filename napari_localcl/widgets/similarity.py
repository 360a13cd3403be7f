"""The heat map over the image at hand: how similar each place is to a landmark or a pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import AVAILABLE_COLORMAPS, Colormap
from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    import napari.viewer
    from napari.layers import Image

    from napari_localcl.data.heat_map import HeatMap
    from napari_localcl.widgets.canvas import Canvas
    from napari_localcl.widgets.finder import Finder
    from napari_localcl.widgets.session import Session

_OF_PIXEL = "the pixel under the mouse"


class Similarity(QObject):
    """Shows how similar the image at hand is to the landmark chosen.

    While a landmark is being placed, the similarity is that to the pixel under the mouse.

    Parameters
    ----------
    viewer : napari.Viewer
        Where it is shown.
    session : Session
        Whose image and landmarks.
    canvas : Canvas
        What lies below it, and where the mouse is.
    finder : Finder
        What knows the similarity.

    Attributes
    ----------
    shown_changed : Signal of bool
        Whether it is wanted.
    """

    shown_changed = Signal(bool)

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        session: Session,
        canvas: Canvas,
        finder: Finder,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._session, self._canvas, self._finder = viewer, session, canvas, finder
        self._layer: Image | None = None
        self._landmark = ""
        self._of = ""
        self._wanted = True
        self._changing = False
        session.image_changed.connect(lambda: self._set_visible(False))
        canvas.shown.connect(self.refresh)
        session.people_changed.connect(self.refresh)
        session.run_changed.connect(self.refresh)
        canvas.hovered.connect(self._on_hover)
        canvas.placing_changed.connect(lambda _is_placing: self.refresh())
        finder.mapped.connect(self._show)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def is_wanted(self) -> bool:
        """Whether it is to be shown."""
        return self._wanted

    def want(self, is_wanted: bool) -> None:
        """Show it, or hide it."""
        if is_wanted != self._wanted:
            self._wanted = is_wanted
            self.shown_changed.emit(is_wanted)
            self.refresh()

    def choose(self, landmark: str) -> None:
        """Show the similarity to this landmark."""
        if landmark != self._landmark:
            self._landmark = landmark
            self.refresh()

    def refresh(self) -> None:
        """Ask for the map anew; until it comes, the one of the same image stays."""
        if self._canvas.is_placing:
            return
        self._of = self._landmark
        if self._wanted and self._session.run is not None and self._canvas.image is not None:
            # Before there is a map: making a layer takes longer than a click should.
            self._layer = self._layer or self._add()
        if not self._wanted or not self._finder.map(self._landmark):
            self._set_visible(False)

    def close(self) -> None:
        """Forget the viewer; the layer stays."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        if self._layer is not None:
            self._layer.events.visible.disconnect(self._on_visible)

    def _on_hover(self, y: float, x: float) -> None:
        if self._wanted:
            self._of = _OF_PIXEL
            self._finder.map_pixel(y, x)

    def _show(self, heat: HeatMap) -> None:
        image = self._canvas.image
        if image is None or not self._wanted or heat.image != self._session.image:
            return
        scale = np.asarray(image.scale)
        self._layer = self._layer or self._add()
        if self._lies_as(heat, scale):
            # Less than a new array would take, which napari measures and pictures in its list.
            self._layer.data[:] = heat.values
            self._layer.refresh(thumbnail=False, highlight=False, extent=False)
        else:
            self._layer.data = heat.values
            self._layer.scale = scale * heat.cell
            self._layer.translate = scale * heat.corner
        self._layer.metadata = {"image": heat.image, "similar_to": self._of}
        self._name()
        self._set_visible(True)

    def _lies_as(self, heat: HeatMap, scale: Any) -> bool:
        """Whether the map shown now has the same shape and place."""
        layer = self._layer
        same_place = np.allclose(layer.translate, scale * heat.corner)
        same_cells = np.allclose(layer.scale, scale * heat.cell)
        return layer.data.shape == heat.values.shape and same_cells and same_place

    def _add(self) -> Image:
        """Make a layer that shows nothing yet."""
        active = self._viewer.layers.selection.active
        layer = self._viewer.add_image(
            np.zeros((2, 2), np.float32),
            name="Similarity",
            visible=False,
            colormap=similarity_colours(),
            blending="translucent_no_depth",
            opacity=0.5,
            contrast_limits=(0, 1),
            interpolation2d="linear",
        )
        layer.events.visible.connect(self._on_visible)
        layers = self._viewer.layers
        layers.move(layers.index(layer), layers.index(self._canvas.image) + 1)
        # The new layer would take the clicks that are meant for the points.
        self._viewer.layers.selection.active = active
        return layer

    def _name(self) -> None:
        name = f"Similarity: {self._of}"
        if self._layer.name != name:
            self._layer.name = name

    def _set_visible(self, is_visible: bool) -> None:
        if self._layer is not None and self._layer.visible != is_visible:
            self._changing = True
            self._layer.visible = is_visible
            self._changing = False

    def _on_visible(self) -> None:
        """Follow the eye in the list of layers."""
        if not self._changing and self._layer is not None:
            self.want(self._layer.visible)

    def _on_removed(self, event: Any) -> None:
        if event.value == self._layer:
            self._layer = None
            self.want(False)


def similarity_colours() -> Colormap:
    """Inferno, the fainter the less similar: what is not alike shows the image as it is.

    Without its palest colours, which are hard to see on a bright image.
    """
    shares = np.linspace(0, 1, 256)
    colours = AVAILABLE_COLORMAPS["inferno"].map(0.25 + 0.6 * shares)
    colours[:, 3] = np.sqrt(shares)
    return Colormap(colours, name="similarity", display_name="similarity")
