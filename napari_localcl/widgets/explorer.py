"""What is asked about the embeddings of all images, and what came of it."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_localcl.data.heat_map import HeatMap
from napari_localcl.data.packing import unpacked
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.cloud_facts import landmarks_of, learn_facts
from napari_localcl.widgets.point_cloud import CLUSTER, PointCloud
from napari_localcl.widgets.words import begun

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.project_annotations import Annotations
    from napari_localcl.widgets.finder import Finder
    from napari_localcl.widgets.session import Session

MAPS = ("colours", "clusters", "rarity", "change")
KINDS = ("scatter", "kinds", "arrange", "like", "odd", *MAPS)
NOTHING = np.zeros(0, int)
_FIRST = "Open images in LocalCL first."
_NO_RUN = "Learn from the images first (step 2 of LocalCL); then they can be looked at here."


class Explorer(QObject):
    """The points of the scatter plot and those chosen, and questions about all images.

    Parameters
    ----------
    session : Session
        Whose images.
    finder : Finder
        Who asks the process that knows the embeddings.

    Attributes
    ----------
    cloud_changed : Signal
        There are other points, or none.
    cloud_grew : Signal
        Of the same points, more is known, or they are arranged differently.
    chosen_changed : Signal
        Other points are chosen.
    mapped : Signal of (str, HeatMap)
        A map of an image, and what it is of.
    placed : Signal of list
        The places most like the examples: rows of image, y, x, similarity.
    odd : Signal of dict
        Unusual images: `outliers` and `pairs`.
    said : Signal of (str, float)
        What is being done, and how much of it is; below 0 while nobody can tell. Empty at the end.
    failed : Signal of str
        Why something could not be done.
    cloud : PointCloud or None
        The points.
    chosen : (C,) int ndarray
        Those chosen.
    """

    cloud_changed = Signal()
    cloud_grew = Signal()
    chosen_changed = Signal()
    mapped = Signal(str, HeatMap)
    placed = Signal(list)
    odd = Signal(dict)
    said = Signal(str, float)
    failed = Signal(str)

    def __init__(self, session: Session, finder: Finder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._finder = session, finder
        self._asked: set[str] = set()
        self._of, self._by, self._clusters = "", "pca", 8
        self.cloud: PointCloud | None = None
        self.chosen: NDArray[np.intp] = NOTHING
        self._facts = Background(self)
        self._facts.result.connect(self._know)
        self._facts.failed.connect(self.failed)
        self._listing = Background(self)
        self._listing.result.connect(
            lambda rows: self.ask("scatter", of="landmarks", landmarks=rows)
        )
        finder.answered.connect(self._on_answer)
        session.opened.connect(self._forget)
        session.run_changed.connect(self._forget)

    @property
    def obstacle(self) -> str:
        """Why nothing can be asked; empty if it can."""
        if self._session.project is None:
            return _FIRST
        return _NO_RUN if self._session.run is None else ""

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._asked)

    def is_asked(self, kind: str) -> bool:
        """Whether an answer to a question of this kind is still to come."""
        return kind in self._asked

    # Questions

    def ask(self, kind: str, **facts: object) -> None:
        """Ask a question of one of `KINDS`; nothing happens without a run."""
        if self._finder.ask(kind, **facts):
            self._asked.add(kind)
            self.said.emit("Starting", -1.0)

    def stop(self, *kinds: str) -> None:
        """Give up questions of these kinds, or of all."""
        given_up = self._asked & set(kinds or KINDS)
        self._asked -= given_up
        if given_up:
            self._finder.give_up(*given_up)
        self._tell_end()

    def show(self, of: str, patches: int, clusters: int, by: str) -> None:
        """Ask for the points of a plot.

        Parameters
        ----------
        of : str
            images, patches, landmarks or superpixels.
        patches, clusters : int
            How many of them.
        by : str
            How to arrange them once they are there: pca, tsne or umap.
        """
        self.stop("kinds", "arrange")
        self._of, self._by, self._clusters = of, by, clusters
        project = self._session.project
        if of == "landmarks" and project is not None:
            self._listing.start(_listed(project.annotations))
        else:
            self.ask("scatter", of=of, count=patches)

    def arrange(self, by: str) -> None:
        """Ask for another arrangement of the same points."""
        self._by = by
        self.stop("arrange")
        if self.cloud is None or self.is_asked("scatter") or self.cloud.by == by:
            return
        if by == "pca":
            self.cloud = self.cloud.arranged(by, self._pca)
            self.cloud_grew.emit()
        else:
            self.ask("arrange", by=by)

    def divide(self, clusters: int) -> None:
        """Ask for another number of clusters of the same points."""
        self._clusters = clusters
        if self.cloud is not None and not self.is_asked("scatter"):
            self.ask("kinds", count=clusters)

    def map(self, kind: str, **facts: object) -> None:
        """Ask for a map, one of `MAPS`, of the image at hand."""
        self.ask(kind, image=self._session.image, **facts)

    def find_like(self, positive: Sequence[Landmark], negative: Sequence[Landmark]) -> None:
        """Ask which places of all images are like some points and unlike others."""
        sides = {"positive": positive, "negative": negative}
        rows = {side: [astuple(one) for one in points] for side, points in sides.items()}
        self.ask("like", image=self._session.image, **rows)

    def knows(self, points: Sequence[Landmark]) -> bool:
        """Whether points are of images of the project that is open."""
        return {point.image for point in points} <= set(self._session.names)

    def find_odd(self) -> None:
        """Ask which images stand alone or are there twice."""
        self.ask("odd")

    def go(self, image: str) -> None:
        """Take an image in hand."""
        self._session.go(image)

    # The points chosen

    def choose(self, points: NDArray[np.intp]) -> None:
        """Choose points, in the place of those chosen before."""
        self.chosen = points
        self.chosen_changed.emit()

    def learn(self, fact: str, structure: str = "") -> None:
        """Find out a fact of the points that is not known yet: see :func:`learn_facts`."""
        project = self._session.project
        if self.cloud is not None and project is not None:
            self._facts.start(learn_facts(project, self.cloud, fact, structure))

    def close(self) -> None:
        """Ask no more."""
        self.stop()
        self._facts.stop()
        self._listing.stop()

    # Answers

    def _on_answer(self, kind: str, answer: dict[str, Any]) -> None:
        event = answer["event"]
        if kind != "open" and kind not in self._asked:
            return
        if event == "failed":
            self._end(kind)
            if kind != "open":
                self.failed.emit(f"{begun(answer['why'])}.")
        elif event in _TAKEN:
            if (kind, event) != ("like", "map"):
                self._end(kind)
            _TAKEN[event](self, kind, answer)
        elif self._asked and answer.get("message") and event != "skipped":
            self._say(answer)

    def _say(self, answer: dict[str, Any]) -> None:
        step, steps = answer.get("step", 0), answer.get("steps")
        what = begun(answer["message"])
        self.said.emit(
            f"{what}, {step} of {steps}" if steps else what, step / steps if steps else -1.0
        )

    def _end(self, kind: str) -> None:
        self._asked.discard(kind)
        self._tell_end()

    def _tell_end(self) -> None:
        if not self._asked:
            self.said.emit("", 1.0)

    def _take_cloud(self, _kind: str, answer: dict[str, Any]) -> None:
        self._set(PointCloud.from_event(self._of, answer))
        assert self.cloud is not None
        self._pca = self.cloud.positions
        self.divide(self._clusters)
        self.arrange(self._by)
        if self._of == "landmarks":
            self.learn("confidence")

    def _take_kinds(self, _kind: str, answer: dict[str, Any]) -> None:
        self._know({CLUSTER: unpacked(answer["clusters"])})

    def _take_arranged(self, _kind: str, answer: dict[str, Any]) -> None:
        if self.cloud is not None:
            self.cloud = self.cloud.arranged(self._by, unpacked(answer["positions"]))
            self.cloud_grew.emit()

    def _take_map(self, kind: str, answer: dict[str, Any]) -> None:
        self.mapped.emit(kind, HeatMap.from_event(answer))

    def _take_places(self, _kind: str, answer: dict[str, Any]) -> None:
        self.placed.emit(answer["rows"])

    def _take_odd(self, _kind: str, answer: dict[str, Any]) -> None:
        self.odd.emit(answer)

    def _know(self, facts: dict[str, NDArray[Any]]) -> None:
        """Take facts over; those of other points come too late."""
        if self.cloud is not None and all(len(one) == len(self.cloud) for one in facts.values()):
            self.cloud = self.cloud.knowing(**facts)
            self.cloud_grew.emit()

    def _forget(self) -> None:
        self._asked.clear()
        self._facts.stop()
        self._set(None)
        self._tell_end()

    def _set(self, cloud: PointCloud | None) -> None:
        self.cloud, self.chosen = cloud, NOTHING
        self.cloud_changed.emit()


def _listed(annotations: Annotations) -> Generator[None, None, list[tuple[object, ...]]]:
    """All points of all images, off the main thread: there may be very many."""
    yield
    return [astuple(one) for one in landmarks_of(annotations)]


_TAKEN = {
    "cloud": Explorer._take_cloud,
    "kinds": Explorer._take_kinds,
    "arranged": Explorer._take_arranged,
    "map": Explorer._take_map,
    "places": Explorer._take_places,
    "odd": Explorer._take_odd,
}
