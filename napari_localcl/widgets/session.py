"""The project that is open, the image at hand, and news of both."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_localcl.data.autosave import Autosave
from napari_localcl.data.errors import BadInput
from napari_localcl.data.marks import Kind, is_machine
from napari_localcl.data.review import Doubt, next_uncertain
from napari_localcl.tasks.project_runs import ProjectRuns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.folder import Plane
    from napari_localcl.data.project import Project
    from napari_localcl.data.project_annotations import Annotations

_SAVE_EVERY = 500  # milliseconds


class Session(QObject):
    """What all panels share. Panels change it by its methods and follow its signals.

    Attributes
    ----------
    opened, image_changed, annotations_changed, run_changed : Signal
        There is another project, or its images are others; another image at hand; another state;
        another run in use.
    doubt_changed : Signal
        There is another prediction at hand.
    people_changed : Signal
        The points that people placed are others: predictions made from them are out of date.
    obstacle_changed : Signal
        There is another reason why nothing can be changed, or none any more.
    problem : Signal of str
        Something could not be done, and why.
    project : Project or None
        None until one is opened.
    image : str
        Name of the image at hand.
    doubt : Doubt or None
        The prediction at hand.
    obstacle : str
        Why nothing can be changed; empty if it can.
    """

    opened = Signal()
    image_changed = Signal()
    annotations_changed = Signal()
    people_changed = Signal()
    run_changed = Signal()
    doubt_changed = Signal()
    obstacle_changed = Signal()
    problem = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.project: Project | None = None
        self.runs: ProjectRuns | None = None
        self.image = self.obstacle = ""
        self.doubt: Doubt | None = None
        self._reached: Doubt | None = None
        self._preview: Sequence[Landmark] = ()
        self._autosave: Autosave | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._save_if_due)

    def open(self, project: Project) -> None:
        """Go over to another project."""
        self.close()
        self.project, self.runs, self._autosave = project, ProjectRuns(project), Autosave(project)
        self._timer.start(_SAVE_EVERY)
        self._look_at_lock()
        self.begin_anew()

    def begin_anew(self) -> None:
        """Tell everybody of the project, as it was opened or as its images were found again."""
        self.image, self.doubt, self._reached, self._preview = self.names[0], None, None, ()
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

    def remove(self, landmark: str) -> None:
        """Take a point out of the image at hand: a person's is forgotten, a prediction rejected."""
        if self.annotations.kind(self.image, landmark) is Kind.PREDICTED:
            self._edit(lambda now: now.reject(self.image, landmark))
        else:
            self._edit(lambda now: now.delete(self.image, landmark))

    def show(self, rows: Sequence[Landmark]) -> None:
        """Show predictions for the image at hand before those for all images are there."""
        self._preview = [row for row in rows if row.image == self.image]
        self.annotations_changed.emit()

    def take(self, rows: Sequence[Landmark]) -> None:
        """Take predictions for all images over."""
        assert self.project is not None
        self._preview = ()
        self.project.set_predictions(rows)
        self.annotations_changed.emit()

    # Review

    def look_at(self, doubt: Doubt | None) -> None:
        """Take a prediction in hand, and its image."""
        self.doubt = doubt
        if doubt is not None:
            self.go(doubt.image)
        self.doubt_changed.emit()

    def next_uncertain(self) -> None:
        """Take the least sure prediction in hand, or the one after that at hand."""
        if self.project:
            self._reached = next_uncertain(self.annotations, self._reached)
            self.look_at(self._reached)

    def accept(self) -> None:
        """Make the prediction at hand a person's point, and go on to the next."""
        self._decide(lambda now, at: now.accept(at.image, at.landmark))

    def reject(self) -> None:
        """Throw the prediction at hand out, and go on to the next."""
        self._decide(lambda now, at: now.reject(at.image, at.landmark))

    def _first_doubt(self) -> Doubt | None:
        """Return the first prediction in the image at hand."""
        rows = (row for row in self.annotations.points(self.image) if is_machine(row.source))
        row = next(rows, None)
        return row and Doubt(row.image, row.landmark, row.confidence or 0.0)

    def _decide(self, change: Callable[[Annotations, Doubt], Annotations]) -> None:
        at = self.doubt
        if at and self.annotations.kind(at.image, at.landmark) is Kind.PREDICTED:
            self._edit(lambda now: change(now, at))
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

    def _edit(self, change: Callable[[Annotations], Annotations]) -> None:
        assert self.project is not None
        before = self.annotations
        try:
            self.project.check_writable()
            self.project.edit(change(before))
        except BadInput as error:
            self.problem.emit(str(error))
        self.annotations_changed.emit()
        if self.annotations.human_points() != before.human_points():
            self.people_changed.emit()

    def _save_if_due(self) -> None:
        assert self._autosave is not None
        self._look_at_lock()
        if self.obstacle:
            return
        self._autosave.save_if_due(time.monotonic())
        if self._autosave.problem:
            self.problem.emit(self._autosave.problem)

    def _look_at_lock(self) -> None:
        obstacle = (self.project and self.project.lock.obstacle) or ""
        if obstacle != self.obstacle:
            self.obstacle = obstacle
            self.obstacle_changed.emit()
