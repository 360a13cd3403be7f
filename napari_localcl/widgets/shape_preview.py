"""Samples of a prior beside the image at hand, at the same scale: a wrong one is seen at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.colormaps import DirectLabelColormap

from napari_localcl.data import canvas as working_canvas
from napari_localcl.data.placement import fit
from napari_localcl.data.priors import build_prior, samples
from napari_localcl.widgets.preview import Preview

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    import numpy.typing as npt
    from napari.layers import Labels

    from napari_localcl.data.folder import Listing, Plane

    Pixels = npt.NDArray[np.uint8]

PREVIEW = "Samples of the shape"
_ROWS, _COLUMNS = 2, 3  # of tiles; the first is the image itself
_SIZE = 224  # of a tile's longer side, pixels
_INSIDE, _FRAME, _GROUND = 1, 2, 3
_COLOURS = {None: "#00000000", _INSIDE: "#F0E442", _FRAME: "#808080", _GROUND: "#202020"}


@dataclass(frozen=True, eq=False)
class _Sheet:
    """Samples beside an image.

    Attributes
    ----------
    image : str
        Which.
    source, settings : str, mapping
        The prior that drew them.
    pixels : (H, W) ndarray
        0 where the image is.
    cell : float
        Pixels of the image's file per pixel.
    corner : (2,) ndarray
        Where the first pixel's centre lies on the image, `(y, x)` in its pixels.
    """

    image: str
    source: str
    settings: Mapping[str, object]
    pixels: Pixels
    cell: float
    corner: npt.NDArray[np.float64]


class ShapePreview(Preview):
    """Shows what a prior draws, in tiles as large as the image, beside it."""

    _prior: tuple[str, Mapping[str, object]] = ("", {})

    def want(self, is_wanted: bool) -> None:
        """Show it, or take it away: then the image fills the window again."""
        was_there = self._layer is not None
        super().want(is_wanted)
        if was_there and self._layer is None:
            self._viewer.reset_view()

    def choose(self, source: str, settings: Mapping[str, object]) -> None:
        """Take another prior, or other settings; it is drawn a moment later."""
        self._prior = (source, settings)
        if source:
            self._soon.start()
        else:
            self.want(False)

    def _work(self) -> Generator[None, None, _Sheet] | None:
        project, (source, settings) = self._session.project, self._prior
        if project is None or not source:
            return None
        return _sheet(source, settings, project.listing, self._session.plane)

    def _show(self, made: _Sheet) -> None:
        image = self._canvas.image
        if made.image != self._session.image:
            return
        is_new = self._layer is None
        layer = self._layer = self._layer or self._add(made)
        layer.data = made.pixels
        layer.scale = np.asarray(image.scale) * made.cell
        layer.translate = np.asarray(image.scale) * made.corner
        layer.metadata = {"prior": made.source, "settings": dict(made.settings)}
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
    corner = placement.to_file((0.0, 0.0))
    tiles = _tiled(masks, canvas)
    return _Sheet(plane.name, source, settings, tiles, 1 / placement.scale, corner)


def _tiled(masks: Pixels, canvas: tuple[int, int]) -> Pixels:
    """Return masks (N, H, W) as framed tiles, in rows; the first place is left free."""
    tiles = np.where(masks > 0, _INSIDE, _GROUND).astype(np.uint8)
    every = np.concatenate([np.zeros((1, *canvas), np.uint8), tiles])
    for edge in (np.s_[:, 0], np.s_[:, -1], np.s_[:, :, 0], np.s_[:, :, -1]):
        every[edge] = _FRAME
    rows = every.reshape(_ROWS, _COLUMNS, *canvas).swapaxes(1, 2)
    return np.ascontiguousarray(rows.reshape(_ROWS * canvas[0], _COLUMNS * canvas[1]))
