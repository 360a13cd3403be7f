"""The images at hand and next to it, read ahead of the person who goes through them."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_localcl.data.errors import BadInput
from napari_localcl.data.reading import read
from napari_localcl.data.review import next_uncertain
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.picture import Picture, blank, picture_of

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from napari_localcl.data.folder import Plane
    from napari_localcl.data.scan import Scan
    from napari_localcl.widgets.session import Session

    News = Picture | tuple[Picture, str] | None
    Key = Path | tuple[Path, ...]

_BYTES = 2**28  # what files that were read may take
_BYTES_PER_VALUE = 4


class Scans:
    """Files that were read, the latest used last; the oldest go where memory is short.

    Parameters
    ----------
    room : int
        Bytes. The latest is kept even if it alone takes more: the slices of a large volume are
        looked at one after the other.
    """

    def __init__(self, room: int = _BYTES) -> None:
        self.room = room
        self._kept: OrderedDict[Key, Scan] = OrderedDict()

    def __contains__(self, path: Key) -> bool:
        return path in self._kept

    @property
    def bytes(self) -> int:
        """What they take."""
        return sum(scan.pixels.nbytes for scan in self._kept.values())

    def read(self, path: Key) -> Scan:
        """Return a file, from memory or from the disk."""
        scan = self._kept.pop(path, None) or read(path)
        self._kept[path] = scan
        while self.bytes > self.room and len(self._kept) > 1:
            self._kept.popitem(last=False)
        return scan


class Pictures(QObject):
    """Reads images off the main thread.

    Attributes
    ----------
    ready : Signal of Picture
        The image that was asked for last is there; black if it cannot be read.
    failed : Signal of str
        Why it cannot.
    """

    ready = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scans = Scans()
        self._work = Background(self)
        self._work.news.connect(self._on_news)
        self._work.failed.connect(self.failed)

    @property
    def is_busy(self) -> bool:
        """Whether anything is being read, be it ahead of time."""
        return self._work.is_busy

    def show(self, plane: Plane, likely: Sequence[Plane] = ()) -> None:
        """Ask for an image.

        Parameters
        ----------
        plane : Plane
            What is wanted now, instead of what was wanted before.
        likely : sequence of Plane
            What may be wanted next, the likeliest first.
        """
        self._work.start(_read_in_turn(self._scans, plane, likely))

    def close(self) -> None:
        """Read no further."""
        self._work.stop()

    def _on_news(self, news: News) -> None:
        if news is None:
            return
        picture, complaint = news if isinstance(news, tuple) else (news, "")
        self.ready.emit(picture)
        if complaint:
            self.failed.emit(complaint)


def likely_next(session: Session) -> list[Plane]:
    """Return what a person may look at next: the next doubtful image, and the neighbours."""
    names, index = session.names, session.index
    images = [*names[index + 1 : index + 2], *names[max(index - 1, 0) : index]]
    doubt = session.doubt and next_uncertain(session.reviewed, session.doubt)
    if doubt:
        images.insert(0, doubt.image)
    assert session.project is not None
    others = dict.fromkeys(image for image in images if image != session.image)
    return [session.project.listing.named(image) for image in others]


def _read_in_turn(
    scans: Scans, plane: Plane, likely: Sequence[Plane]
) -> Generator[News, None, None]:
    try:
        yield picture_of(plane, scans.read(plane.path))
    # A file may hold fewer slices than it did.
    except (BadInput, IndexError) as error:
        yield blank(plane), str(error)
    fair = (scans.room - _bytes(plane)) // max(len(likely), 1)
    for other in likely:
        # What would push the image at hand out of memory is not worth it.
        if other.path not in scans and _bytes(other) <= fair:
            try:
                scans.read(other.path)
            except BadInput:
                continue  # told when somebody goes there
            yield None


def _bytes(plane: Plane) -> int:
    height, width = plane.header.size
    return height * width * plane.header.depth * plane.header.channels * _BYTES_PER_VALUE
