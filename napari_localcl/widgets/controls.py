"""Controls that say what they do, each with a way to reach it by keyboard."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QShortcut,
    QSizePolicy,
    QWidget,
)

_SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def make_button(
    text: str, tip: str, act: Callable[[], object] | None = None, key: str = ""
) -> QPushButton:
    """Return a button.

    Parameters
    ----------
    text, tip : str
        What it is called, and a sentence on what it does.
    act : callable or None
        What it does.
    key : str
        A shortcut such as `Alt+A`, shown in the tooltip; :func:`bind_keys` makes it work.
    """
    button = QPushButton(text)
    describe(button, text.rstrip("…"), f"{tip} ({key})" if key else tip)
    button.setProperty("key", key)
    if act is not None:
        button.clicked.connect(lambda _checked: act())
    return button


def make_check(text: str, tip: str, act: Callable[[bool], object], key: str = "") -> QCheckBox:
    """Return a box to be ticked; `act` is told whether it is. See :func:`make_button`."""
    box = QCheckBox(text)
    describe(box, text, f"{tip} ({key})" if key else tip)
    box.setProperty("key", key)
    box.toggled.connect(act)
    return box


def describe(widget: QWidget, name: str, tip: str) -> None:
    """Give a control its tooltip, and its name for screen readers."""
    widget.setToolTip(tip)
    widget.setAccessibleName(name)
    widget.setAccessibleDescription(tip)


def keep_narrow(choice: QComboBox, letters: int = 0) -> None:
    """Let long entries not make the dock wider.

    Parameters
    ----------
    choice : QComboBox
        What lists them.
    letters : int
        How many shall be seen at least.
    """
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    choice.setMinimumContentsLength(letters)


class TimeBar(QProgressBar):
    """How much of the time has gone."""

    def __init__(self) -> None:
        super().__init__()
        describe(self, "Progress", "How much of the time has gone")

    def show_part(self, fraction: float | None) -> None:
        """Show a part of 1; None while nobody can tell."""
        self.setRange(0, 0 if fraction is None else 1000)
        self.setValue(int(1000 * (fraction or 0)))


def bind_keys(root: QWidget) -> None:
    """Make the keys of all buttons below a widget work in its whole window.

    Not as the buttons' own shortcuts, which sleep while a button is hidden in a closed step.
    """
    for button in root.findChildren(QAbstractButton):
        if button.property("key"):
            shortcut = QShortcut(QKeySequence(button.property("key")), root)
            shortcut.activated.connect(button.click)


def make_label(text: str = "") -> QLabel:
    """Return a label that wraps its text, which can be copied."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(label.textInteractionFlags() | _SELECTABLE)
    # A long path without blanks must not make the dock wider.
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def reach_after(before: QWidget, widgets: Iterable[QWidget]) -> None:
    """Let the tab key go on from a control to these, which were made later, one after the other."""
    for first, second in pairwise((before, *widgets)):
        QWidget.setTabOrder(first, second)


def in_row(*widgets: QWidget) -> QHBoxLayout:
    """Return the widgets side by side."""
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    return row
