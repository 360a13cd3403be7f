"""The mask of the image at hand and where it is unsure, as napari layers."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_localcl.data.structures import Structure
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.mask_looks import change, fading, fill, forget_strokes, show_state

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import napari.viewer
    import numpy.typing as npt
    from napari.layers import Image, Labels

    from napari_localcl.data.project_mask_files import MaskFiles
    from napari_localcl.data.project_masks import Masks
    from napari_localcl.widgets.canvas import Canvas
    from napari_localcl.widgets.session import Session

    Place = tuple[str, str]

_SETTLE = 300  # milliseconds after a stroke of the brush
_BRUSHES = 40  # so many strokes go across the image
_OPACITY = 0.45


@dataclass(frozen=True, eq=False)
class _Loaded:
    """What is shown of a structure in an image; None where there is nothing."""

    place: Place
    mask: npt.NDArray[np.bool_] | None
    unsure: npt.NDArray[np.uint8] | None


class MaskLayers(QObject):
    """Shows the mask of the structure at hand, and makes what people paint their own.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.
    session : Session
        Whose masks.
    canvas : Canvas
        The image below them.
    """

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        session: Session,
        canvas: Canvas,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._session, self._canvas = viewer, session, canvas
        self._mask: Labels | None = None
        self._unsure: Image | None = None
        self._seen: object = None
        self._before: npt.NDArray[np.bool_] | None = None
        self._unsure_next: _Loaded | None = None
        self._changing = self._wants_brush = self._is_painted = False
        self._wants_unsure = True
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._show_unsure)
        self._loading = Background(self)
        self._loading.result.connect(self._show)
        self._loading.failed.connect(session.problem)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE)
        self._settle.timeout.connect(self._take_drawing)
        session.image_changed.connect(self._leave)
        session.closing.connect(self._take_drawing)
        session.settling.connect(self._take_drawing)
        session.opened.connect(self._forget)
        session.structure_changed.connect(self._leave)
        session.annotations_changed.connect(self.refresh)
        canvas.shown.connect(self.refresh)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def layer(self) -> Labels | None:
        """The mask of the image at hand, once it is there."""
        # A layer of another project's mask may have the same names.
        is_read = self._mask is not None and self._before is not None
        return self._mask if is_read and _place_of(self._mask) == self._at_hand else None

    @property
    def _at_hand(self) -> Place:
        return self._session.image, self._session.structure

    def edit(self) -> None:
        """Give people a brush to correct the mask, or to draw one where there is none."""
        self._wants_brush = True
        self._seen = None
        self.refresh()

    def refresh(self) -> None:
        """Show the mask of the image and the structure at hand, unless it is shown already."""
        project, structure = self._session.project, self._session.structure
        if self._changing or project is None or self._canvas.image is None:
            return
        masks = self._session.masks
        # Of a structure that is new there is a layer to paint on before anything is known.
        is_begun = self._wants_brush or self.layer is not None
        if not structure or (structure not in masks.names and not is_begun):
            self._hide()
            return
        what = _known(masks, structure, self._session.image)
        if what != self._seen:
            self._seen = what
            self._loading.start(_load(project.masks, masks, structure, self._session.image))

    def close(self) -> None:
        """Take what was painted last, and forget the viewer; the layers stay."""
        self._take_drawing()
        self._soon.stop()
        self._loading.stop()
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        if self._mask is not None:
            self._stop_following(self._mask)

    # What is shown

    def _show(self, loaded: _Loaded) -> None:
        image = self._canvas.image
        if image is None or loaded.place != self._at_hand:
            return
        size = image.data.shape[:2]
        mask = np.zeros(size, bool) if loaded.mask is None else loaded.mask
        with self._change():
            self._show_mask(mask, image, loaded.place)
        self._before = mask
        self._session.show_mask(*loaded.place, mask)
        if self._wants_brush:
            self._take_brush()
        # In a turn of its own, so that the window never waits for both.
        self._unsure_next = loaded
        self._soon.start()

    def _show_mask(self, mask: npt.NDArray[np.bool_], image: Image, place: Place) -> None:
        layer = self._mask = self._mask if self._mask is not None else self._add_mask(mask)
        if self._is_painted:
            forget_strokes(layer)
            self._is_painted = False
        fill(layer, mask.astype(np.uint8), image)
        show_state(layer, self._session.masks, place)
        change(layer, name=f"Mask: {place[1]}", visible=True)
        layer.metadata = {"image": place[0], "structure": place[1]}

    def _show_unsure(self) -> None:
        loaded, image = self._unsure_next, self._canvas.image
        if loaded is None or image is None or loaded.place != self._at_hand:
            return
        with self._change():
            if loaded.unsure is None:
                self._hide_layer(self._unsure)
                return
            layer = self._unsure
            if layer is None:
                layer = self._unsure = self._add_unsure(loaded.unsure)
            fill(layer, loaded.unsure, image)
            change(layer, name=f"Uncertainty: {loaded.place[1]}", visible=self._wants_unsure)
            layer.metadata = {"image": loaded.place[0], "structure": loaded.place[1]}

    def _hide(self) -> None:
        self._seen = None
        self._unsure_next = None
        with self._change():
            for layer in (self._mask, self._unsure):
                self._hide_layer(layer)

    def _hide_layer(self, layer: Image | Labels | None) -> None:
        if layer is not None:
            change(layer, visible=False)

    def _add_mask(self, mask: npt.NDArray[np.bool_]) -> Labels:
        layer = self._add("add_labels", mask.astype(np.uint8), opacity=_OPACITY)
        layer.brush_size = max(2, min(mask.shape) // _BRUSHES)
        layer.selected_label = 1
        layer.events.paint.connect(self._on_painted)
        layer.events.set_data.connect(self._on_painted)
        return layer

    def _add_unsure(self, unsure: npt.NDArray[np.uint8]) -> Image:
        layer = self._add(
            "add_image",
            unsure,
            colormap=fading(),
            blending="translucent_no_depth",
            contrast_limits=(0, 255),
        )
        layer.events.visible.connect(self._on_visible)
        return layer

    def _add(self, kind: str, data: Any, **looks: Any) -> Any:
        """Make a layer above the image, and leave people the layer that they are working in."""
        layers = self._viewer.layers
        active = layers.selection.active
        layer = getattr(self._viewer, kind)(data, name="Mask", **looks)
        above = self._unsure if self._unsure in layers else self._canvas.image
        layers.move(layers.index(layer), layers.index(above) + 1)
        layers.selection.active = active
        return layer

    def _on_visible(self) -> None:
        if not self._changing:
            self._wants_unsure = self._unsure.visible

    # What people paint

    def _take_brush(self) -> None:
        self._wants_brush = False
        self._viewer.layers.selection.active = self._mask
        self._mask.mode = "paint"

    def _on_painted(self, _event: Any) -> None:
        if not self._changing and self._mask is not None and self._mask.metadata:
            self._is_painted = True
            self._settle.start()

    def _take_drawing(self) -> None:
        """Make what was painted a person's mask, also if another image has come meanwhile."""
        self._settle.stop()
        if self._mask is None or self._session.project is None or self._before is None:
            return
        mask = np.asarray(self._mask.data) > 0
        if np.array_equal(mask, self._before):
            return
        place = _place_of(self._mask)
        self._session.show_mask(*place, self._before)
        with self._change():
            is_made = self._session.draw_mask(*place, mask)
        self._before = mask if is_made else self._before
        if is_made and place == self._at_hand:
            # What is there to be seen need not be read.
            self._seen = _known(self._session.masks, place[1], place[0])
            with self._change():
                show_state(self._mask, self._session.masks, place)
        elif not is_made:
            self._seen = None
            self.refresh()

    def _leave(self) -> None:
        """Keep what was painted, before another image or structure is shown."""
        self._take_drawing()
        self._forget()

    def _forget(self) -> None:
        self._before = self._seen = None
        self._wants_brush = False
        self.refresh()

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Tell our own changes from a person's."""
        before, self._changing = self._changing, True
        try:
            yield
        finally:
            self._changing = before

    def _stop_following(self, layer: Labels) -> None:
        layer.events.paint.disconnect(self._on_painted)
        layer.events.set_data.disconnect(self._on_painted)

    def _on_removed(self, event: Any) -> None:
        if event.value == self._mask:
            self._take_drawing()
            self._mask = self._before = self._seen = None
        elif event.value == self._unsure:
            self._unsure = None


def _place_of(layer: Labels) -> Place:
    return layer.metadata["image"], layer.metadata["structure"]


def _known(masks: Masks, structure: str, image: str) -> tuple[object, ...]:
    """Return what a mask on the screen depends on; equal only if it is the very same."""
    known = masks.structures.get(structure, Structure())
    said = known.said.get(masks.images.index(image))
    return (image, structure, said, known.proposals)


def _load(
    files: MaskFiles, masks: Masks, structure: str, image: str
) -> Generator[None, None, _Loaded]:
    yield
    mask = files.read(masks, structure, image)
    return _Loaded((image, structure), mask, files.read_uncertainty(masks, structure, image))
