"""Step 5: learn from the masks that people made, and propose masks of all images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QComboBox, QFormLayout

from napari_localcl.data.errors import BadInput
from napari_localcl.data.structures import check_structure
from napari_localcl.data.training_labels import labelled, write_training_labels
from napari_localcl.tasks.held_out import read_held_out
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.class_list import ClassList
from napari_localcl.widgets.controls import (
    describe,
    in_row,
    keep_narrow,
    make_button,
    make_label,
)
from napari_localcl.widgets.paint_tools import PaintTools
from napari_localcl.widgets.proposing import Proposed, as_called, read_proposed, take_over
from napari_localcl.widgets.segment_form import SegmentForm
from napari_localcl.widgets.step import State
from napari_localcl.widgets.structure_names import StructureNames
from napari_localcl.widgets.training_step import TrainingStep
from napari_localcl.widgets.training_words import proposed
from napari_localcl.widgets.wish import FINETUNE, FinetuneWish
from napari_localcl.widgets.words import begun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qtpy.QtWidgets import QWidget

    from napari_localcl.data.training_labels import TrainingLabels
    from napari_localcl.widgets.filling import Filling
    from napari_localcl.widgets.session import Session
    from napari_localcl.widgets.training import Training

_FIRST = "Paint a structure in some images, or accept masks that were proposed. "
_GAP = 4  # pixels between rows, so that all fits a small screen


class SegmentPanel(TrainingStep):
    """Lets people choose which structures are learned, how, and whose proposals are shown.

    Parameters
    ----------
    session : Session
        Whose masks.
    training : Training
        What learns.
    correct : callable
        Gives people a brush for the mask of the structure at hand.
    filling : Filling
        What fills masks by clicks.
    """

    verb = FINETUNE

    def __init__(
        self,
        session: Session,
        training: Training,
        correct: Callable[[], None],
        filling: Filling,
    ) -> None:
        tip = "Learn from the masks that are yours, and segment all images by them"
        super().__init__(5, "Segment", tip, "First open images.", session, training)
        self.body.setSpacing(_GAP)
        self._wish: FinetuneWish | None = None
        self._collecting, self._reading = Background(self), Background(self)
        self._correct = correct
        self.names, self.tools = StructureNames(session), PaintTools(session, filling)
        self._make_classes()
        self.form = SegmentForm()
        self.budget = self.form.budget
        self.body.addWidget(self.form)
        self._make_buttons()
        self._connect()
        self._enable()

    @property
    def is_ready(self) -> bool:
        """Whether there is anything to learn from."""
        return bool(self.classes.chosen) and not self._collecting.is_busy

    def take(self, facts: Mapping[str, Any]) -> None:
        """Take over what `methods --events` says."""
        self.form.take(facts)
        self._enable()

    def close_work(self) -> None:
        """Give up what is at hand."""
        self.tools.close_work()
        self._collecting.stop()
        self._reading.stop()

    # The controls

    def _make_classes(self) -> None:
        self.classes = ClassList(self._session)
        self._count = make_label()
        self._paint = make_button(
            "Paint",
            "Take a brush for this structure, which may be new; e rubs out",
            self._on_paint,
            "Alt+Shift+B",
        )
        row = in_row(self.names, self._paint)
        row.setStretch(0, 1)
        self.body.addLayout(row)
        self.body.addWidget(self.tools)
        self.body.addWidget(self._count)
        self.body.addWidget(self.classes)

    def _make_buttons(self) -> None:
        self._add_buttons(
            "Fine-tune",
            "Learn from your masks in the background, and propose masks of all images",
            "Alt+Shift+F",
        )
        self._monitor = make_button(
            "Monitor", "Show the losses of the training", self.monitor_wanted.emit
        )
        self.starting.addWidget(self._monitor)
        self._shown = QComboBox()
        keep_narrow(self._shown, 8)
        describe(
            self._shown,
            "Proposals of",
            "Which model's masks are proposed; what you accepted, drew or rejected stays",
        )
        self._proposals = QFormLayout()
        self._proposals.addRow("Proposals of", self._shown)
        self.body.addLayout(self._proposals)
        self.body.addWidget(self._bar)

    def _connect(self) -> None:
        session = self._session
        session.opened.connect(self.close_work)
        session.opened.connect(self._list_runs)
        session.annotations_changed.connect(self._count_labelled)
        self.names.changed.connect(self._on_structure)
        self.tools.said.connect(lambda what: self.tell(self.state, what))
        self.classes.changed.connect(self._list_runs)
        self._shown.activated.connect(self._on_shown)
        self._collecting.news.connect(self._on_collecting)
        self._collecting.result.connect(self._on_collected)
        self._collecting.failed.connect(lambda why: self._fail(f"Not begun: {why}."))
        self._reading.result.connect(self._on_read)
        self._reading.failed.connect(lambda why: self._fail(f"Not shown: {why}."))

    def _fields(self) -> tuple[QWidget, ...]:
        return (self.classes, self.form, self._shown)

    def _enable(self) -> None:
        super()._enable()
        is_open = self._session.project is not None
        self.names.enable()
        self._paint.setEnabled(is_open)
        self.form.setVisible(not self.is_at_work)
        self._count_labelled()

    # Painting

    def _on_structure(self) -> None:
        if self.names.is_known:
            self._session.choose_structure(self.names.text)

    def _on_paint(self) -> None:
        try:
            structure = check_structure(self.names.text)
        except BadInput as error:
            self.names.ask()
            self.tell(State.NEEDS_YOU, f"{begun(str(error))}.")
            return
        self._session.choose_structure(structure)
        self._correct()

    # What there is

    def _count_labelled(self) -> None:
        session = self._session
        if session.project is None:
            self._count.setText("")
            return
        done, total = len(labelled(session.masks, self.classes.chosen)), len(session.names)
        self._count.setText(f"Labelled {done} of {total} images" if total else "")

    def _list_runs(self) -> None:
        runs, chosen = self._session.runs, self.classes.chosen
        self._shown.clear()
        folders = [self._session.masks.folder_of(name) for name in chosen]
        for row in runs.proposing(folders) if folders else ():
            self._shown.addItem(row.name, row.folder)
        self._shown.setCurrentIndex(self._shown.findData(self._proposing))
        # A model of the same structures is the best to go on with.
        self.form.list_runs(runs, self._shown.currentData() or "")
        has_choice = self._shown.count() > 0
        self._shown.setVisible(has_choice)
        self._proposals.labelForField(self._shown).setVisible(has_choice)
        super()._list_runs()

    @property
    def _proposing(self) -> str:
        """The run whose proposals for the first of the structures are shown; empty if none."""
        first = next(iter(self.classes.chosen), "")
        masks = self._session.masks
        return masks.structures[first].proposals.run if first in masks.names else ""

    def _say_state(self, broken: str) -> None:
        if not self.classes.chosen:
            self.tell(State.NEEDS_YOU, f"{broken}{_FIRST}")
        elif self._shown.currentData() and self._shown.currentData().startswith(FINETUNE):
            path = self._session.project.runs / self._shown.currentData()
            measured = as_called(self._session, read_held_out(path))
            dice = f" {measured.in_words()}." if measured else ""
            self.tell(State.DONE, f"{broken}{path.name} has proposed masks.{dice}")
        else:
            self.tell(State.NEEDS_YOU, f"{broken}Choose what to learn, and fine-tune.")

    # The training

    def _begin(self) -> None:
        session = self._session
        project, runs = session.project, session.runs
        chosen = self.classes.chosen
        session.settling.emit()
        self._run = runs.begin(FINETUNE)
        # Not in the cache: what a run was begun with is needed to go on with it.
        labels = runs.labels_of(self._run.name)
        earlier = self._proposing
        self._wish = FinetuneWish(
            tuple(session.masks.folder_of(name) for name in chosen),
            labels,
            self.form.recipe,
            self.budget.budget,
            project.masks,
            self.form.start_from,
            project.runs / earlier if (project.runs / earlier / "run.json").exists() else None,
            self.form.hold_share,
        )
        try:
            project.check_writable()
        except BadInput as error:
            self._fail(f"Not begun: {error}.")
            return
        self.tell(State.RUNNING, "Collecting your masks…")
        work = write_training_labels(project.masks, session.masks, chosen, labels)
        self._collecting.start(work)
        self._enable()

    def _on_collecting(self, news: Any) -> None:
        self.tell(State.RUNNING, f"Collecting your masks: {news.step} of {news.steps}")

    def _on_collected(self, _labels: TrainingLabels) -> None:
        assert self._wish is not None
        self._training.start(self._wish, self._run)
        if self._training.is_running:
            self.monitor_wanted.emit()

    def _fail(self, sentence: str) -> None:
        self.tell(State.NEEDS_YOU, sentence)
        self._enable()

    # Other proposals

    def _on_shown(self, _index: int) -> None:
        session, folder = self._session, self._shown.currentData()
        if folder and folder != self._proposing:
            folders = [session.masks.folder_of(name) for name in self.classes.chosen]
            path = session.project.runs / folder
            self._reading.start(read_proposed(session.project.masks, folders, path))

    def _on_read(self, found: Proposed) -> None:
        session = self._session
        take_over(session, found)
        counts = {session.masks.name_of(one): len(own.files) for one, own in found.masks.items()}
        self._list_runs()
        sentence = proposed(found.run, counts, as_called(session, found.held_out))
        self.tell(State.DONE, sentence)
