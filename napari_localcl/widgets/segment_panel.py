"""Step 5: learn from the masks that people made, and propose masks of all images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QFormLayout

from napari_localcl.data.errors import BadInput
from napari_localcl.data.training_labels import labelled, write_training_labels
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.budget_fields import BudgetFields
from napari_localcl.widgets.class_list import ClassList
from napari_localcl.widgets.controls import (
    describe,
    in_row,
    keep_narrow,
    make_button,
    make_check,
    make_label,
)
from napari_localcl.widgets.preferences import preferences
from napari_localcl.widgets.proposing import Proposed, measured_as_called, read_proposed, take_over
from napari_localcl.widgets.step import State
from napari_localcl.widgets.training_step import TrainingStep
from napari_localcl.widgets.training_words import proposed
from napari_localcl.widgets.wish import FINETUNE, FinetuneWish

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qtpy.QtWidgets import QWidget

    from napari_localcl.data.training_labels import TrainingLabels
    from napari_localcl.widgets.session import Session
    from napari_localcl.widgets.training import Training

_FIRST = "Paint a structure in some images, or accept masks that were proposed. "
_GAP = 4  # pixels between rows, so that all fits a small screen
_SHARE = 0.2
_NOTHING = "nothing"


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
    """

    verb = FINETUNE

    def __init__(self, session: Session, training: Training, correct: Callable[[], None]) -> None:
        tip = "Learn from the masks that are yours, and segment all images by them"
        super().__init__(5, "Segment", tip, "First open images.", session, training)
        self.body.setSpacing(_GAP)
        self._wish: FinetuneWish | None = None
        self._collecting, self._reading = Background(self), Background(self)
        self._make_classes(correct)
        self._make_fields()
        self._make_buttons()
        self._connect()
        self._enable()

    @property
    def is_ready(self) -> bool:
        """Whether there is anything to learn from."""
        return bool(self.classes.chosen) and not self._collecting.is_busy

    def take(self, facts: Mapping[str, Any]) -> None:
        """Take over what `methods --events` says."""
        self.budget.take(facts)
        for method in facts["methods"]:
            for name, tip in method.get("label_preset_help", {}).items():
                self._recipe.addItem(name, name)
                self._recipe.setItemData(self._recipe.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._recipe.setCurrentIndex(max(self._recipe.findData("action"), 0))
        self._enable()

    def close_work(self) -> None:
        """Give up what is at hand."""
        self._collecting.stop()
        self._reading.stop()

    # The controls

    def _make_classes(self, correct: Callable[[], None]) -> None:
        self.classes = ClassList(self._session)
        self._count = make_label()
        self._paint = make_button(
            "Paint",
            "Take a brush for the structure at hand; name a new one in step 4",
            correct,
        )
        self.body.addWidget(self.classes)
        row = in_row(self._count, self._paint)
        row.setStretch(0, 1)
        self.body.addLayout(row)

    def _make_fields(self) -> None:
        self._recipe, self._encoder, self._shown = QComboBox(), QComboBox(), QComboBox()
        for choice in (self._recipe, self._encoder, self._shown):
            keep_narrow(choice, 8)
        describe(
            self._recipe,
            "Recipe",
            "How to learn: from your masks alone, or also from the images without one",
        )
        describe(
            self._encoder,
            "Begin with the network of",
            "Go on with what an earlier run has learned, of step 2, 4 or 5",
        )
        describe(
            self._shown,
            "Proposals of",
            "Which model's masks are proposed; what you accepted, drew or rejected stays",
        )
        self._keep_back = make_check(
            "Keep a fifth back to measure",
            "A fifth of your images is not learned from, and tells how good the model is: one at "
            "least where you have three. The same are kept back again later",
            lambda _is_on: None,
        )
        self._keep_back.setChecked(True)
        form = QFormLayout()
        form.setVerticalSpacing(_GAP)
        form.addRow("Recipe", self._recipe)
        form.addRow("Begin with", self._encoder)
        self.budget = BudgetFields(form)
        preferred = preferences()
        self.budget.offer_first(preferred.minutes, preferred.device)
        form.addRow("", self._keep_back)
        self.body.addLayout(form)

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
        self._proposals = QFormLayout()
        self._proposals.addRow("Proposals of", self._shown)
        self.body.addLayout(self._proposals)
        self.body.addWidget(self._bar)

    def _connect(self) -> None:
        session = self._session
        session.opened.connect(self.close_work)
        session.opened.connect(self._list_runs)
        session.annotations_changed.connect(self._count_labelled)
        session.structure_changed.connect(self._enable)
        self.classes.changed.connect(self._list_runs)
        self._shown.activated.connect(self._on_shown)
        self._collecting.news.connect(self._on_collecting)
        self._collecting.result.connect(self._on_collected)
        self._collecting.failed.connect(lambda why: self._fail(f"Not begun: {why}."))
        self._reading.result.connect(self._on_read)
        self._reading.failed.connect(lambda why: self._fail(f"Not shown: {why}."))

    def _fields(self) -> tuple[QWidget, ...]:
        own = (self.classes, self._recipe, self._encoder, self._shown, self._keep_back)
        return (*own, *self.budget.widgets)

    def _enable(self) -> None:
        super()._enable()
        self._paint.setEnabled(bool(self._session.project and self._session.structure))
        self._count_labelled()

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
        rows = [row for row in runs.rows() if row.status == "finished"] if runs else []
        self._encoder.clear()
        self._encoder.addItem(_NOTHING, None)
        for row in rows:
            self._encoder.addItem(row.name, runs.open(row.folder).path)
            if row.is_current:
                self._encoder.setCurrentIndex(self._encoder.count() - 1)
        self._shown.clear()
        folders = [self._session.masks.folder_of(name) for name in chosen]
        for row in runs.proposing(folders) if folders else ():
            self._shown.addItem(row.name, row.folder)
        self._shown.setCurrentIndex(self._shown.findData(self._proposing))
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
            self.tell(State.DONE, f"{broken}{self._shown.currentText()} has proposed masks.")
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
            self._recipe.currentData(),
            self.budget.budget,
            project.masks,
            self._encoder.currentData(),
            project.runs / earlier if (project.runs / earlier / "run.json").exists() else None,
            _SHARE if self._keep_back.isChecked() else 0.0,
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
        sentence = proposed(found.run, counts, measured_as_called(session, found))
        self.tell(State.DONE, sentence)
