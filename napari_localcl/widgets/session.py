"""The project that is open, the image at hand, and news of both."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.autosave import Autosave
from napari_localcl.data.errors import BadInput
from napari_localcl.data.history import History
from napari_localcl.data.marks import Kind, is_machine
from napari_localcl.data.review import Doubt, changed_place, next_uncertain
from napari_localcl.tasks.project_runs import ProjectRuns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from napari_localcl.data.exchange.merging import Merge
    from napari_localcl.data.folder import Plane
    from napari_localcl.data.project import Project
    from napari_localcl.data.project_annotations import Annotations

_SAVE_AFTER, _LOOK_EVERY = 0.3, 200  # seconds, milliseconds: an edit is safe within a second


class Session(QObject):
    """What all panels share. Panels change it by its methods and follow its signals.

    Attributes
    ----------
    opened, image_changed, annotations_changed, run_changed : Signal
        There is another project; another image at hand; another state; another run in use.
    doubt_changed : Signal
        There is another prediction at hand.
    people_changed : Signal
        The points that people placed are others: predictions made from them are out of date.
    predictions_moved : Signal of int
        New predictions are there, and so many of them are not where they were.
    problem : Signal of str
        Something could not be done, and why.
    project : Project or None
        None until one is opened.
    image : str
        Name of the image at hand.
    doubt : Doubt or None
        The prediction at hand.
    only : str or None
        The landmark that the review keeps to; None is all.
    """

    opened = Signal()
    image_changed = Signal()
    annotations_changed = Signal()
    people_changed = Signal()
    predictions_moved = Signal(int)
    run_changed = Signal()
    doubt_changed = Signal()
    problem = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.project: Project | None = None
        self.runs: ProjectRuns | None = None
        self.image = ""
        self.doubt: Doubt | None = None
        self.only: str | None = None
        self._reached: Doubt | None = None
        self._preview: Sequence[Landmark] = ()
        self._autosave: Autosave | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._save_if_due)

    def open(self, project: Project) -> None:
        """Go over to another project."""
        self.close()
        self.project, self.runs = project, ProjectRuns(project)
        self._autosave = Autosave(project, _SAVE_AFTER)
        self.image, self.doubt, self._reached, self._preview = self.names[0], None, None, ()
        self.only = None
        self._timer.start(_LOOK_EVERY)
        for signal in (self.opened, self.image_changed, self.annotations_changed):
            signal.emit()
        self.run_changed.emit()

    def close(self) -> None:
        """Save what is not saved and let the project go."""
        self._timer.stop()
        if self.project is None or self._autosave is None:
            return
        try:
            self._autosave.flush()
        except BadInput as error:
            self.problem.emit(str(error))
        self._autosave.close()
        self.project.close()
        self.project = self.runs = self._autosave = None

    # Images

    @property
    def names(self) -> tuple[str, ...]:
        """The images."""
        return self.project.annotations.images.names if self.project else ()

    @property
    def index(self) -> int:
        """Which of them is at hand; -1 without a project."""
        return self.project.annotations.images.index(self.image) if self.project else -1

    @property
    def plane(self) -> Plane:
        """The image at hand, with its file."""
        assert self.project is not None
        return self.project.listing.named(self.image)

    def go(self, image: str) -> None:
        """Take another image in hand."""
        if image != self.image:
            self.image, self._preview = image, ()
            if self.doubt is None or self.doubt.image != image:
                self.doubt = self._first_doubt()
                self.doubt_changed.emit()
            self.image_changed.emit()

    def go_by(self, steps: int) -> None:
        """Take an image some places further in hand; stops at both ends."""
        if self.project:
            place = min(max(self.index + steps, 0), len(self.names) - 1)
            self.go(self.names[place])

    # Landmarks

    @property
    def annotations(self) -> Annotations:
        """What is known."""
        assert self.project is not None
        return self.project.annotations

    @property
    def points(self) -> tuple[Landmark, ...]:
        """The points of the image at hand; the latest predictions as soon as they are there."""
        if self.project is None:
            return ()
        known = {point.landmark: point for point in self.annotations.points(self.image)}
        for row in self._preview:
            kind = self.annotations.kind(self.image, row.landmark)
            if is_machine(row.source) and kind in (Kind.NOTHING, Kind.PREDICTED):
                known[row.landmark] = row
        return tuple(known.values())

    def place(self, landmark: str, y: float, x: float) -> None:
        """Set a person's point in the image at hand, of a landmark that may be new."""
        fresh = landmark not in self.annotations.names
        self._edit(
            lambda now: (now.add_landmark(landmark) if fresh else now).place(
                self.image, landmark, y, x
            )
        )

    def move(self, points: Mapping[str, tuple[float, float]]) -> None:
        """Set people's points in the image at hand where they were dragged, `(y, x)` by landmark.

        Where one of them is the prediction that the review has come to, it goes on to the next.
        """
        image, at = self.image, self._reached
        rows = [Landmark(image, landmark, y, x) for landmark, (y, x) in points.items()]
        goes_on = at and at == self.doubt and at.image == image and at.landmark in points
        self._edit(lambda now: now.place_all(rows), self.next_uncertain if goes_on else None)

    def remove(self, *landmarks: str) -> None:
        """Take points out of the image at hand: a person's is forgotten, a prediction rejected."""
        self._edit(lambda now: _without(now, self.image, landmarks))

    def show(self, rows: Sequence[Landmark]) -> None:
        """Show predictions for the image at hand before those for all images are there."""
        self._preview = [row for row in rows if row.image == self.image]
        self.annotations_changed.emit()

    def take(self, rows: Sequence[Landmark]) -> None:
        """Take predictions for all images over."""
        assert self.project is not None
        self._preview = ()
        moved = self.project.set_predictions(rows)
        self.annotations_changed.emit()
        self.predictions_moved.emit(moved)

    def merge(self, merge: Merge, theirs: bool) -> None:
        """Take landmarks from elsewhere over as people's points."""
        self._edit(lambda now: merge.apply(now, theirs))

    # Undo

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return self.project is not None and self.project.history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether a step was undone and nothing else done since."""
        return self.project is not None and self.project.history.can_redo

    def undo(self) -> None:
        """Go back one step, to the image that it was about."""
        self._step(History.undo)

    def redo(self) -> None:
        """Go forward again one step, to the image that it was about."""
        self._step(History.redo)

    # Review

    def look_at(self, doubt: Doubt | None) -> None:
        """Take a prediction in hand, and its image; the review goes on from there."""
        self.doubt = self._reached = doubt
        if doubt is not None:
            self.go(doubt.image)
        self.doubt_changed.emit()

    def next_uncertain(self) -> None:
        """Take the least sure prediction in hand, or the one after that at hand."""
        if self.project:
            self.look_at(next_uncertain(self.annotations, self._reached, self.only))

    def keep_to(self, landmark: str | None) -> None:
        """Let the review keep to one landmark; None is all."""
        self.only = landmark

    def accept(self) -> None:
        """Make the prediction at hand, as it is shown, a person's point; go on to the next."""
        shown = {point.landmark: point for point in self.points}
        self._decide(lambda now, at: now.place_all([shown[at.landmark]]))

    def accept_all(self) -> None:
        """Make all predictions of the image at hand people's points; go on to the next."""
        shown = [point for point in self.points if is_machine(point.source)]
        if shown:
            self._edit(lambda now: now.place_all(shown), self.next_uncertain)

    def reject(self) -> None:
        """Throw the prediction at hand out, and go on to the next."""
        self._decide(lambda now, at: now.reject(at.image, at.landmark))

    def mark_absent(self) -> None:
        """Note that the landmark at hand cannot be seen in its image; go on to the next."""
        self._decide(lambda now, at: now.mark_absent(at.image, at.landmark), Kind.REJECTED)

    def look_again(self) -> None:
        """Forget that the landmark at hand was rejected or marked as absent, and look for it."""
        at = self.doubt
        if at and self.kind_of(at) in (Kind.REJECTED, Kind.ABSENT):
            self._edit(lambda now: now.delete(at.image, at.landmark))
            self.people_changed.emit()

    def kind_of(self, doubt: Doubt) -> Kind:
        """Return what is known at a place by now."""
        known = doubt.landmark in self.annotations.names
        return self.annotations.kind(*doubt[:2]) if known else Kind.NOTHING

    def _first_doubt(self) -> Doubt | None:
        """Return the first prediction in the image at hand."""
        rows = (row for row in self.annotations.points(self.image) if is_machine(row.source))
        row = next(rows, None)
        return row and Doubt(row.image, row.landmark, row.confidence or 0.0)

    def _decide(
        self, change: Callable[[Annotations, Doubt], Annotations], also: Kind = Kind.PREDICTED
    ) -> None:
        at = self.doubt
        if at and self.kind_of(at) in (Kind.PREDICTED, also):
            self._edit(lambda now: change(now, at), self.next_uncertain)
        else:
            self.next_uncertain()

    # Runs

    @property
    def run(self) -> Path | None:
        """The run in use."""
        return self.runs.current if self.runs else None

    def use(self, folder: str) -> None:
        """Put a run to use."""
        assert self.runs is not None
        self.runs.choose(folder)
        self.run_changed.emit()

    def _edit(
        self,
        change: Callable[[Annotations], Annotations],
        then: Callable[[], None] | None = None,
    ) -> None:
        """Make a step that can be undone, and then what it leads to."""
        assert self.project is not None
        before = self.annotations
        try:
            self.project.edit(change(before))
        except BadInput as error:
            self.problem.emit(str(error))
        self._tell(before, then)

    def _step(self, go: Callable[[History[Annotations]], None]) -> None:
        if self.project is None:
            return
        before = self.annotations
        go(self.project.history)
        place = changed_place(before, self.annotations, self.image)
        self._tell(before, lambda: self._return(place))

    def _return(self, place: tuple[str, str] | None) -> None:
        if place and self.annotations.kind(*place) is Kind.PREDICTED:
            self.look_at(Doubt(*place, 0.0))
        elif place:
            self.go(place[0])

    def _tell(self, before: Annotations, then: Callable[[], None] | None) -> None:
        now = self.annotations
        same = now.has_same_templates(before)
        if not same:
            self._preview = ()
        self.annotations_changed.emit()
        if then and now is not before:
            then()
        # After that, because the image at hand is the first to be looked at again.
        if not same:
            self.people_changed.emit()

    def _save_if_due(self) -> None:
        assert self._autosave is not None
        self._autosave.save_if_due(time.monotonic())
        if self._autosave.problem:
            self.problem.emit(self._autosave.problem)


def _without(now: Annotations, image: str, landmarks: Sequence[str]) -> Annotations:
    for landmark in landmarks:
        predicted = now.kind(image, landmark) is Kind.PREDICTED
        now = now.reject(image, landmark) if predicted else now.delete(image, landmark)
    return now
