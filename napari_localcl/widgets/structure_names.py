"""The structures by name: choose, add, rename, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QInputDialog, QWidget

from napari_localcl.data.marks import Kind
from napari_localcl.widgets.asking import is_sure
from napari_localcl.widgets.controls import describe, in_row, keep_narrow, make_button
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from napari_localcl.widgets.session import Session


class StructureNames(QWidget):
    """The structure at hand.

    Parameters
    ----------
    session : Session
        Whose structures.

    Attributes
    ----------
    changed : Signal
        There is another name at hand, or more is known of it.
    buttons : tuple of QPushButton
        What renames and deletes the structure at hand.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._name = QComboBox()
        self._name.setEditable(True)
        self._name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._name.lineEdit().setPlaceholderText("for example: optic disc")
        keep_narrow(self._name, 8)
        describe(self._name, "Structure", "What to segment; its masks go by this name")
        row = in_row(self._name)
        row.setContentsMargins(0, 0, 0, 0)
        self.setLayout(row)
        self.buttons = (
            make_button("Rename structure…", "Give this structure another name", self.rename),
            make_button(
                "Delete structure…",
                "Delete this structure with its masks in all images",
                self.delete,
            ),
        )
        self._name.currentTextChanged.connect(lambda _text: self.changed.emit())
        for news in (session.opened, session.structure_changed):
            news.connect(self._show)
        session.annotations_changed.connect(self._list)
        self.enable()

    @property
    def field(self) -> QComboBox:
        """Where the name is chosen or typed."""
        return self._name

    @property
    def text(self) -> str:
        """The name that is chosen or typed; empty if there is none."""
        return self._name.currentText().strip()

    @property
    def is_known(self) -> bool:
        """Whether anything is known of a structure of this name."""
        return self.text in self._known()

    def ask(self) -> None:
        """Let the next key go to the name."""
        self._name.setFocus()

    def enable(self, is_free: bool = True) -> None:
        """Let people choose, rename and delete, unless something is done with a structure."""
        self.setEnabled(is_free and self._session.project is not None)
        for button in self.buttons:
            button.setEnabled(is_free and self.is_known)

    def rename(self) -> None:
        """Ask for another name of the structure at hand."""
        old = self.text
        new, is_agreed = QInputDialog.getText(
            self, "Rename a structure", f"Another name for {old}:", text=old
        )
        if is_agreed and new.strip() != old:
            self._session.rename_structure(old, new)

    def delete(self) -> None:
        """Delete the structure at hand; asks first if anything in it comes from people."""
        masks = self._session.masks
        kinds = masks.kinds()[masks.names.index(self.text)]
        people = int(np.count_nonzero(kinds == Kind.HUMAN))
        every = counted(people + int(np.count_nonzero(kinds == Kind.PREDICTED)), "mask")
        question = f"Delete {self.text} with its {every}, {people} of them drawn, edited or "
        question += "accepted by people? Undo brings them back. Shapes drawn for it stay."
        is_of_people = bool(masks.structures[self.text].said)
        if not is_of_people or is_sure(self, "Delete a structure", question):
            self._session.forget_structure(self.text)

    def _known(self) -> tuple[str, ...]:
        return self._session.masks.names if self._session.project else ()

    def _show(self) -> None:
        self._fill(self._session.structure)
        self.changed.emit()

    def _list(self) -> None:
        names = tuple(self._name.itemText(place) for place in range(self._name.count()))
        if names != self._known():
            self._fill(self.text)
            self.changed.emit()

    def _fill(self, text: str) -> None:
        blocker = QSignalBlocker(self._name)
        self._name.clear()
        self._name.addItems(self._known())
        self._name.setCurrentText(text)
        del blocker
