"""Keeps the predictions up to date with what people placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_localcl.data.progress import Progress
from napari_localcl.widgets.background import Background

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.tasks.atlas import Atlas
    from napari_localcl.widgets.session import Session

    Rows = tuple[Landmark, ...]


@dataclass(frozen=True)
class Preview:
    """What was found in the image that somebody is looking at."""

    rows: Rows


class Finder(QObject):
    """Finds the landmarks in all images whenever the points of people or the run have changed.

    Attributes
    ----------
    said : Signal of str
        What it is doing.
    skipped : Signal of str
        A file that cannot be used, and why.
    found : Signal
        The session has the predictions.
    failed : Signal of str
        Why there are none.
    """

    said = Signal(str)
    skipped = Signal(str)
    found = Signal()
    failed = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._kept: dict[Path, Atlas] = {}
        self._work = Background(self)
        self._work.news.connect(self._on_news)
        self._work.result.connect(self._on_result)
        self._work.failed.connect(self.failed)
        session.opened.connect(self.close)
        session.people_changed.connect(self.find)
        session.run_changed.connect(self.find)

    @property
    def is_busy(self) -> bool:
        """Whether it is at work."""
        return self._work.is_busy

    def find(self) -> None:
        """Begin to find, if there is something to find and a run to find it with."""
        project, run = self._session.project, self._session.run
        templates = project.annotations.human_points() if project else ()
        if project is None or run is None or not templates:
            self._work.stop()
            return
        images = [str(path) for path in project.input]
        self._work.start(_find(images, run, self._kept, templates, self._session.image))

    def close(self) -> None:
        """Give up what is at hand and let the embeddings of the images go."""
        self._work.stop()
        self._kept = {}

    def _on_news(self, news: Progress | Preview) -> None:
        if isinstance(news, Preview):
            self._session.show(news.rows)
        elif news.event == "skipped":
            self.skipped.emit(news.message)
        else:
            count = f" {news.step} of {news.steps}" if news.steps else ""
            self.said.emit(f"{news.message or news.event}{count}")

    def _on_result(self, rows: Rows) -> None:
        self._session.take(rows)
        self.found.emit()


def _find(
    images: list[str], run: Path, kept: dict[Path, Atlas], templates: Rows, first: str
) -> Generator[Progress | Preview, None, Rows]:
    # Here, because importing torch takes seconds.
    from napari_localcl.tasks.atlas import open_atlas
    from napari_localcl.tasks.landmarks import predict_batches

    if run not in kept:
        atlas: Any = yield from open_atlas(images, run)
        # One is enough: they are large, and people compare runs one after the other.
        kept.clear()
        kept[run] = atlas
    images_there = kept[run].coarse.images.names
    batches = predict_batches(kept[run], templates, first if first in images_there else None)
    if first in images_there:
        yield Preview(next(batches))
    rows: list[Landmark] = []
    for batch in batches:
        rows += batch
        done = len({row.image for row in rows})
        yield Progress("locate", "", done, len(kept[run].coarse.images), message="Finding, image")
    return tuple(rows)
