"""The structures that people have masks of, to be chosen as classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QListWidget, QListWidgetItem

from napari_localcl.data.training_labels import labelled
from napari_localcl.widgets.controls import describe
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from napari_localcl.widgets.session import Session

# Okabe and Ito's, which colour-blind people can tell; without those that tell whose a mask is.
COLOURS = ("#CC79A7", "#F0E442", "#0072B2", "#D55E00", "#999999", "#882255", "#44AA99", "#DDCC77")
_ROWS = 4  # in sight at once, at most


def colour_of(place: int) -> str:
    """Return the colour of the structure that came so many places after the first."""
    return COLOURS[place % len(COLOURS)]


class ClassList(QListWidget):
    """Every structure that somebody has a mask of, with its colour, to be ticked.

    Parameters
    ----------
    session : Session
        Whose structures.

    Attributes
    ----------
    changed : Signal
        Others are ticked.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._left_out: set[str] = set()
        describe(
            self,
            "Structures to segment",
            "What is learned: every ticked structure is a class of its own. Only structures that "
            "you have drawn, corrected or accepted a mask of are listed",
        )
        self._fit()
        self.itemChanged.connect(self._on_ticked)
        self.itemClicked.connect(lambda item: session.choose_structure(_name(item)))
        for news in (session.opened, session.annotations_changed):
            news.connect(self._list)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The structures that are ticked."""
        items = [self.item(row) for row in range(self.count())]
        return tuple(_name(item) for item in items if item.checkState() == Qt.CheckState.Checked)

    def _list(self) -> None:
        masks = self._session.masks if self._session.project else None
        names = masks.names if masks else ()
        counts = {name: len(labelled(masks, [name])) for name in names}
        rows = [(name, f"{name}: {counted(counts[name], 'mask')} of yours") for name in names]
        rows = [(name, text) for name, text in rows if counts[name]]
        if rows == [(_name(self.item(row)), self.item(row).text()) for row in range(self.count())]:
            return
        blocker = QSignalBlocker(self)
        self.clear()
        for name, text in rows:
            self._add(name, text, colour_of(names.index(name)))
        del blocker
        self._fit()
        self.changed.emit()

    def _fit(self) -> None:
        """Be as high as what is listed, so that all fits a small screen."""
        rows = min(max(self.count(), 1), _ROWS)
        self.setFixedHeight(rows * (self.fontMetrics().height() + 5) + 6)

    def _add(self, name: str, text: str, colour: str) -> None:
        swatch = QPixmap(12, 12)
        swatch.fill(QColor(colour))
        item = QListWidgetItem(QIcon(swatch), text)
        item.setData(Qt.ItemDataRole.UserRole, name)
        states = Qt.CheckState
        item.setCheckState(states.Unchecked if name in self._left_out else states.Checked)
        self.addItem(item)

    def _on_ticked(self, item: QListWidgetItem) -> None:
        if item.checkState() == Qt.CheckState.Checked:
            self._left_out.discard(_name(item))
        else:
            self._left_out.add(_name(item))
        self.changed.emit()


def _name(item: QListWidgetItem) -> str:
    return str(item.data(Qt.ItemDataRole.UserRole))
