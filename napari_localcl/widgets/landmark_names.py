"""The landmarks by name: choose, add, rename, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QInputDialog, QVBoxLayout, QWidget

from napari_localcl.data.marks import Kind
from napari_localcl.widgets.asking import is_sure
from napari_localcl.widgets.controls import describe, in_row, keep_narrow, make_button
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from napari_localcl.widgets.session import Session

_HAS_POINT = (Kind.HUMAN, Kind.PREDICTED)


class LandmarkNames(QWidget):
    """The landmark at hand.

    Parameters
    ----------
    session : Session
        Whose landmarks.

    Attributes
    ----------
    changed : Signal
        There is another name at hand.
    chosen : Signal of str
        The landmark of this name is at hand; empty if there is none of the name.
    entered : Signal
        A name was typed to its end.
    """

    changed = Signal()
    chosen = Signal(str)
    entered = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._at_hand = ""
        self._name = QComboBox()
        self._name.setEditable(True)
        self._name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._name.lineEdit().setPlaceholderText("Name, for example: tip of the thumb")
        keep_narrow(self._name, 8)
        describe(self._name, "Landmark", "What the point is called; choose one or type a new name")
        self._make_buttons()
        self._arrange()
        self._name.lineEdit().returnPressed.connect(self.entered)
        self._name.currentTextChanged.connect(lambda _text: self._on_text())
        session.annotations_changed.connect(self._list)
        session.opened.connect(self._on_opened)
        session.doubt_changed.connect(self._follow_doubt)
        self._list()

    @property
    def text(self) -> str:
        """The name that is chosen or typed; empty if there is none."""
        return self._name.currentText().strip()

    def ask(self) -> None:
        """Let the next key go to the name."""
        self._name.setFocus()

    def go_by(self, steps: int) -> None:
        """Take a landmark some places further in hand; after the last comes the first."""
        names = self._known()
        if names:
            here = names.index(self.text) if self.text in names else -1 if steps > 0 else 0
            self._name.setCurrentText(names[(here + steps) % len(names)])

    def rename(self) -> None:
        """Ask for another name of the landmark at hand."""
        old = self.text
        new, is_agreed = QInputDialog.getText(
            self, "Rename a landmark", f"Another name for {old}:", text=old
        )
        if is_agreed and new.strip() != old:
            # First, so that it stays at hand when the list comes anew.
            self._name.setEditText(new.strip())
            self._session.rename(old, new)
            if old in self._known():
                self._name.setCurrentText(old)

    def delete(self) -> None:
        """Delete the landmark at hand, once a person agrees."""
        name = self.text
        kinds = self._session.annotations.kinds()[self._known().index(name)]
        placed, all_points = np.count_nonzero(kinds == Kind.HUMAN), np.isin(kinds, _HAS_POINT).sum()
        points = counted(all_points, "point")
        question = f"Delete {name} with its {points}, {placed} of them set by people?"
        if is_sure(self, "Delete a landmark", question):
            self.go_by(1)
            if self.text == name:
                self._name.setEditText("")
            self._session.forget(name)

    def _make_buttons(self) -> None:
        self._before = make_button(
            "◀", "The landmark before", lambda: self.go_by(-1), "Alt+Shift+J"
        )
        self._after = make_button("▶", "The next landmark", lambda: self.go_by(1), "Alt+J")
        for button in (self._before, self._after):
            button.setMaximumWidth(36)
        self._before.setAccessibleName("Previous landmark")
        self._after.setAccessibleName("Next landmark")
        self._rename = make_button("Rename…", "Give this landmark another name", self.rename)
        self._delete = make_button(
            "Delete…", "Delete this landmark with its points in all images", self.delete
        )

    def _arrange(self) -> None:
        row = in_row(self._before, self._name, self._after)
        row.setStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addLayout(in_row(self._rename, self._delete))

    def _known(self) -> tuple[str, ...]:
        return self._session.annotations.names if self._session.project else ()

    def _on_opened(self) -> None:
        self._name.setEditText("")
        self._list()

    def _list(self) -> None:
        names = self._known()
        if names != tuple(self._name.itemText(index) for index in range(self._name.count())):
            text = self.text or (names[0] if names else "")
            self._name.blockSignals(True)
            self._name.clear()
            self._name.addItems(names)
            self._name.setCurrentText(text)
            self._name.blockSignals(False)
        self._on_text()

    def _on_text(self) -> None:
        names = self._known()
        is_known = self.text in names
        self._name.setEnabled(self._session.project is not None)
        for button in (self._rename, self._delete):
            button.setEnabled(is_known)
        for button in (self._before, self._after):
            button.setEnabled(len(names) > 1 or (bool(names) and not is_known))
        if self.text != self._at_hand:
            self._at_hand = self.text
            self.changed.emit()
        # Also when the name stays: it may be known only now.
        self.chosen.emit(self.text if is_known else "")

    def _follow_doubt(self) -> None:
        doubt = self._session.doubt
        if doubt is not None and not self._session.is_on_masks and doubt.name in self._known():
            self._name.setCurrentText(doubt.name)
