"""Questions to which a person says yes or no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QMessageBox

from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from qtpy.QtWidgets import QWidget


def is_sure(parent: QWidget, title: str, question: str) -> bool:
    """Ask a person; to press Enter, or to close the question, is no.

    Parameters
    ----------
    parent : QWidget
        Above what to ask.
    title, question : str
        In a few words, and in full: what would be lost, and whether to go on.
    """
    kinds = QMessageBox.StandardButton
    answer = QMessageBox.question(parent, title, question, kinds.Yes | kinds.No, kinds.No)
    return bool(answer == kinds.Yes)


def may_replace(parent: QWidget, files: Sequence[Path]) -> bool:
    """Ask whether files, of which there is at least one, may be replaced."""
    more = f" and {counted(len(files) - 1, 'more file')}" if len(files) > 1 else ""
    return is_sure(parent, "Replace files?", f"{files[0]}{more} would be replaced. Replace?")
