"""Marking many pixels of a mask with one click: a region, or all that is like a pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_localcl.data.mask_brushes import region_at
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.region_preview import find_regions

if TYPE_CHECKING:
    from collections.abc import Generator

    import napari.viewer
    import numpy.typing as npt

    from napari_localcl.data.heat_map import HeatMap
    from napari_localcl.widgets.finder import Finder
    from napari_localcl.widgets.mask_layers import MaskLayers
    from napari_localcl.widgets.region_preview import FoundRegions
    from napari_localcl.widgets.session import Session

    Mask = npt.NDArray[np.bool_]

REGION, ALIKE = "region", "alike"
# Fine regions of the image as it is, whatever a method would learn.
_SETTINGS = {"image_size": 256, "local_contrast": False}
_REGIONS = {"reduction": 1, "scale": 30.0, "largest": 1.0, "smallest": 0.0006}
_CLICK = 3  # pixels of the screen that the mouse may move in a click


class Filling(QObject):
    """Fills masks by clicks, as long as a kind of filling is chosen.

    Parameters
    ----------
    viewer : napari.Viewer
        Where people click.
    session : Session
        Whose images.
    masks : MaskLayers
        The mask that is filled.
    finder : Finder
        What knows how similar places are.

    Attributes
    ----------
    kind_changed : Signal of str
        What a click fills: `region`, `alike`, or nothing.
    said : Signal of str
        What to do, or why nothing was filled.
    """

    kind_changed = Signal(str)
    said = Signal(str)

    def __init__(
        self, viewer: napari.viewer.Viewer, session: Session, masks: MaskLayers, finder: Finder
    ) -> None:
        super().__init__()
        self._viewer, self._session, self._masks, self._finder = viewer, session, masks, finder
        self.kind, self._threshold = "", 0.5
        self._regions: FoundRegions | None = None
        self._clicked: tuple[float, float] | None = None
        self._base: tuple[str, str, Mask] | None = None
        self._rubs_out = False
        self._heat: HeatMap | None = None
        self._dividing = Background(self)
        self._dividing.result.connect(self._on_regions)
        self._dividing.failed.connect(self.said)
        finder.mapped.connect(self._on_mapped)
        for news in (session.image_changed, session.structure_changed, session.opened):
            news.connect(self._forget)
        viewer.mouse_drag_callbacks.append(self._on_press)

    def choose(self, kind: str) -> None:
        """Let clicks fill this, `region` or `alike`; empty ends it."""
        if kind == self.kind:
            return
        if kind == ALIKE and self._session.run is None:
            self.said.emit("what is alike is known once something was learned, in step 2")
            kind = ""
        self.kind = kind
        self._forget()
        if kind:
            self._masks.edit()
        self.kind_changed.emit(kind)

    def fill_from(self, threshold: float) -> None:
        """Fill what is at least that similar, 0 to 1, also of the last click."""
        self._threshold = threshold
        self._fill_alike()

    def close(self) -> None:
        """Forget the viewer."""
        self._dividing.stop()
        self._viewer.mouse_drag_callbacks.remove(self._on_press)

    def _forget(self) -> None:
        self._base = self._heat = self._clicked = None
        if self._regions is not None and self._regions.image != self._session.image:
            self._regions = None

    # Clicks

    def _on_press(self, _viewer: Any, event: Any) -> Generator[None, None, None]:
        layer = self._masks.layer
        if not self.kind or layer is None or event.button != 1:
            return
        # The brush is for strokes; here the picture may be moved.
        layer.mode = "pan_zoom"
        began = np.array(event.pos)
        yield
        while event.type == "mouse_move":
            yield
        if np.abs(np.array(event.pos) - began).max() <= _CLICK:
            y, x = layer.world_to_data(event.position)[-2:]
            self.click(float(y), float(x), rub_out="Shift" in event.modifiers)

    def click(self, y: float, x: float, rub_out: bool = False) -> None:
        """Fill from a place of the image, in its pixels; or rub out."""
        layer = self._masks.layer
        if layer is None or not self.kind:
            return
        height, width = layer.data.shape[-2:]
        if not (-0.5 <= y <= height - 0.5 and -0.5 <= x <= width - 0.5):
            return
        self._rubs_out = rub_out
        if self.kind == ALIKE:
            place = (self._session.image, self._session.structure)
            self._base, self._heat = (*place, np.asarray(layer.data) > 0), None
            self._clicked = (y, x)
            self._finder.map_pixel(y, x)
        elif self._regions is not None and self._regions.image == self._session.image:
            self._fill_region((y, x))
        else:
            self._clicked = (y, x)
            listing = self._session.project.listing
            work = find_regions(listing, self._session.image, _SETTINGS, _REGIONS)
            self._dividing.start(work)

    # Regions

    def _on_regions(self, found: FoundRegions) -> None:
        if found.image != self._session.image:
            return
        self._regions = found
        if self._clicked is not None:
            self._fill_region(self._clicked)

    def _fill_region(self, point: tuple[float, float]) -> None:
        layer, found = self._masks.layer, self._regions
        self._clicked = None
        if layer is None or found is None:
            return
        corner = (float(found.corner[0]), float(found.corner[1]))
        region = region_at(found.regions, found.cell, corner, point, layer.data.shape)
        if region.any():
            self._put(np.asarray(layer.data) > 0, region)
        else:
            self.said.emit("there is no region at that place: it is background")

    # What is alike

    def _on_mapped(self, heat: HeatMap) -> None:
        if self._clicked is not None and self._base is not None and self.kind == ALIKE:
            self._heat, self._clicked = heat, None
            self._fill_alike()

    def _fill_alike(self) -> None:
        layer = self._masks.layer
        if layer is None or self._heat is None or self._base is None:
            return
        *place, before = self._base
        if tuple(place) == (self._session.image, self._session.structure):
            self._put(before, self._heat.mask(self._threshold, layer.data.shape))

    def _put(self, before: Mask, filled: Mask) -> None:
        layer = self._masks.layer
        now = before & ~filled if self._rubs_out else before | filled
        if layer is not None:
            # A change like any that a person makes: it is saved, and can be undone.
            layer.data = now.astype(layer.data.dtype)
