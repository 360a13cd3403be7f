"""A sentence that stays in sight until its matter is settled, with what one can do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFrame, QVBoxLayout

from napari_localcl.widgets.controls import make_button, make_label

if TYPE_CHECKING:
    from collections.abc import Callable


class Banner(QFrame):
    """Hidden until it is told something.

    Parameters
    ----------
    text, tip, act, key
        Its button, as for :func:`make_button`.
    """

    def __init__(self, text: str, tip: str, act: Callable[[], object], key: str) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._sentence = make_label()
        self.button = make_button(text, tip, act, key)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.addWidget(self._sentence)
        column.addWidget(self.button)
        self.hide()

    @property
    def sentence(self) -> str:
        """What it says; empty while it is hidden."""
        return self._sentence.text()

    def tell(self, sentence: str) -> None:
        """Say something; nothing hides it."""
        self._sentence.setText(f"⚠ {sentence}" if sentence else "")
        self.setVisible(bool(sentence))
