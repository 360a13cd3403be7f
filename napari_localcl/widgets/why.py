"""Which frames of a series mattered, and a way to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_localcl.widgets.controls import (
    describe,
    keep_narrow,
    make_button,
    make_check,
    make_label,
)
from napari_localcl.widgets.series_book import in_words
from napari_localcl.widgets.words import begun

if TYPE_CHECKING:
    from pathlib import Path

    from napari_localcl.widgets.evidence import Evidence
    from napari_localcl.widgets.evidence_bars import EvidenceBars
    from napari_localcl.widgets.session import Session

_MOST = 3  # frames that are named


class Why(QWidget):
    """The frames of the series explained last, by how much of the evidence they hold.

    Parameters
    ----------
    session : Session
        Where the frames are shown.
    evidence : Evidence
        What knows them.

    Attributes
    ----------
    grown : Signal
        It takes more room than before.
    """

    grown = Signal()

    def __init__(self, session: Session, evidence: Evidence) -> None:
        super().__init__()
        self._session, self._evidence = session, evidence
        self._bars: EvidenceBars | None = None
        self._came_from = ""
        self._said, self._planes = make_label(), QComboBox()
        keep_narrow(self._planes, 6)
        describe(self._planes, "Plane", "Of which plane or sequence the bars are")
        self._shown = make_check(
            "Show where",
            "Show in the frames what spoke for the finding, as a heat map",
            evidence.want,
            "Alt+Shift+H",
        )
        self._shown.setChecked(evidence.is_wanted)
        self._foremost = [self._frame_button(place) for place in range(_MOST)]
        self._arrange()
        self._planes.activated.connect(lambda _index: self._go_to_foremost())
        evidence.explained.connect(self._on_explained)
        evidence.failed.connect(lambda why: self._say(f"{begun(why)}."))
        evidence.said.connect(lambda what: self._say(f"{begun(what)}…"))
        evidence.shown_changed.connect(self._shown.setChecked)
        session.image_changed.connect(self._follow)
        session.opened.connect(self.forget)
        self.hide()

    def ask(self, run: Path, exam: str, finding: str) -> None:
        """Ask what spoke for a finding in a series; then go to the frame that mattered most."""
        if self._evidence.about == (run, exam, finding):
            return
        self._came_from = self._session.image
        self._evidence.ask(run, exam, finding)
        self._say("Looking for what spoke for it…")
        self._show_frames(False)
        self.show()

    def forget(self) -> None:
        """Show nothing any more."""
        self._evidence.stop()
        self.hide()

    def _frame_button(self, place: int) -> QPushButton:
        tip = "Go to a frame that holds much of the evidence"
        return make_button("Frame", tip, lambda: self._go_to(self._leading[place]))

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._said)
        line = QHBoxLayout()
        line.addWidget(self._shown)
        line.addStretch()
        line.addWidget(self._planes)
        column.addLayout(line)
        self._place = column
        self._buttons = QHBoxLayout()
        for button in self._foremost:
            self._buttons.addWidget(button)
        column.addLayout(self._buttons)

    @property
    def _plane(self) -> str:
        return self._planes.currentData() or ""

    @property
    def _leading(self) -> list[int]:
        return self._evidence.planes[self._plane].foremost(_MOST)

    def _say(self, sentence: str) -> None:
        self._said.setText(sentence)
        self._said.setVisible(bool(sentence))

    # What is known

    def _on_explained(self) -> None:
        planes = self._evidence.planes
        self._planes.clear()
        for plane in planes:
            self._planes.addItem(in_words(plane) or "frames", plane)
        has_moved = self._session.image != self._came_from
        # Where it shows in one plane only, that is the one to look at.
        shows = [plane for plane, frames in planes.items() if frames.shares.any()]
        own = self._evidence.plane_of(self._session.image)
        plane = own if has_moved or own in shows or not shows else shows[0]
        self._planes.setCurrentIndex(max(self._planes.findData(plane), 0))
        self._show_frames(True)
        if not has_moved:
            self._go_to_foremost()

    def _show_frames(self, is_known: bool) -> None:
        is_grown = is_known and (self._bars is None or self._bars.isHidden())
        if is_known and self._bars is None:
            # Here, because it brings a plotting library that opening the dock should not wait for.
            from napari_localcl.widgets.evidence_bars import EvidenceBars

            self._bars = EvidenceBars()
            self._bars.chosen.connect(self._go_to)
            self._place.insertWidget(2, self._bars)
        if self._bars is not None:
            self._bars.setVisible(is_known)
        self._planes.setVisible(is_known and self._planes.count() > 1)
        self._shown.setVisible(is_known)
        for button in self._foremost:
            button.setVisible(False)
        if is_known:
            self._draw()
        if is_grown:
            self.grown.emit()

    def _draw(self) -> None:
        frames = self._evidence.planes[self._plane]
        here = self._session.image
        at_hand = frames.names.index(here) if here in frames.names else -1
        assert self._bars is not None
        self._bars.show_shares(frames.shares, at_hand)
        self._say("" if frames.shares.any() else "Nothing spoke for it.")
        leading = self._leading
        for place, button in enumerate(self._foremost):
            button.setVisible(place < len(leading))
            if place < len(leading):
                share = float(np.round(100 * frames.shares[leading[place]]))
                button.setText(f"#{leading[place]}: {share:.0f}%")
                tip = f"Go to frame {leading[place]}, which holds {share:.0f}% of the evidence"
                describe(button, f"Frame {leading[place]}", tip)

    def _follow(self) -> None:
        """Mark the frame at hand; one of another plane brings the bars of that plane."""
        plane = self._evidence.plane_of(self._session.image)
        if plane:
            self._planes.setCurrentIndex(self._planes.findData(plane))
            self._draw()

    def _go_to_foremost(self) -> None:
        leading = self._leading
        frames = self._evidence.planes[self._plane].names
        self._go_to(leading[0] if leading else len(frames) // 2)

    def _go_to(self, frame: int) -> None:
        self._session.go(self._evidence.planes[self._plane].names[frame])
        self._draw()
