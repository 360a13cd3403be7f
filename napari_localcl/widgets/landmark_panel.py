"""Step 3: click a landmark in one image, find it in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt

from napari_localcl.data.marks import Kind
from napari_localcl.widgets.controls import in_row, make_button, make_check, make_label
from napari_localcl.widgets.landmark_names import LandmarkNames
from napari_localcl.widgets.points_layer import legend
from napari_localcl.widgets.step import State, Step

if TYPE_CHECKING:
    from napari_localcl.widgets.canvas import Canvas
    from napari_localcl.widgets.finder import Finder
    from napari_localcl.widgets.session import Session
    from napari_localcl.widgets.similarity import Similarity

_FIND = "Find in all images"
_FIRST = "Name a landmark and click it in one image."


class LandmarkPanel(Step):
    """Lets people name and place landmarks, see what is similar, and start and stop the search.

    Parameters
    ----------
    session : Session
        What they are placed in.
    canvas : Canvas
        Where they click.
    finder : Finder
        What finds them in the other images.
    similarity : Similarity
        The heat map.
    """

    def __init__(
        self, session: Session, canvas: Canvas, finder: Finder, similarity: Similarity
    ) -> None:
        super().__init__(
            3, "Landmark", "Click a point in one image to find it in all", "First open images."
        )
        self._session, self._canvas, self._finder = session, canvas, finder
        self._similarity = similarity
        self.names = LandmarkNames(session)
        self._make_buttons()
        self._fill_body()
        self._connect()
        self._tell()

    def _make_buttons(self) -> None:
        self._place = make_button(
            "Place it in this image",
            "The next click in the picture places this landmark; press again to give up",
            self._toggle,
            "Alt+T",
        )
        self._place.setCheckable(True)
        self._suggest = make_button(
            "Suggest an image",
            "Which image is most like all the others, and so the best to click first",
            self._on_suggest,
            "Alt+Shift+K",
        )
        self._search = make_button(
            _FIND,
            "Look for all landmarks again; while it looks, stop it and keep what was there before",
            self._on_search,
        )
        self._heat = make_check(
            "Heat map",
            "Show how similar each place of the image is to the landmark, and while you place one, "
            "to the pixel under the mouse; bright is similar",
            self._similarity.want,
            "Alt+K",
        )
        self._heat.setChecked(self._similarity.is_wanted)

    def _fill_body(self) -> None:
        key = make_label(legend())
        key.setTextFormat(Qt.TextFormat.RichText)
        self.body.addWidget(self.names)
        self.body.addWidget(self._place)
        self.body.addLayout(in_row(self._search, self._suggest))
        self.body.addWidget(self._heat)
        self.body.addWidget(key)

    def _connect(self) -> None:
        session, finder = self._session, self._finder
        self.names.entered.connect(self._place.click)
        self.names.changed.connect(self._canvas.stop_placing)
        self.names.chosen.connect(self._similarity.choose)
        self._similarity.shown_changed.connect(self._heat.setChecked)
        self._canvas.placing_changed.connect(self._on_placing)
        for news in (session.opened, session.run_changed, session.people_changed):
            news.connect(self._tell)
        finder.said.connect(self._on_said)
        for news in (finder.found, finder.stopped, finder.suggested):
            news.connect(self._tell)
        finder.failed.connect(self._on_failed)

    # What people do

    def _toggle(self) -> None:
        name = self.names.text
        if self._canvas.is_placing:
            self._canvas.stop_placing()
        elif name:
            self._canvas.place(name)
        else:
            self._place.setChecked(False)
            self.names.ask()
            self.tell(State.NEEDS_YOU, "Give the landmark a name, then place it.")

    def _on_placing(self, is_placing: bool) -> None:
        self._place.setChecked(is_placing)
        if is_placing:
            self.tell(State.NEEDS_YOU, f"Click {self.names.text} in the picture.")
        else:
            self._tell()

    def _on_search(self) -> None:
        if self._is_searching():
            self._finder.stop()
        else:
            self._finder.find()

    def _on_suggest(self) -> None:
        if self._finder.suggestion:
            self._session.go(self._finder.suggestion)
        elif self._finder.is_ranking:
            self._finder.stop_suggesting()
        else:
            self._finder.suggest()

    # What is said of it

    def _enable(self) -> None:
        has_run, searching = self._session.run is not None, self._is_searching()
        self._place.setEnabled(self._session.project is not None)
        self._search.setText("Stop" if searching else _FIND)
        self._search.setEnabled(searching or (has_run and self._has_points()))
        ranking = "Stop suggesting" if self._finder.is_ranking else "Suggest an image"
        self._suggest.setText("Go to best image" if self._finder.suggestion else ranking)
        self._suggest.setEnabled(has_run)

    def _is_searching(self) -> bool:
        return self._finder.is_busy or self._finder.is_opening

    def _has_points(self) -> bool:
        return self._session.project is not None and bool(self._session.annotations.human_points())

    def _on_said(self, text: str) -> None:
        self._enable()
        if self._canvas.is_placing:
            return
        if self._is_searching():
            self.tell(State.RUNNING, f"{text}.")
        elif not self._has_points():
            # Ranking goes on beside what people do.
            self.tell(State.NEEDS_YOU, f"{_FIRST} {text}.")

    def _on_failed(self, why: str) -> None:
        self._enable()
        self.tell(State.NEEDS_YOU, f"Nothing found: {why}.")

    def _tell(self) -> None:
        """Say what is missing, or what came out."""
        self._enable()
        is_told = self._is_searching() or self._canvas.is_placing
        if self._session.project is None or is_told:
            return
        if not self._has_points():
            self.tell(State.NEEDS_YOU, f"{_FIRST}{self._where()}")
        elif self._session.run is None:
            self.tell(State.NEEDS_YOU, "Kept. Once something is learned, it is found everywhere.")
        else:
            self._tell_found()

    def _where(self) -> str:
        best = self._finder.suggestion
        return f" Best image to click first: {best}." if best else ""

    def _tell_found(self) -> None:
        kinds = self._session.annotations.kinds()
        placed, found = (int(np.count_nonzero(kinds == k)) for k in (Kind.HUMAN, Kind.PREDICTED))
        text = f"{found} points predicted, {placed} placed by people. More clicks, on images where "
        self.tell(State.DONE, f"{text}it goes wrong, make it better.")
