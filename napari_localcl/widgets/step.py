"""A numbered step of the work: a heading with its state in words, and controls below it."""

from __future__ import annotations

from enum import StrEnum

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from napari_localcl.widgets.controls import describe, make_label


class State(StrEnum):
    """How far a step is."""

    NOT_STARTED = "not started"
    RUNNING = "running"
    DONE = "done"
    NEEDS_YOU = "needs you"


class Step(QFrame):
    """A step that can be opened and closed.

    Parameters
    ----------
    number : int
        Its place in the order of the work.
    title : str
        One word.
    tip : str
        A sentence on what it is for.
    sentence : str
        What to do first.

    Attributes
    ----------
    body : QVBoxLayout
        Where its controls go.
    """

    opened = Signal()

    def __init__(self, number: int, title: str, tip: str, sentence: str) -> None:
        super().__init__()
        self.title = title
        self._heading = QToolButton()
        self._heading.setText(f"{number}  {title}")
        self._heading.setCheckable(True)
        self._heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._heading.setArrowType(Qt.ArrowType.RightArrow)
        self._heading.setStyleSheet("QToolButton { font-weight: bold; border: none; }")
        describe(self._heading, f"Step {number}: {title}", tip)
        self._state = QLabel()
        self._sentence = make_label()
        self._content = QWidget()
        self._content.hide()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(6, 0, 0, 6)
        self.body.addWidget(self._sentence)
        self._arrange()
        self._heading.toggled.connect(self._on_toggled)
        self.tell(State.NOT_STARTED, sentence)

    @property
    def state(self) -> State:
        """How far it is."""
        return State(self._state.text())

    @property
    def sentence(self) -> str:
        """What it said last."""
        return self._sentence.text()

    @property
    def is_open(self) -> bool:
        """Whether its controls are shown."""
        return self._heading.isChecked()

    def tell(self, state: State, sentence: str) -> None:
        """Say how far the step is, and in a sentence what to do or what came out."""
        self._state.setText(state)
        self._state.setStyleSheet("font-weight: bold;" if state is State.NEEDS_YOU else "")
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))

    def set_open(self, is_open: bool) -> None:
        """Show or hide the controls."""
        self._heading.setChecked(is_open)

    def _arrange(self) -> None:
        line = QHBoxLayout()
        line.addWidget(self._heading)
        line.addStretch()
        line.addWidget(self._state)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 2, 4, 2)
        outer.setSpacing(2)
        outer.addLayout(line)
        outer.addWidget(self._content)

    def _on_toggled(self, is_open: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self._heading.setArrowType(arrow)
        self._content.setVisible(is_open)
        if is_open:
            self.opened.emit()
