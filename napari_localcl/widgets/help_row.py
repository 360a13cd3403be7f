"""The row at the bottom of the dock: undo and redo, all keys, a report for who helps."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_localcl.widgets.controls import make_button
from napari_localcl.widgets.help_report import ReportDialog
from napari_localcl.widgets.help_shortcuts import ShortcutsDialog

if TYPE_CHECKING:
    from napari_localcl.widgets.embeddings_dock import EmbeddingsDock
    from napari_localcl.widgets.session import Session
    from napari_localcl.widgets.step import Step

_MOST = 50  # sentences remembered


class HelpRow(QWidget):
    """What is at hand in every step.

    Parameters
    ----------
    session : Session
        Whose edits.
    dock : QWidget
        Whose buttons have the keys.
    """

    def __init__(self, session: Session, dock: QWidget) -> None:
        super().__init__()
        self._session, self._dock = session, dock
        self._said: deque[str] = deque(maxlen=_MOST)
        self._undo = make_button(
            "Undo", "Take the last edit back, and go to its image", session.undo, "Alt+Z"
        )
        self._redo = make_button(
            "Redo", "Make the edit again that was undone", session.redo, "Alt+Y"
        )
        keys = make_button("Keys", "Show all keyboard shortcuts", self.show_shortcuts, "F1")
        embeddings = make_button(
            "Embeddings",
            "See what the model makes of all images: plot, similar places, maps, odd images",
            self._show_embeddings,
            "Alt+Shift+M",
        )
        report = make_button(
            "Report…",
            "Versions, computer, settings and problems as text, for a question or a bug report",
            self.show_report,
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 2)
        for button in (self._undo, self._redo, embeddings, keys, report):
            row.addWidget(button)
        session.annotations_changed.connect(self._enable)
        session.opened.connect(self._enable)
        session.problem.connect(self._remember)
        self._enable()

    def show_shortcuts(self) -> None:
        """Show all keys; they work meanwhile."""
        also = [self._embeddings.made] if self._embeddings and self._embeddings.made else []
        shown = self._dock.findChild(ShortcutsDialog) or ShortcutsDialog(self._dock, also)
        shown.show()
        shown.raise_()

    @property
    def _embeddings(self) -> EmbeddingsDock | None:
        return getattr(self._dock, "embeddings", None)

    def _show_embeddings(self) -> None:
        if self._embeddings is not None:
            self._embeddings.show()

    def show_report(self) -> None:
        """Make a report and show it."""
        steps: tuple[Step, ...] = getattr(self._dock, "steps", ())
        now = [f"step {step.title}: {step.state}. {step.sentence}" for step in steps]
        ReportDialog(self._session, [*now, *self._said], self._dock).show()

    def _enable(self) -> None:
        self._undo.setEnabled(self._session.can_undo)
        self._redo.setEnabled(self._session.can_redo)

    def _remember(self, sentence: str) -> None:
        if not self._said or not self._said[-1].endswith(sentence):
            self._said.append(f"{time.strftime('%H:%M:%S')} {sentence}")
