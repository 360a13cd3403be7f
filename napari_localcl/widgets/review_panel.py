"""Step 4: look at the predictions, the least sure first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QTableView, QWidget

from napari_localcl.data.marks import Kind
from napari_localcl.data.review import doubts_in
from napari_localcl.widgets.controls import describe, in_row, keep_narrow, make_button
from napari_localcl.widgets.doubts import Doubts
from napari_localcl.widgets.step import State, Step
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from qtpy.QtCore import QModelIndex

    from napari_localcl.widgets.session import Session

_KINDS = {"To review": Kind.PREDICTED, "Rejected": Kind.REJECTED, "Absent": Kind.ABSENT}
_ALL = "All landmarks"
_HINT = (
    "Nothing was found yet. Click a landmark in one image, in step 3: what is found in the "
    "others comes here, the least sure first."
)
_HOW = "Look at one: accept it, reject it, or drag its point to where it belongs."


class ReviewPanel(Step):
    """The table of predictions, and what a person says of them.

    Parameters
    ----------
    session : Session
        Whose predictions.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(4, "Review", "Accept, correct or reject what was found", _HINT)
        self._session = session
        self._model = Doubts()
        self._moved = 0
        self._make_table()
        self._make_buttons()
        session.annotations_changed.connect(self._refresh)
        session.people_changed.connect(self._forget_moved)
        session.predictions_moved.connect(self._on_moved)
        session.doubt_changed.connect(self._select)
        session.image_changed.connect(self._enable)
        self._refresh()

    @property
    def waiting(self) -> int:
        """How many predictions nobody has looked at."""
        return self._count(Kind.PREDICTED)

    # The controls

    def _make_table(self) -> None:
        self._kind, self._landmark = QComboBox(), QComboBox()
        self._kind.addItems(list(_KINDS))
        describe(
            self._kind,
            "Show",
            "Predictions that wait for you, or what was rejected or marked as absent",
        )
        self._landmark.addItem(_ALL)
        keep_narrow(self._landmark)
        describe(self._landmark, "Landmark to review", "Look at the predictions of one landmark")
        self._kind.currentTextChanged.connect(lambda _text: self._refresh())
        self._landmark.textActivated.connect(self._keep_to)
        self._table = _table_of(self._model)
        self._table.clicked.connect(self._on_chosen)
        self._table.activated.connect(self._on_chosen)
        self.body.addLayout(in_row(self._kind, self._landmark))
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
            "Forget that it was rejected or marked as absent, and look for it again",
            session.look_again,
        )
        self.body.addLayout(in_row(self._accept, self._reject, self._absent))
        self.body.addLayout(in_row(self._all, self._again))

    # What is shown

    def _count(self, *kinds: Kind) -> int:
        project = self._session.project
        return int(np.isin(project.annotations.kinds(), kinds).sum()) if project else 0

    def _refresh(self) -> None:
        project = self._session.project
        self._list_landmarks()
        self._model.show(
            project.annotations if project else None,
            _KINDS[self._kind.currentText()],
            self._session.only,
        )
        self._select()
        self._tell()
        for widget in self._controls():
            widget.setVisible(self._count(*_KINDS.values()) > 0)

    def _controls(self) -> tuple[QWidget, ...]:
        deciding = (self._accept, self._reject, self._absent, self._all, self._again)
        return (self._kind, self._landmark, self._table, *deciding)

    def _list_landmarks(self) -> None:
        project = self._session.project
        names = [_ALL, *(project.annotations.names if project else ())]
        if names != [self._landmark.itemText(index) for index in range(self._landmark.count())]:
            self._landmark.clear()
            self._landmark.addItems(names)
        if self._session.only not in names:
            self._session.only = None
        self._landmark.setCurrentText(self._session.only or _ALL)

    def _tell(self) -> None:
        project = self._session.project
        moved = f"{counted(self._moved, 'prediction')} moved. " if self._moved else ""
        if project and (waiting := self.waiting):
            confidences = project.annotations.confidences()
            unsure = np.count_nonzero(confidences < project.record.review_below)
            wait = f"{counted(waiting, 'prediction')} to review, {unsure} unsure. "
            self.tell(State.NEEDS_YOU, f"{moved}{wait}{_HOW}")
        elif self._count(Kind.HUMAN):
            self.tell(State.DONE, f"{moved}No prediction waits for you.")
        else:
            self.tell(State.NOT_STARTED, _HINT)

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
            (self._again, (Kind.REJECTED, Kind.ABSENT)),
        ):
            button.setEnabled(kind in kinds)
        here = session.project and doubts_in(session.annotations, session.image)
        self._all.setEnabled(bool(here))

    # What happens

    def _keep_to(self, landmark: str) -> None:
        self._session.keep_to(None if landmark == _ALL else landmark)
        self._refresh()

    def _on_chosen(self, index: QModelIndex) -> None:
        self._session.look_at(self._model.doubt(index.row()))

    def _on_moved(self, moved: int) -> None:
        self._moved = moved
        self._tell()

    def _forget_moved(self) -> None:
        self._moved = 0
        self._tell()


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
    table.setMinimumHeight(140)
    describe(table, "Predictions", "The least sure comes first; Enter goes to its image")
    return table
