"""What the window asks about landmarks: where they are, how similar, and where to begin."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.heat_map import HeatMap
from napari_localcl.widgets.service import Service
from napari_localcl.widgets.words import begun

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_localcl.widgets.session import Session

    Answer = dict[str, Any]


_RANKING = "Looking for the best image to click first, image"
_LONG = ("open", "landmarks", "suggest")
_OWN = ("landmarks", "suggest", "map", "pixel")


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
    stopped : Signal
        A person gave the search up.
    mapped : Signal of HeatMap
        The similarity to the landmark or the pixel asked for last.
    suggested : Signal
        It is known, or known no more, which image to click first.
    answered : Signal of (str, dict)
        An answer to what was asked by :meth:`ask`, with its kind, and of kind `open` how far it is
        with the images, which comes first.
    suggestion : str
        The image that would serve best as template; empty while that is not known.
    """

    said = Signal(str)
    skipped = Signal(str)
    found = Signal()
    failed = Signal(str)
    stopped = Signal()
    mapped = Signal(HeatMap)
    suggested = Signal()
    answered = Signal(str, dict)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._rows: list[Landmark] = []
        self._opened: tuple[list[str], str] | None = None
        self._pixel: tuple[str, float, float] | None = None
        self._rankings: dict[Path, list[tuple[str, float]]] = {}
        self._service = Service(self)
        self._service.answered.connect(self._on_answer)
        session.opened.connect(self.close)
        session.people_changed.connect(self.find)
        session.run_changed.connect(self._on_run)

    @property
    def is_busy(self) -> bool:
        """Whether landmarks are being looked for."""
        return self._service.is_asked("landmarks")

    @property
    def is_opening(self) -> bool:
        """Whether the images are being embedded."""
        return self._service.is_asked("open")

    @property
    def is_ranking(self) -> bool:
        """Whether the images are being ranked."""
        return self._service.is_asked("suggest")

    @property
    def is_at_work(self) -> bool:
        """Whether anything is at hand that takes long."""
        return any(map(self._service.is_asked, _LONG))

    @property
    def suggestion(self) -> str:
        """The image that would serve best as template."""
        run = self._session.run
        ranking = self._rankings.get(run, []) if run else []
        return ranking[0][0] if ranking else ""

    def find(self) -> None:
        """Begin to find, if there is something to find and a run to find it with."""
        templates = self._templates()
        if not templates or not self._open():
            self._service.stop("landmarks")
            return
        self._rows = []
        self._service.ask("landmarks", templates=_sent(templates), first=self._session.image)
        self.said.emit("Finding landmarks")

    def stop(self) -> None:
        """Give up all that is at hand; the predictions are those of before."""
        self._service.stop(*_LONG, "map", "pixel")
        self._opened = None
        self.stopped.emit()

    def map(self, landmark: str) -> bool:
        """Ask how similar the image at hand is to a landmark; tell whether there is an answer."""
        templates = [point for point in self._templates() if point.landmark == landmark]
        self._pixel = None
        if not templates or not self._open():
            self._service.forget("map", "pixel")
            return False
        self._service.forget("pixel")
        self._service.ask("map", image=self._session.image, templates=_sent(templates))
        return True

    def map_pixel(self, y: float, x: float) -> None:
        """Ask how similar the image at hand is to one of its pixels.

        One question at a time: of those that come meanwhile, the newest alone is asked.
        """
        self._service.forget("map")
        self._pixel = self._session.image, y, x
        if not self._service.is_asked("pixel") and self._session.run is not None:
            self._ask_pixel()

    def suggest(self) -> None:
        """Ask which image to click first."""
        if not self.suggestion and not self.is_ranking and self._open():
            self._service.ask("suggest")
            self.suggested.emit()

    def stop_suggesting(self) -> None:
        """Give up looking for the image to click first."""
        self._service.stop("suggest")
        self.suggested.emit()

    def ask(self, kind: str, **facts: object) -> bool:
        """Ask another question about all images; tell whether there is a run to answer it by.

        What can be asked is listed in :mod:`napari_localcl.tasks.serving_embeddings`.
        """
        is_there = self._open()
        if is_there:
            self._service.ask(kind, **facts)
        return is_there

    def give_up(self, *kinds: str) -> None:
        """Give up what was asked of these kinds by :meth:`ask`."""
        self._service.stop(*kinds)

    def close(self) -> None:
        """End the process that answers, and with it let the embeddings of the images go."""
        self._service.close()
        self._opened, self._pixel, self._rankings = None, None, {}

    def _templates(self) -> tuple[Landmark, ...]:
        project = self._session.project
        return project.annotations.human_points() if project else ()

    def _open(self) -> bool:
        project, run = self._session.project, self._session.run
        if project is None or run is None:
            return False
        wanted = [str(path) for path in project.input], str(run)
        if wanted != self._opened:
            self._opened = wanted
            self._service.ask("open", images=wanted[0], run=wanted[1])
        return True

    def _on_run(self) -> None:
        self._service.forget("suggest")
        self.suggested.emit()
        if self._templates():
            self.find()
        else:
            # Before anybody clicks, so that nobody waits once somebody does.
            self.suggest()

    def _ask_pixel(self) -> None:
        assert self._pixel is not None
        image, y, x = self._pixel
        self._pixel = None
        self._open()
        self._service.ask("pixel", image=image, y=y, x=x)

    # Answers

    def _on_answer(self, kind: str, answer: Answer) -> None:
        event = answer["event"]
        if kind not in _OWN:
            self.answered.emit(kind, answer)
        if kind not in (*_OWN, "open"):
            return
        if event == "failed":
            self._on_failed(kind, answer["why"])
        elif event == "map":
            self._on_map(answer)
        elif event == "points":
            self._on_points(answer)
        elif event == "found":
            self._session.take(self._rows)
            self.found.emit()
        elif event == "suggested":
            self._on_ranking(answer["ranking"])
        elif event == "skipped":
            self.skipped.emit(answer["message"])
        elif answer.get("message"):
            what = _RANKING if kind == "suggest" else answer["message"]
            self._say(what, answer.get("step", 0), answer.get("steps"))

    def _on_failed(self, kind: str, why: str) -> None:
        self._opened = None
        if kind == "suggest":
            self.suggested.emit()
        # The images that could not be opened are told of by what was asked of them.
        if kind in ("landmarks", "suggest"):
            self.failed.emit(why)

    def _on_map(self, answer: Answer) -> None:
        self.mapped.emit(HeatMap.from_event(answer))
        if self._pixel is not None:
            self._ask_pixel()

    def _on_points(self, answer: Answer) -> None:
        rows = [Landmark(*row) for row in answer["rows"]]
        if rows and not answer["step"]:
            self._session.show(rows)
        else:
            self._rows += rows
        self._say("Finding, image", answer["step"], answer["steps"])

    def _on_ranking(self, ranking: list[tuple[str, float]]) -> None:
        assert self._session.run is not None
        self._rankings[self._session.run] = ranking
        self.suggested.emit()

    def _say(self, what: str, step: int, steps: int | None) -> None:
        what = begun(what)
        self.said.emit(f"{what} {step} of {steps}" if steps else what)


def _sent(points: Sequence[Landmark]) -> list[tuple[object, ...]]:
    return [astuple(point) for point in points]
