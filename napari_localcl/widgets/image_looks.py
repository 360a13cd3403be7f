"""The layer of the image at hand, and what a person chose of its looks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    import napari.viewer
    from napari.layers import Image, Layer

    from napari_localcl.widgets.picture import Picture

IMAGE = "Image at hand"
_KEPT = ("opacity", "blending", "gamma", "interpolation2d", "visible")


class ImageLooks(QObject):
    """Shows pictures in one layer, so that what a person chose of its looks stays.

    Each image has its own brightness until somebody changes it by hand; from then on that stays.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.
    parent : QObject or None
        Who owns it.

    Attributes
    ----------
    brightness_kept : Signal of bool
        Whether brightness stays when another image comes.
    """

    brightness_kept = Signal(bool)

    def __init__(self, viewer: napari.viewer.Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._keeps_brightness = False
        self._filling = False
        self._window: tuple[float, float] | None = None
        self._kept: dict[str, Any] = {}

    @property
    def keeps_brightness(self) -> bool:
        """Whether brightness stays when another image comes."""
        return self._keeps_brightness

    @keeps_brightness.setter
    def keeps_brightness(self, keeps: bool) -> None:
        if keeps != self._keeps_brightness:
            self._keeps_brightness = keeps
            self.brightness_kept.emit(keeps)

    def show(self, layer: Image | None, picture: Picture, below: Layer | None = None) -> Image:
        """Show a picture in a layer; in a new one where there is none or it cannot take it.

        A new one lies above all layers that a person has opened, but below one of ours.
        """
        with self._fill():
            if layer is None:
                layers = self._viewer.layers
                top = layers.index(below) if below in layers else len(layers)
                layer = self._add(picture, top)
            elif layer.rgb != picture.is_coloured:
                layer = self._replace(layer, picture)
            else:
                layer.data = picture.pixels
                if tuple(layer.scale) != picture.spacing:  # which takes napari long
                    layer.scale = picture.spacing
            if not picture.is_coloured:
                self._set_brightness(layer, picture)
        return layer

    def forget(self, layer: Image | None) -> None:
        """Follow a layer no longer; it stays."""
        if layer is not None:
            layer.events.contrast_limits.disconnect(self._on_brightness)

    def _set_brightness(self, layer: Image, picture: Picture) -> None:
        if layer.auto_contrast:
            return  # napari itself has been asked to do it
        kept = self._window if self._keeps_brightness else None
        layer.reset_contrast_limits_range()
        layer.contrast_limits = self._window = kept or picture.window

    def _add(self, picture: Picture, place: int) -> Image:
        layer = self._viewer.add_image(
            picture.pixels, name=IMAGE, rgb=picture.is_coloured, scale=picture.spacing
        )
        self._viewer.layers.move(self._viewer.layers.index(layer), place)
        for name, value in self._kept.items():
            if name != "colormap" or not picture.is_coloured:
                setattr(layer, name, value)
        layer.events.contrast_limits.connect(self._on_brightness)
        return layer

    def _replace(self, layer: Image, picture: Picture) -> Image:
        """Go from grey to colour or back, which napari cannot do within one layer."""
        chosen, place = self._viewer.layers.selection.active, self._viewer.layers.index(layer)
        self._remember(layer)
        self._viewer.layers.remove(layer)
        fresh = self._add(picture, place)
        self._viewer.layers.selection.active = fresh if chosen == layer else chosen
        return fresh

    def _remember(self, layer: Image) -> None:
        self._kept |= {name: getattr(layer, name) for name in _KEPT}
        if not layer.rgb:
            self._kept["colormap"] = layer.colormap

    def _on_brightness(self, event: Any) -> None:
        if not self._filling and not event.source.rgb:
            self._window = tuple(event.source.contrast_limits)
            self.keeps_brightness = True

    @contextmanager
    def _fill(self) -> Iterator[None]:
        """Tell our own changes from a person's."""
        self._filling = True
        try:
            yield
        finally:
            self._filling = False
