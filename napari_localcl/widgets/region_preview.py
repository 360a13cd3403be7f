"""The regions that a method would learn, over the image at hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Signal

from napari_localcl.data import canvas as working_canvas
from napari_localcl.data.prepared import prepare_all
from napari_localcl.data.settings import build_settings
from napari_localcl.data.superpixels import Superpixels, SuperpixelSettings, in_pixels
from napari_localcl.tasks.preparing import contrast_reach
from napari_localcl.widgets.preview import Preview

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from napari.layers import Labels

    from napari_localcl.data.folder import Listing
    from napari_localcl.data.superpixels import Regions

REGIONS = "Regions (preview)"
_OPACITY = 0.5


@dataclass(frozen=True, eq=False)
class FoundRegions:
    """The regions of an image.

    Attributes
    ----------
    image : str
        Which.
    settings : mapping
        What they were found with, of :class:`SuperpixelSettings`.
    regions : (H, W) int16 ndarray
        At working size, without what lies around the image.
    cell : float
        Pixels of the image's file per pixel.
    corner : (2,) ndarray
        Where the first pixel's centre lies on the image, `(y, x)` in its pixels.
    """

    image: str
    settings: Mapping[str, object]
    regions: Regions
    cell: float
    corner: np.ndarray


class RegionPreview(Preview):
    """Shows the superpixels of the image at hand, and tells how many there are.

    Attributes
    ----------
    counted : Signal of (str, int)
        The image at hand falls into so many regions.
    """

    counted = Signal(str, int)
    _settings: Mapping[str, Any] | None = None
    _own: Mapping[str, object] | None = None

    def choose(self, settings: Mapping[str, Any], own: Mapping[str, object]) -> None:
        """Take other settings; they are shown a moment later.

        Parameters
        ----------
        settings : mapping
            All of the method, by dotted name: how it prepares its images.
        own : mapping
            Those of :class:`SuperpixelSettings`.
        """
        if (settings, own) != (self._settings, self._own):
            self._settings, self._own = settings, own
            self._soon.start()

    def _work(self) -> Generator[None, None, FoundRegions] | None:
        if self._settings is None:
            return None
        listing, image = self._session.project.listing, self._session.image
        return find_regions(listing, image, self._settings, self._own)

    def _show(self, made: FoundRegions) -> None:
        image = self._canvas.image
        if made.image != self._session.image:
            return
        layer = self._layer = self._layer or self._add(made)
        layer.data = made.regions
        layer.scale = np.asarray(image.scale) * made.cell
        layer.translate = np.asarray(image.scale) * made.corner
        layer.metadata = {"image": made.image, "settings": dict(made.settings)}
        # napari lets it be edited again whenever it is laid elsewhere.
        layer.editable = False
        self.counted.emit(made.image, int(made.regions.max(initial=0)))

    def _add(self, made: FoundRegions) -> Labels:
        layers, active = self._viewer.layers, self._viewer.layers.selection.active
        layer = self._viewer.add_labels(made.regions, name=REGIONS, opacity=_OPACITY)
        # Right above the image: points stay in sight.
        layers.move(len(layers) - 1, layers.index(self._canvas.image) + 1)
        layers.selection.active = active
        return layer


def find_regions(
    listing: Listing, image: str, settings: Mapping[str, Any], own: Mapping[str, object]
) -> Generator[None, None, FoundRegions]:
    """Prepare an image as the method would, and divide it into regions."""
    yield
    size, planes = settings["image_size"], listing.planes
    prepared = prepare_all(
        replace(listing, planes=(listing.named(image),), skipped=()),
        size,
        working_canvas.channels(planes),
        working_canvas.shape(planes, size),
        contrast_reach=contrast_reach(settings),
    )
    yield
    chosen = build_settings(SuperpixelSettings, own)
    regions = in_pixels(Superpixels(prepared, chosen).compute(0), chosen.reduction)
    placement = prepared.placements[0]
    top, left, bottom, right = placement.valid_box()
    corner = placement.to_file((float(top), float(left)))
    shown = regions[top:bottom, left:right]
    return FoundRegions(image, own, shown, 1 / placement.scale, corner)
