"""Step 3: click a landmark in one image, find it in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtWidgets import QComboBox

from napari_localcl.data.marks import Kind
from napari_localcl.widgets.controls import describe, make_button
from napari_localcl.widgets.step import State, Step

if TYPE_CHECKING:
    from napari_localcl.widgets.canvas import Canvas
    from napari_localcl.widgets.finder import Finder
    from napari_localcl.widgets.session import Session


class LandmarkPanel(Step):
    """Names landmarks and lets people place them.

    Parameters
    ----------
    session : Session
        What they are placed in.
    canvas : Canvas
        Where they click.
    finder : Finder
        What finds them in the other images.
    """

    def __init__(self, session: Session, canvas: Canvas, finder: Finder) -> None:
        super().__init__(
            3, "Landmark", "Click a point in one image to find it in all", "First open images."
        )
        self._session, self._canvas, self._finder = session, canvas, finder
        self._name = QComboBox()
        self._name.setEditable(True)
        self._name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._name.lineEdit().setPlaceholderText("Name, for example: tip of the thumb")
        describe(self._name, "Landmark", "What the point is called; choose one or type a new name")
        self._place = make_button(
            "Place it in this image",
            "The next click in the picture places this landmark; press again to give up",
            self._toggle,
            "Alt+T",
        )
        self._place.setCheckable(True)
        self.body.addWidget(self._name)
        self.body.addWidget(self._place)
        self._name.lineEdit().returnPressed.connect(self._place.click)
        canvas.placing_changed.connect(self._on_placing)
        session.annotations_changed.connect(self._list_names)
        session.opened.connect(self._tell)
        session.run_changed.connect(self._tell)
        session.people_changed.connect(self._tell)
        finder.said.connect(lambda text: self.tell(State.RUNNING, f"{text}."))
        finder.found.connect(self._tell_found)
        finder.failed.connect(lambda why: self.tell(State.NEEDS_YOU, f"Nothing found: {why}."))
        self._enable()

    def _enable(self) -> None:
        for widget in (self._name, self._place):
            widget.setEnabled(self._session.project is not None)

    def _toggle(self) -> None:
        name = self._name.currentText().strip()
        if self._canvas.is_placing:
            self._canvas.stop_placing()
        elif name:
            self._canvas.place(name)
        else:
            self._place.setChecked(False)
            self._name.setFocus()
            self.tell(State.NEEDS_YOU, "Give the landmark a name, then place it.")

    def _on_placing(self, is_placing: bool) -> None:
        self._place.setChecked(is_placing)
        if is_placing:
            self.tell(State.NEEDS_YOU, f"Click {self._name.currentText()} in the picture.")
        else:
            self._tell()

    def _list_names(self) -> None:
        names = self._session.annotations.names
        if names == tuple(self._name.itemText(index) for index in range(self._name.count())):
            return
        text = self._name.currentText()
        self._name.clear()
        self._name.addItems(names)
        self._name.setCurrentText(text)

    def _tell(self) -> None:
        """Say what is missing; the rest is said by what finds the landmarks."""
        self._enable()
        if self._session.project is None or self._finder.is_busy:
            return
        placed = bool(self._session.annotations.human_points())
        if not placed:
            self.tell(State.NEEDS_YOU, "Name a landmark and click it in one image.")
        elif self._session.run is None:
            self.tell(State.NEEDS_YOU, "Kept. Once something is learned, it is found everywhere.")
        else:
            self._tell_found()

    def _tell_found(self) -> None:
        kinds = self._session.annotations.kinds()
        placed, found = (int(np.count_nonzero(kinds == k)) for k in (Kind.HUMAN, Kind.PREDICTED))
        text = f"{found} points predicted, {placed} placed by people. More clicks, on images where "
        self.tell(State.DONE, f"{text}it goes wrong, make it better.")
