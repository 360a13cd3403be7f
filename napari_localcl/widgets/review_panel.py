"""Step 6: look at what was found, the least sure first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QTableView, QWidget

from napari_localcl.data.marks import Kind
from napari_localcl.data.review import doubts_in
from napari_localcl.widgets.controls import describe, in_row, keep_narrow, make_button
from napari_localcl.widgets.doubts import Doubts
from napari_localcl.widgets.review_order import ReviewOrder
from napari_localcl.widgets.step import State, Step
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtCore import QModelIndex

    from napari_localcl.widgets.session import Session

_WAITING = {"To review": Kind.PREDICTED, "Rejected": Kind.REJECTED}
_TABLE_HEIGHT = 150  # as much as leaves room for the buttons on a small screen
_HINT = (
    "Nothing was found yet. Click a landmark in one image, in step 3, or segment a structure, in "
    "step 4: what is found comes here, the least sure first."
)


@dataclass(frozen=True)
class _Topic:
    """What is reviewed.

    Attributes
    ----------
    kinds : dict of str to Kind
        What can be listed.
    every, thing, how : str
        All of them; one of them; and what to do.
    """

    kinds: dict[str, Kind]
    every: str
    thing: str
    how: str


_LANDMARKS = _Topic(
    {**_WAITING, "Absent": Kind.ABSENT},
    "All landmarks",
    "prediction",
    "Look at one: accept it, reject it, or drag its point to where it belongs.",
)
_MASKS = _Topic(
    {**_WAITING, "Mine": Kind.HUMAN},
    "All structures",
    "mask",
    "Look at one: accept it, reject it, or correct it with the brush.",
)


class ReviewPanel(Step):
    """The table of predictions, and what a person says of them.

    Parameters
    ----------
    session : Session
        Whose predictions.
    correct : callable
        Gives people a brush for the mask at hand.
    """

    def __init__(self, session: Session, correct: Callable[[], None]) -> None:
        super().__init__(6, "Review", "Accept, correct or reject what was found", _HINT)
        self._session, self._correct_it = session, correct
        self._model = Doubts()
        self._moved = 0
        self._make_table()
        self._make_buttons()
        session.annotations_changed.connect(self._refresh)
        session.people_changed.connect(self._forget_moved)
        session.predictions_moved.connect(self._on_moved)
        session.doubt_changed.connect(self._on_doubt)
        session.structure_changed.connect(self._enable)
        session.image_changed.connect(self._enable)
        self._refresh()

    @property
    def waiting(self) -> int:
        """How many predictions, or masks, nobody has looked at."""
        return self._count(Kind.PREDICTED)

    @property
    def _topic(self) -> _Topic:
        return _MASKS if self._session.is_on_masks else _LANDMARKS

    # The controls

    def _make_table(self) -> None:
        self._what, self._kind, self._landmark = QComboBox(), QComboBox(), QComboBox()
        self._what.addItems(["Landmarks", "Masks"])
        describe(self._what, "Review", "Whether to look at landmarks or at masks")
        self._kind.addItems(list(self._topic.kinds))
        describe(self._kind, "Show", "What waits for you, or what you said before")
        self._landmark.addItem(self._topic.every)
        describe(self._landmark, "Landmark to review", "Look at those of one landmark or structure")
        self._what.activated.connect(lambda place: self._session.review(masks=place == 1))
        self._kind.currentTextChanged.connect(lambda _text: self._refresh())
        self._landmark.textActivated.connect(self._keep_to)
        self._table = _table_of(self._model)
        self._table.clicked.connect(self._on_chosen)
        self._table.activated.connect(self._on_chosen)
        choices = (self._what, self._kind, self._landmark)
        row = in_row(*choices)
        for place, choice in enumerate(choices):
            keep_narrow(choice)
            row.setStretch(place, 1)
        self.body.addLayout(row)
        self.order = ReviewOrder(self._session)
        self.order.said.connect(self._say_order)
        self.body.addWidget(self.order)
        self.body.addWidget(self._table)

    def _make_buttons(self) -> None:
        session = self._session
        self._accept = make_button(
            "Accept", "It is right: make it yours and go to the next", session.accept, "Alt+A"
        )
        self._reject = make_button(
            "Reject", "It is wrong: take it out and go to the next", session.reject, "Alt+R"
        )
        self._absent = make_button(
            "Absent",
            "The landmark cannot be seen in this image: note it and go to the next",
            session.mark_absent,
            "Alt+X",
        )
        self._all = make_button(
            "Accept all in this image",
            "All predictions in this image are right: make them yours and go to the next",
            session.accept_all,
            "Alt+G",
        )
        self._again = make_button(
            "Look again",
            "Forget what was said of it, so that it is looked for or waits again",
            session.look_again,
        )
        self._correct = make_button(
            "Correct",
            "Take a brush and correct the mask, or draw one where there is none; it is yours then",
            self._correct_it,
            "Alt+Shift+E",
        )
        self.body.addLayout(in_row(self._accept, self._reject, self._absent, self._correct))
        self.body.addLayout(in_row(self._all, self._again))

    # What is shown

    def _count(self, *kinds: Kind) -> int:
        project = self._session.project
        return int(np.isin(self._session.reviewed.kinds(), kinds).sum()) if project else 0

    def _refresh(self) -> None:
        session = self._session
        is_open = session.project is not None
        self._list_kinds()
        self._list_names()
        kind, order = self._topic.kinds[self._kind.currentText()], session.order_of_images
        self._model.show(session.reviewed if is_open else None, kind, session.only, order)
        self._select()
        self._tell()
        has_masks = is_open and bool(session.masks.names)
        something = self._count(*self._topic.kinds.values()) > 0
        for widget in self._controls():
            widget.setVisible(something or has_masks)
        for one in (self._absent, self._all):
            one.setVisible(something and not session.is_on_masks)
        self._what.setVisible(has_masks and bool(session.annotations.names))
        self._what.setCurrentIndex(int(session.is_on_masks))
        for one in (self._correct, self.order):
            one.setVisible(has_masks and session.is_on_masks)

    def _controls(self) -> tuple[QWidget, ...]:
        deciding = (self._accept, self._reject, self._again)
        return (self._kind, self._landmark, self._table, *deciding)

    def _list_kinds(self) -> None:
        if list(self._topic.kinds) != _texts(self._kind):
            blocker = QSignalBlocker(self._kind)
            self._kind.clear()
            self._kind.addItems(list(self._topic.kinds))
            del blocker

    def _list_names(self) -> None:
        session = self._session
        names = [self._topic.every, *(session.reviewed.names if session.project else ())]
        if names != _texts(self._landmark):
            self._landmark.clear()
            self._landmark.addItems(names)
        if session.only not in names:
            session.only = None
        self._landmark.setCurrentText(session.only or self._topic.every)

    def _tell(self) -> None:
        session, thing = self._session, self._topic.thing
        moved = f"{counted(self._moved, 'prediction')} moved. " if self._moved else ""
        moved = "" if session.is_on_masks else moved
        if session.project and (waiting := self.waiting):
            unsure = np.count_nonzero(
                session.reviewed.confidences() < session.project.record.review_below
            )
            wait = f"{counted(waiting, thing)} to review, {unsure} unsure. "
            self.tell(State.NEEDS_YOU, f"{moved}{wait}{self._topic.how}")
        elif self._count(Kind.HUMAN):
            self.tell(State.DONE, f"{moved}No {thing} waits for you.")
        else:
            self.tell(State.NOT_STARTED, _HINT)

    def _on_doubt(self) -> None:
        """Follow the review to another prediction, or to another topic."""
        if self._what.currentIndex() != int(self._session.is_on_masks):
            self._refresh()
        else:
            self._select()

    def _select(self) -> None:
        doubt = self._session.doubt
        row = self._model.row_of(doubt) if doubt else -1
        if row >= 0:
            self._table.selectRow(row)
            self._table.scrollTo(self._model.index(row, 0))
        else:
            self._table.clearSelection()
        self._enable()

    def _enable(self) -> None:
        session, doubt = self._session, self._session.doubt
        kind = session.kind_of(doubt) if session.project and doubt else Kind.NOTHING
        for button, kinds in (
            (self._accept, (Kind.PREDICTED,)),
            (self._reject, (Kind.PREDICTED,)),
            (self._absent, (Kind.PREDICTED, Kind.REJECTED)),
            (self._again, (Kind.REJECTED, Kind.ABSENT, *self._taken_back)),
        ):
            button.setEnabled(kind in kinds)
        here = session.project and doubts_in(session.reviewed, session.image)
        self._all.setEnabled(bool(here))
        self._correct.setEnabled(bool(session.project and session.structure))

    @property
    def _taken_back(self) -> tuple[Kind, ...]:
        """What of people's own can be forgotten here: points are deleted in the picture."""
        return (Kind.HUMAN,) if self._session.is_on_masks else ()

    # What happens

    def _say_order(self, what: str) -> None:
        self._refresh()
        self.tell(self.state, what or self.sentence)

    def _keep_to(self, landmark: str) -> None:
        self._session.keep_to(None if landmark == self._topic.every else landmark)
        self._refresh()

    def _on_chosen(self, index: QModelIndex) -> None:
        self._session.look_at(self._model.doubt(index.row()))

    def _on_moved(self, moved: int) -> None:
        self._moved = moved
        self._tell()

    def _forget_moved(self) -> None:
        self._moved = 0
        self._tell()


def _texts(choice: QComboBox) -> list[str]:
    return [choice.itemText(place) for place in range(choice.count())]


def _table_of(model: Doubts) -> QTableView:
    table = QTableView()
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.verticalHeader().hide()
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
    # Only what is in sight is measured: a table may have ten thousand rows.
    header.setResizeContentsPrecision(0)
    table.setFixedHeight(_TABLE_HEIGHT)
    describe(table, "Predictions", "The least sure comes first; Enter goes to its image")
    return table
