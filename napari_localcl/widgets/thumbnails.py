"""Small pictures of images and of places in them, read off the main thread."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QColor, QImage, QPixmap

from napari_localcl.data.errors import BadInput
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.picture import picture_of
from napari_localcl.widgets.pictures import Scans

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_localcl.data.folder import Plane
    from napari_localcl.widgets.picture import Picture
    from napari_localcl.widgets.session import Session

SIDE = 72  # pixels of a small picture
_KEPT = 2000
_SAMPLES = 3  # along each side of a pixel, so that lines do not break
_PART = 0.25  # of the image's shorter side that a picture of a place shows


@dataclass(frozen=True)
class Spot:
    """An image, or a place in it.

    Attributes
    ----------
    image : str
        Its name.
    place : (float, float) or None
        `(y, x)` in pixels of the file; None for the whole image.
    """

    image: str
    place: tuple[float, float] | None = None


class Thumbnails(QObject):
    """Makes small pictures of a session's images, those asked for last first.

    Parameters
    ----------
    session : Session
        Whose.

    Attributes
    ----------
    made : Signal of Spot
        There is a picture of it.
    """

    made = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._known: OrderedDict[Spot, QPixmap] = OrderedDict()
        self._blank: QPixmap | None = None
        self._scans = Scans()
        self._work = Background(self)
        self._work.news.connect(self._on_made)
        session.opened.connect(self._forget)

    def get(self, spot: Spot) -> QPixmap | None:
        """Return the picture, if it is there."""
        return self._known.get(spot)

    @property
    def blank(self) -> QPixmap:
        """What stands in for a picture until it is there."""
        if self._blank is None:
            self._blank = QPixmap(SIDE, SIDE)
            self._blank.fill(QColor(128, 128, 128, 60))
        return self._blank

    def want(self, spots: Sequence[Spot]) -> None:
        """Ask for pictures in the place of those asked for before and not made yet."""
        project = self._session.project
        lacking = [spot for spot in dict.fromkeys(spots) if spot not in self._known]
        if project is None or not lacking:
            self._work.stop()
            return
        planes = [(spot, project.listing.named(spot.image)) for spot in lacking]
        self._work.start(_make(self._scans, planes))

    def close(self) -> None:
        """Make no more."""
        self._work.stop()

    def _forget(self) -> None:
        self._work.stop()
        self._known.clear()

    def _on_made(self, made: tuple[Spot, np.ndarray] | None) -> None:
        if made is None:
            return
        spot, pixels = made
        height, width = pixels.shape[:2]
        image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._known[spot] = QPixmap.fromImage(image)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        self.made.emit(spot)


def _make(
    scans: Scans, planes: Sequence[tuple[Spot, Plane]]
) -> Generator[tuple[Spot, np.ndarray] | None, None, None]:
    yield None
    # Image by image, so that each is read once; in the order of what is wanted first.
    by_image: dict[str, list[tuple[Spot, Plane]]] = {}
    for spot, plane in planes:
        by_image.setdefault(spot.image, []).append((spot, plane))
    for wanted in by_image.values():
        try:
            picture = picture_of(wanted[0][1], scans.read(wanted[0][1].path))
        except (BadInput, IndexError):
            continue  # told when somebody goes there
        for spot, _ in wanted:
            yield spot, thumbnail(picture, spot.place)


def thumbnail(picture: Picture, place: tuple[float, float] | None) -> np.ndarray[Any, Any]:
    """Return a small picture (SIDE, SIDE, 3) uint8 of an image, or of the part around a place."""
    pixels = picture.pixels
    height, width = pixels.shape[:2]
    if place is None:
        side, middle = max(height, width), ((height - 1) / 2, (width - 1) / 2)
    else:
        side, middle = max(_PART * min(height, width), 8), place
    fine = SIDE * _SAMPLES
    rows, columns = (
        np.round(at + (np.arange(fine) + 0.5) * side / fine - side / 2).astype(int) for at in middle
    )
    part = pixels[rows.clip(0, height - 1)][:, columns.clip(0, width - 1)].astype(np.float32)
    part[~np.outer(_within(rows, height), _within(columns, width))] = picture.window[0]
    part = part.reshape(SIDE, _SAMPLES, SIDE, _SAMPLES, -1).mean(axis=(1, 3))
    low, high = (0, 255) if picture.is_coloured and pixels.dtype == np.uint8 else picture.window
    shown = ((part - low) / max(high - low, 1e-9)).clip(0, 1) * 255
    return np.ascontiguousarray(np.broadcast_to(shown, (SIDE, SIDE, 3)).astype(np.uint8))


def _within(places: np.ndarray[Any, Any], side: int) -> np.ndarray[Any, Any]:
    return (places >= 0) & (places < side)
