"""The outlines of all other structures in the image at hand, each in its colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap
from qtpy.QtCore import QObject

from napari_localcl.data.overlaps import lay_over
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.class_list import colour_of
from napari_localcl.widgets.mask_looks import change, fill

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import napari.viewer
    import numpy.typing as npt
    from napari.layers import Labels

    from napari_localcl.data.project_mask_files import MaskFiles
    from napari_localcl.data.project_masks import Masks
    from napari_localcl.widgets.canvas import Canvas
    from napari_localcl.widgets.session import Session

OTHERS = "Other structures"
_OUTLINE = 1  # pixels


@dataclass(frozen=True, eq=False)
class _Loaded:
    """The other structures in an image: 1 is the first of the project, and so on."""

    image: str
    names: tuple[str, ...]
    labels: npt.NDArray[np.uint8]


class OtherMasks(QObject):
    """Shows where the structures are that are not at hand; they are not changed here.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.
    session : Session
        Whose masks.
    canvas : Canvas
        The image below them.
    """

    def __init__(self, viewer: napari.viewer.Viewer, session: Session, canvas: Canvas) -> None:
        super().__init__()
        self._viewer, self._session, self._canvas = viewer, session, canvas
        self._layer: Labels | None = None
        self._seen: object = None
        self._is_wanted = True
        self._loading = Background(self)
        self._loading.result.connect(self._show)
        self._loading.failed.connect(session.problem)
        session.opened.connect(self._want_again)
        session.annotations_changed.connect(self.refresh)
        session.structure_changed.connect(self.refresh)
        canvas.shown.connect(self.refresh)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def layer(self) -> Labels | None:
        """Where they are shown, once there are any."""
        return self._layer

    def refresh(self) -> None:
        """Show them, unless they are shown already."""
        session = self._session
        if session.project is None or self._canvas.image is None or not self._is_wanted:
            return
        masks, image = session.masks, session.image
        others = [name for name in masks.names if name != session.structure]
        index = masks.images.index(image)
        known = [(name, masks.structures[name]) for name in others]
        seen = (image, *((name, own.said.get(index), own.proposals) for name, own in known))
        if seen == self._seen:
            return
        self._seen = seen
        if others:
            self._loading.start(_load(session.project.masks, masks, others, image))
        elif self._layer is not None:
            self._layer.visible = False

    def close(self) -> None:
        """Forget the viewer; the layer stays."""
        self._loading.stop()
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _want_again(self) -> None:
        self._is_wanted, self._seen = True, None

    def _show(self, loaded: _Loaded) -> None:
        image = self._canvas.image
        if image is None or loaded.image != self._session.image:
            return
        layer = self._layer = self._layer or self._add(loaded.labels)
        fill(layer, loaded.labels, image)
        if layer.colormap.name != str(loaded.names):
            colours = {place: colour_of(place - 1) for place in range(1, len(loaded.names) + 1)}
            colours |= {None: "transparent", 0: "transparent"}
            layer.colormap = DirectLabelColormap(color_dict=colours, name=str(loaded.names))
            layer.features = {
                "index": range(len(loaded.names) + 1),
                "structure": ["", *loaded.names],
            }
        change(layer, visible=True)
        layer.metadata = {"image": loaded.image}

    def _add(self, labels: npt.NDArray[np.uint8]) -> Labels:
        layers, active = self._viewer.layers, self._viewer.layers.selection.active
        layer = self._viewer.add_labels(labels, name=OTHERS)
        layer.contour = _OUTLINE
        layer.editable = False
        layers.move(len(layers) - 1, layers.index(self._canvas.image) + 1)
        layers.selection.active = active
        return layer

    def _on_removed(self, event: Any) -> None:
        if event.value == self._layer:
            self._layer, self._is_wanted = None, False


def _load(
    files: MaskFiles, masks: Masks, others: Sequence[str], image: str
) -> Generator[None, None, _Loaded]:
    yield
    labels = np.zeros(files.listing.named(image).header.size, np.uint8)
    found = {name: files.read(masks, name, image) for name in others}
    values = {name: place for place, name in enumerate(masks.names, 1)}
    lay_over(labels, ((values[name], mask) for name, mask in found.items() if mask is not None))
    return _Loaded(image, masks.names, labels)
