"""Samples of a prior beside the image at hand, at the same scale: a wrong one is seen at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap
from qtpy.QtCore import QObject, QTimer, Signal

from napari_localcl.data import canvas as working_canvas
from napari_localcl.data.placement import fit
from napari_localcl.data.priors import build_prior, samples
from napari_localcl.widgets.background import Background

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    import napari.viewer
    import numpy.typing as npt
    from napari.layers import Labels

    from napari_localcl.data.folder import Listing, Plane
    from napari_localcl.widgets.canvas import Canvas
    from napari_localcl.widgets.session import Session

    Pixels = npt.NDArray[np.uint8]

PREVIEW = "Samples of the shape"
_ROWS, _COLUMNS = 2, 3  # of tiles; the first is the image itself
_SIZE = 224  # of a tile's longer side, pixels
_INSIDE, _FRAME, _GROUND = 1, 2, 3
_COLOURS = {None: "#00000000", _INSIDE: "#F0E442", _FRAME: "#808080", _GROUND: "#202020"}
_PATIENCE = 250  # milliseconds after a change of the settings


@dataclass(frozen=True, eq=False)
class _Sheet:
    """Samples beside an image.

    Attributes
    ----------
    image : str
        Which.
    pixels : (H, W) ndarray
        0 where the image is.
    cell : float
        Pixels of the image's file per pixel.
    corner : (2,) ndarray
        Where the first pixel's centre lies on the image, `(y, x)` in its pixels.
    """

    image: str
    pixels: Pixels
    cell: float
    corner: npt.NDArray[np.float64]


class ShapePreview(QObject):
    """Shows what a prior draws, in tiles as large as the image, beside it.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.
    session : Session
        Whose images.
    canvas : Canvas
        The image beside it.

    Attributes
    ----------
    shown_changed : Signal of bool
        Whether it is shown.
    failed : Signal of str
        Why there is nothing to show.
    """

    shown_changed = Signal(bool)
    failed = Signal(str)

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        session: Session,
        canvas: Canvas,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._session, self._canvas = viewer, session, canvas
        self._layer: Labels | None = None
        self._wanted = False
        self._prior: tuple[str, Mapping[str, object]] = ("", {})
        self._drawing = Background(self)
        self._drawing.result.connect(self._show)
        self._drawing.failed.connect(self._on_failed)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PATIENCE)
        self._soon.timeout.connect(self._draw)
        canvas.shown.connect(self._soon.start)
        session.opened.connect(lambda: self.want(False))
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def is_wanted(self) -> bool:
        """Whether it is to be shown."""
        return self._wanted

    def want(self, is_wanted: bool) -> None:
        """Show it, or take it away."""
        if is_wanted == self._wanted:
            return
        self._wanted = is_wanted
        self.shown_changed.emit(is_wanted)
        if is_wanted:
            self._draw()
        else:
            self._drawing.stop()
            self._remove()

    def choose(self, source: str, settings: Mapping[str, object]) -> None:
        """Take another prior, or other settings; it is drawn a moment later."""
        self._prior = (source, settings)
        if source:
            self._soon.start()
        else:
            self.want(False)

    def close(self) -> None:
        """Forget the viewer; the layer stays."""
        self._soon.stop()
        self._drawing.stop()
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _draw(self) -> None:
        project, (source, settings) = self._session.project, self._prior
        if self._wanted and project is not None and source:
            self._drawing.start(_sheet(source, settings, project.listing, self._session.plane))

    def _show(self, sheet: _Sheet) -> None:
        image = self._canvas.image
        if not self._wanted or image is None or sheet.image != self._session.image:
            return
        is_new = self._layer is None
        layer = self._layer = self._layer or self._add(sheet)
        layer.data = sheet.pixels
        layer.scale = np.asarray(image.scale) * sheet.cell
        layer.translate = np.asarray(image.scale) * sheet.corner
        layer.metadata = {"prior": self._prior[0], "settings": dict(self._prior[1])}
        if is_new:
            self._viewer.reset_view()

    def _add(self, sheet: _Sheet) -> Labels:
        active = self._viewer.layers.selection.active
        layer = self._viewer.add_labels(
            sheet.pixels,
            name=PREVIEW,
            colormap=DirectLabelColormap(color_dict=_COLOURS),
            opacity=1.0,
        )
        layer.editable = False
        self._viewer.layers.selection.active = active
        return layer

    def _remove(self) -> None:
        if self._layer is not None:
            self._viewer.layers.remove(self._layer)
            self._viewer.reset_view()

    def _on_failed(self, why: str) -> None:
        self.want(False)
        self.failed.emit(why)

    def _on_removed(self, event: Any) -> None:
        if event.value == self._layer:
            self._layer = None
            self.want(False)


def _sheet(
    source: str, settings: Mapping[str, object], listing: Listing, plane: Plane
) -> Generator[None, None, _Sheet]:
    """Draw samples on the canvas that learning works on, and lay them beside an image."""
    yield
    canvas = working_canvas.shape(listing.planes, _SIZE)
    prior = build_prior(source, settings)
    yield
    masks = samples(prior, canvas, _ROWS * _COLUMNS - 1)
    placement = fit(plane.header.size, canvas)
    return _Sheet(
        plane.name, _tiled(masks, canvas), 1 / placement.scale, placement.to_file((0.0, 0.0))
    )


def _tiled(masks: Pixels, canvas: tuple[int, int]) -> Pixels:
    """Return masks (N, H, W) as framed tiles, in rows; the first place is left free."""
    tiles = np.where(masks > 0, _INSIDE, _GROUND).astype(np.uint8)
    every = np.concatenate([np.zeros((1, *canvas), np.uint8), tiles])
    for edge in (np.s_[:, 0], np.s_[:, -1], np.s_[:, :, 0], np.s_[:, :, -1]):
        every[edge] = _FRAME
    rows = every.reshape(_ROWS, _COLUMNS, *canvas).swapaxes(1, 2)
    return np.ascontiguousarray(rows.reshape(_ROWS * canvas[0], _COLUMNS * canvas[1]))
