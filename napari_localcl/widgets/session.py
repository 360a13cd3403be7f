"""The project that is open, the image at hand, and news of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.data.history import History
from napari_localcl.data.marks import Kind
from napari_localcl.data.point_sources import is_machine
from napari_localcl.tasks.project_runs import ProjectRuns
from napari_localcl.widgets.keeping import Keeping
from napari_localcl.widgets.masking import Masking

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_localcl.data.exchange.merging import Merge
    from napari_localcl.data.folder import Plane
    from napari_localcl.data.project import Project
    from napari_localcl.data.project_annotations import Annotations
    from napari_localcl.widgets.reviewing import Change


class Session(Masking):
    """What all panels share. Panels change it by its methods and follow its signals.

    Attributes
    ----------
    opened, image_changed, annotations_changed, run_changed : Signal
        There is another project, or its images are others; another image at hand; another state;
        another run in use.
    closing : Signal
        The project is about to be let go: what is not told yet is lost.
    people_changed : Signal
        The points that people placed are others: predictions made from them are out of date.
    predictions_moved : Signal of int
        New predictions are there, and so many of them are not where they were.
    obstacle_changed : Signal
        There is another reason why nothing can be changed, or none any more.
    problem : Signal of str
        Something could not be done, and why.
    project : Project or None
        None until one is opened.
    image : str
        Name of the image at hand.
    """

    opened = Signal()
    closing = Signal()
    image_changed = Signal()
    annotations_changed = Signal()
    people_changed = Signal()
    predictions_moved = Signal(int)
    run_changed = Signal()
    obstacle_changed = Signal()
    problem = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.project: Project | None = None
        self.runs: ProjectRuns | None = None
        self.image = ""
        self._preview: Sequence[Landmark] = ()
        self._keeping = Keeping(self)
        self._keeping.obstacle_changed.connect(self.obstacle_changed)
        self._keeping.problem.connect(self.problem)

    def open(self, project: Project) -> None:
        """Go over to another project."""
        self.close()
        self.project, self.runs = project, ProjectRuns(project)
        self._keeping.open(project)
        self.begin_anew()

    @property
    def obstacle(self) -> str:
        """Why nothing can be changed; empty if it can."""
        return self._keeping.obstacle

    def begin_anew(self) -> None:
        """Tell everybody of the project, as it was opened or as its images were found again."""
        self.image, self._preview = self.names[0], ()
        self.begin_review()
        self.begin_masks()
        for signal in (self.opened, self.image_changed, self.annotations_changed):
            signal.emit()
        self.run_changed.emit()

    def close(self) -> None:
        """Save what is not saved and let the project go."""
        self.closing.emit()
        self.stop_reading()
        self._keeping.close()
        self.project = self.runs = None

    def save(self) -> None:
        """Save what is not saved, and wait for it."""
        if self.project is not None:
            self.settling.emit()
            self._keeping.flush()

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
            self.look_into(image)
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
        self.review(masks=False)
        self.edit(lambda now: now.place_all([Landmark(self.image, landmark, y, x)]))

    def remove(self, *landmarks: str) -> None:
        """Take points out of the image at hand: a person's is forgotten, a prediction rejected."""
        self.edit(lambda now: _without(now, self.image, landmarks))

    def rename(self, old: str, new: str) -> None:
        """Give a landmark another name."""
        self.edit(lambda now: now.rename_landmark(old, new))

    def forget(self, landmark: str) -> None:
        """Delete a landmark with all its points."""
        self.edit(lambda now: now.delete_landmark(landmark))

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
        self.edit(lambda now: merge.apply(now, theirs))

    # Edits

    def edit(
        self, change: Change, then: Callable[[], None] | None = None, find: bool = False
    ) -> None:
        """Make a step that can be undone.

        Parameters
        ----------
        change : callable
            From what is known to what is known afterwards; `BadInput` becomes a problem to tell.
        then : callable or None
            What it leads to, if it was made.
        find : bool
            Whether predictions are out of date although people's points are the same.
        """
        assert self.project is not None
        before = self.annotations
        try:
            self.project.check_writable()
            self.project.edit(change(before))
        except BadInput as error:
            self.problem.emit(str(error))
        self._tell(before, then, find)

    def _step(self, go: Callable[[History[Annotations]], None]) -> None:
        if self.project is None:
            return
        before = self.annotations
        try:
            self.project.check_writable()
            go(self.project.history)
        except BadInput as error:
            self.problem.emit(str(error))
        if self.annotations is before:
            return
        # Always found anew: the predictions of then may be those of another run.
        find = self.annotations.columns is not before.columns
        self._tell(before, self.way_back(before), find)

    def _tell(
        self, before: Annotations, then: Callable[[], None] | None, find: bool = False
    ) -> None:
        now = self.annotations
        find = find or not now.has_same_templates(before)
        if find:
            self._preview = ()
        self.follow_structure(before.masks)
        self.annotations_changed.emit()
        if then and now is not before:
            then()
        # After that, because the image at hand is the first to be looked at again.
        if find:
            self.people_changed.emit()

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


def _without(now: Annotations, image: str, landmarks: Sequence[str]) -> Annotations:
    for landmark in landmarks:
        predicted = now.kind(image, landmark) is Kind.PREDICTED
        now = now.reject(image, landmark) if predicted else now.delete(image, landmark)
    return now
