"""Step 4: look at the predictions, the least sure first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from napari_localcl.widgets.controls import describe, in_row, make_button
from napari_localcl.widgets.doubts import Doubts
from napari_localcl.widgets.step import State, Step

if TYPE_CHECKING:
    from qtpy.QtCore import QModelIndex

    from napari_localcl.widgets.session import Session


class ReviewPanel(Step):
    """The table of predictions, and what a person says of them.

    Parameters
    ----------
    session : Session
        Whose predictions.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(
            4, "Review", "Accept, correct or reject what was found", "Nothing was found yet."
        )
        self._session = session
        self._model = Doubts()
        self._table = _make_table(self._model)
        self._accept = make_button(
            "Accept", "It is right: make it yours and go to the next", session.accept, "Alt+A"
        )
        self._reject = make_button(
            "Reject", "It is wrong: take it out and go to the next", session.reject, "Alt+R"
        )
        self.body.addWidget(self._table)
        self.body.addLayout(in_row(self._accept, self._reject))
        self._table.clicked.connect(self._on_chosen)
        self._table.activated.connect(self._on_chosen)
        session.annotations_changed.connect(self._refresh)
        session.doubt_changed.connect(self._select)
        self._refresh()

    @property
    def waiting(self) -> int:
        """How many predictions nobody has looked at."""
        return self._model.rowCount()

    def _on_chosen(self, index: QModelIndex) -> None:
        self._session.look_at(self._model.doubt(index.row()))

    def _refresh(self) -> None:
        project = self._session.project
        self._model.show(project.annotations if project else None)
        self._select()
        if self.waiting:
            unsure = self._model.count_below(project.record.review_below)
            self.tell(
                State.NEEDS_YOU,
                f"{self.waiting} predictions wait, {unsure} of them unsure. Look at one: accept "
                "it, reject it, or drag its point to where it belongs.",
            )
        elif project and project.annotations.human_points():
            self.tell(State.DONE, "No prediction waits for you.")
        else:
            self.tell(State.NOT_STARTED, "Nothing was found yet.")

    def _select(self) -> None:
        doubt = self._session.doubt
        row = self._model.row_of(doubt) if doubt else -1
        for button in (self._accept, self._reject):
            button.setEnabled(row >= 0)
        if row >= 0:
            self._table.selectRow(row)
            self._table.scrollTo(self._model.index(row, 0))
        else:
            self._table.clearSelection()


def _make_table(model: Doubts) -> QTableView:
    table = QTableView()
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.verticalHeader().hide()
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
    table.setMinimumHeight(140)
    describe(
        table,
        "Predictions",
        "Predictions that nobody has looked at, the least sure first; Enter goes to the image",
    )
    return table
