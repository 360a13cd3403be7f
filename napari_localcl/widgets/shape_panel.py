"""Step 4: segment a structure in every image from its shape alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QComboBox, QFormLayout

from napari_localcl.data.errors import BadInput
from napari_localcl.data.structures import check_structure
from napari_localcl.widgets.budget_fields import BudgetFields
from napari_localcl.widgets.controls import describe, in_row, keep_narrow, make_button, reach_after
from napari_localcl.widgets.preferences import preferences
from napari_localcl.widgets.prior_form import PriorForm
from napari_localcl.widgets.shape_settings import ShapeSettings
from napari_localcl.widgets.step import State
from napari_localcl.widgets.structure_names import StructureNames
from napari_localcl.widgets.training_step import TrainingStep
from napari_localcl.widgets.wish import LEARN, SEGMENT, ShapeWish
from napari_localcl.widgets.words import begun, counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qtpy.QtWidgets import QWidget

    from napari_localcl.widgets.session import Session
    from napari_localcl.widgets.shape_drawing import ShapeDrawing
    from napari_localcl.widgets.shape_preview import ShapePreview
    from napari_localcl.widgets.training import Training

_FIRST = "Name a structure and say what shape it has. "
_DRAW = "Draw it on an image: its size and place count."
_GAP = 4  # pixels between rows, so that all fits a small screen
_NO_ENCODER = "nothing"


class ShapePanel(TrainingStep):
    """Lets people choose or draw a shape, look at it, and segment a structure by it.

    Parameters
    ----------
    session : Session
        Whose images.
    training : Training
        What does it.
    drawing : ShapeDrawing
        Where shapes are drawn.
    preview : ShapePreview
        Where samples of the shape are shown.

    Attributes
    ----------
    prior : PriorForm
        Which shape.
    options : ShapeSettings
        All else that can be chosen.
    """

    verb = SEGMENT

    def __init__(
        self, session: Session, training: Training, drawing: ShapeDrawing, preview: ShapePreview
    ) -> None:
        tip = "Segment a structure in every image from its shape alone, without labels"
        super().__init__(4, "Shape", tip, "First open images.", session, training)
        self._drawing, self._drawn_shapes = drawing, preview
        self.names = StructureNames(session)
        self.prior = PriorForm()
        self.body.setSpacing(_GAP)
        self._make_fields()
        self._make_drawing()
        self._make_buttons()
        self._connect()
        self._enable()

    @property
    def structure(self) -> str:
        """What a person calls the structure."""
        return self.names.text

    @property
    def is_ready(self) -> bool:
        """Whether there is a name and a shape."""
        return bool(self.structure and self.prior.source)

    def take(self, facts: Mapping[str, Any]) -> None:
        """Take over what `methods --events` says."""
        self.budget.take(facts)
        self.options.take(facts)
        # What is known late is reached by keys where it is seen.
        reach_after(self.names.field, self.options.widgets)
        self._enable()

    # The controls

    def _make_fields(self) -> None:
        self._encoder = QComboBox()
        keep_narrow(self._encoder, 8)
        describe(
            self._encoder,
            "Begin with",
            "Begin with what a run of step 2 has learned. That saves time where its settings suit "
            "the structure; for thin or small ones, begin with nothing",
        )
        form = QFormLayout()
        form.setVerticalSpacing(_GAP)
        form.addRow("Structure", self.names)
        self.options = ShapeSettings(form, self.prior, self)
        self.body.addLayout(form)
        self.body.addWidget(self.prior)

    def _make_drawing(self) -> None:
        self._outline = make_button(
            "Draw outline",
            "Draw an ellipse on the image: press at one corner and drag to the other; napari's "
            "other tools draw polygons and free outlines",
            self._drawing.outline,
            "Alt+Shift+D",
        )
        self._paint = make_button(
            "Paint", "Paint the shape on the image with a brush", self._drawing.paint
        )
        self._keep = make_button(
            "Use drawing",
            "Take what is drawn as the shape; shapes drawn on other images stay",
            self._on_keep,
            "Alt+Shift+U",
        )
        self.body.addLayout(in_row(self._outline, self._paint, self._keep))

    def _make_buttons(self) -> None:
        self._preview = make_button(
            "Preview",
            "Show samples of the shape beside the image, at its scale; press again to hide them",
            None,
            "Alt+Q",
        )
        self._preview.setCheckable(True)
        self._monitor = make_button(
            "Monitor", "Show the losses of the training", self.monitor_wanted.emit
        )
        form = QFormLayout()
        form.setVerticalSpacing(_GAP)
        self.budget = BudgetFields(form)
        preferred = preferences()
        self.budget.offer_first(preferred.minutes, preferred.device)
        form.addRow("Begin with", self._encoder)
        self._budget_form = form
        self.body.addLayout(form)
        self._add_buttons(
            "Segment", "Learn the shape and segment all images in the background", "Alt+Shift+Q"
        )
        self.starting.insertWidget(0, self._preview)
        reach_after(self._encoder, [self._preview])
        self.body.addLayout(in_row(self.options.button, self._monitor))
        self.body.addLayout(in_row(*self.names.buttons))
        self.body.addWidget(self._bar)

    def _connect(self) -> None:
        session, drawing = self._session, self._drawing
        session.opened.connect(self._on_opened)
        self.names.changed.connect(self._on_structure)
        self.prior.changed.connect(self._on_prior)
        drawing.changed.connect(self._on_drawing)
        drawing.kept.connect(self._on_kept)
        drawing.failed.connect(lambda why: self.tell(State.NEEDS_YOU, f"{begun(why)}."))
        self._preview.toggled.connect(self._drawn_shapes.want)
        self._drawn_shapes.shown_changed.connect(self._preview.setChecked)
        self._drawn_shapes.failed.connect(
            lambda why: self.tell(State.NEEDS_YOU, f"No preview: {why}.")
        )

    def _fields(self) -> tuple[QWidget, ...]:
        return (self._encoder, *self.budget.widgets, *self.options.widgets)

    def _enable(self) -> None:
        super()._enable()
        is_open = self._session.project is not None
        self.names.enable(not self.is_at_work)
        for widget in (self.prior, self._outline, self._paint):
            widget.setEnabled(is_open and not self.is_at_work)
        for button in (self._outline, self._paint, self._keep):
            button.setVisible(self.prior.is_drawn and not self.is_at_work)
        # The progress is what counts then, and needs the room.
        for widget in (self.prior, self._preview):
            widget.setVisible(not self.is_at_work)
        self._keep.setEnabled(self._drawing.is_drawing)
        self._preview.setEnabled(is_open and bool(self.prior.source))
        self.options.button.setVisible(self.options.is_known)
        self.options.button.setEnabled(not self._training.is_running)

    # What people choose

    def _on_opened(self) -> None:
        self._drawing.give_up()
        self._on_structure()

    def _on_structure(self) -> None:
        if self.names.is_known:
            self._session.choose_structure(self.structure)
        self.prior.drawn = self._shapes if self.structure else None
        self._on_prior()

    @property
    def _shapes(self) -> Path | None:
        """Where the shapes that a person draws of the structure go."""
        project = self._session.project
        return project.priors / self._session.masks.folder_of(self.structure) if project else None

    def _on_prior(self) -> None:
        self._drawn_shapes.choose(self.prior.source, self.prior.settings)
        self._enable()
        if self._session.project is not None and not self.is_at_work:
            self._say_state("")

    def _on_keep(self) -> None:
        try:
            check_structure(self.structure)
            self._session.project.check_writable()
        except BadInput as error:
            self.names.ask()
            self.tell(State.NEEDS_YOU, f"{begun(str(error))}.")
        else:
            self._drawing.keep(self._shapes)

    def _on_drawing(self) -> None:
        self._enable()
        if self._drawing.is_drawing:
            self.tell(State.NEEDS_YOU, "Draw the shape on the image, then press Use drawing.")

    def _on_kept(self, _path: Path) -> None:
        self._on_structure()
        self._drawn_shapes.want(True)

    # The training

    def _begin(self) -> None:
        project = self._session.project
        varied = {f"prior.{name}": value for name, value in self.prior.settings.items()}
        try:
            wish = ShapeWish(
                check_structure(self.structure),
                self._session.masks.folder_of(self.structure),
                self.prior.source,
                self.budget.budget,
                project.masks,
                {**varied, **self.options.values},
                self._encoder.currentData(),
            )
        except BadInput as error:
            self.tell(State.NEEDS_YOU, f"{begun(str(error))}.")
            return
        self._drawn_shapes.want(False)
        self._training.start(wish)

    def _list_runs(self) -> None:
        runs = self._session.runs
        rows = [row for row in runs.rows() if row.status == "finished"] if runs else []
        self._encoder.clear()
        self._encoder.addItem(_NO_ENCODER, None)
        for row in rows:
            if row.verb == LEARN:
                self._encoder.addItem(row.name, runs.open(row.folder).path)
        has_choice = self._encoder.count() > 1
        self._encoder.setVisible(has_choice)
        self._budget_form.labelForField(self._encoder).setVisible(has_choice)
        super()._list_runs()

    def _say_state(self, broken: str) -> None:
        drawn = self._count_drawn()
        masks = self._session.masks
        proposed = self.structure in masks.names and masks.structures[self.structure].proposals.run
        if proposed:
            self.tell(State.DONE, f"{broken}{proposed} has proposed masks of {self.structure}.")
        elif not self.prior.is_drawn:
            self.tell(State.NEEDS_YOU, f"{broken}{_FIRST}")
        elif drawn:
            shapes = f"{counted(drawn, 'shape')} of {self.structure} drawn"
            self.tell(State.NEEDS_YOU, f"{broken}{shapes}. Look at the preview, then segment.")
        else:
            self.tell(State.NEEDS_YOU, f"{broken}{_FIRST}{_DRAW}")

    def _count_drawn(self) -> int:
        folder = self.prior.drawn
        return len(list(folder.glob("*.png"))) if folder else 0
