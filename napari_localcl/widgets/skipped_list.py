"""The files that cannot be used, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QListWidget

from napari_localcl.widgets.controls import describe

if TYPE_CHECKING:
    from collections.abc import Iterable


class SkippedList(QListWidget):
    """One line for each; hidden while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.setMaximumHeight(90)
        self.setWordWrap(True)
        describe(self, "Skipped files", "Files that cannot be used, and why")
        self.hide()

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it shows."""
        return tuple(self.item(row).text() for row in range(self.count()))

    def show_only(self, sentences: Iterable[str]) -> None:
        """Show these instead of what was there."""
        self.clear()
        for sentence in sentences:
            self.add(sentence)
        self.setVisible(bool(self.count()))

    def add(self, sentence: str) -> None:
        """Show one more, unless it is there already."""
        if sentence not in self.sentences:
            self.addItem(sentence)
            self.show()
