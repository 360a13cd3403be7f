"""The tab *Odd images*: images that stand alone, and images that are there twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_localcl.widgets.controls import describe, in_row, make_button, make_label
from napari_localcl.widgets.image_list import save_image_list
from napari_localcl.widgets.thumbnails import SIDE, Spot

if TYPE_CHECKING:
    from qtpy.QtCore import QModelIndex

    from napari_localcl.widgets.explorer import Explorer
    from napari_localcl.widgets.session import Session
    from napari_localcl.widgets.thumbnails import Thumbnails

_OUTLIERS, _PAIRS = "Images that stand alone", "Images that look the same"
_TITLES = {_OUTLIERS: ("Image", "Distance"), _PAIRS: ("Image", "Looks like", "Similarity")}
_FIRST = "Press Look to compare all images with each other."
_SAID = {
    _OUTLIERS: "The farther from the images most like it, the more unusual. The first ones may be "
    "failed exposures, other body parts, or rare findings: look at them.",
    _PAIRS: "A similarity near 1 is the same image twice, or nearly: keep such pairs on one side "
    "of a test. Elsewhere, it is what is usual in these images.",
}


class _NamesBelow(QStyledItemDelegate):
    """Shows an image's name below its picture: beside it, there is no room."""

    def initStyleOption(  # noqa: N802 (Qt's name)
        self, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        option.decorationPosition = QStyleOptionViewItem.Position.Top
        option.displayAlignment = Qt.AlignmentFlag.AlignCenter


class OddPanel(QWidget):
    """A table of unusual images with their small pictures.

    Parameters
    ----------
    session : Session
        Whose images.
    explorer : Explorer
        Who compares them.
    thumbnails : Thumbnails
        Their pictures.

    Attributes
    ----------
    spot_wanted : Signal of Spot
        Somebody wants to see this image.
    said : Signal of str
        What was done.
    """

    spot_wanted = Signal(object)
    said = Signal(str)

    def __init__(self, session: Session, explorer: Explorer, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._session, self._explorer, self._thumbnails = session, explorer, thumbnails
        self._odd: dict[str, Any] | None = None
        self._cells: dict[Spot, list[QTableWidgetItem]] = {}
        self._make_controls()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(2, 4, 2, 2)
        row = in_row(self._which, self._look)
        row.setStretch(0, 1)
        outer.addLayout(row)
        outer.addWidget(self._explained)
        outer.addWidget(self._table, 1)
        outer.addLayout(in_row(self._save))
        explorer.odd.connect(self._take)
        explorer.cloud_changed.connect(self._on_other_run)
        thumbnails.made.connect(self._on_made)
        self._fill()

    def _make_controls(self) -> None:
        self._which = QComboBox()
        self._which.addItems([_OUTLIERS, _PAIRS])
        describe(
            self._which, "Which images", "Those unlike all others, or those that are there twice"
        )
        self._which.currentIndexChanged.connect(lambda _row: self._fill())
        self._look = make_button(
            "Look", "Compare all images with each other", self._explorer.find_odd
        )
        self._save = make_button(
            "Image list…", "Save the images selected in the table as a list", self._save_list
        )
        self._explained = make_label()
        self._table = QTableWidget(0, 2)
        self._table.setIconSize(QSize(SIDE, SIDE))
        self._table.verticalHeader().hide()
        self._table.verticalHeader().setDefaultSectionSize(SIDE + 26)
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._table.setItemDelegate(_NamesBelow(self._table))
        describe(
            self._table,
            "Odd images",
            "The most unusual, or the most alike, first; a click on a picture goes to its image",
        )
        self._table.setToolTip("")
        self._table.itemClicked.connect(self._go)
        self._table.itemActivated.connect(self._go)
        self._table.itemSelectionChanged.connect(
            lambda: self._save.setEnabled(bool(self._selected))
        )

    def enable(self, is_able: bool) -> None:
        """Let images be compared, or not."""
        self._look.setEnabled(is_able)

    @property
    def _selected(self) -> list[str]:
        spots = (item.data(Qt.ItemDataRole.UserRole) for item in self._table.selectedItems())
        return list(dict.fromkeys(spot.image for spot in spots if spot is not None))

    def _take(self, odd: dict[str, Any]) -> None:
        self._odd = odd
        self._fill()

    def _on_other_run(self) -> None:
        """Forget what another model said, unless only other points are shown."""
        if self._explorer.cloud is None:
            self._odd = None
            self._fill()

    def _fill(self) -> None:
        which = self._which.currentText()
        titles = _TITLES[which]
        rows = (self._odd or {}).get("outliers" if which == _OUTLIERS else "pairs", [])
        self._explained.setText(_SAID[which] if self._odd else _FIRST)
        self._cells = {}
        self._table.clear()
        self._table.setColumnCount(len(titles))
        self._table.setHorizontalHeaderLabels(titles)
        self._table.setRowCount(len(rows))
        for number, (*images, amount) in enumerate(rows):
            for column, image in enumerate(images):
                self._table.setItem(number, column, self._picture(image))
            self._table.setItem(number, len(images), QTableWidgetItem(f"{amount:.4f}"))
        header = self._table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(len(titles) - 1, QHeaderView.ResizeMode.ResizeToContents)
        self._save.setEnabled(False)
        self._thumbnails.want(list(self._cells))

    def _picture(self, image: str) -> QTableWidgetItem:
        spot = Spot(image)
        picture = self._thumbnails.get(spot) or self._thumbnails.blank
        item = QTableWidgetItem(QIcon(picture), image)
        item.setToolTip(image)
        item.setData(Qt.ItemDataRole.UserRole, spot)
        self._cells.setdefault(spot, []).append(item)
        return item

    def _on_made(self, spot: Spot) -> None:
        for item in self._cells.get(spot, ()):
            item.setIcon(QIcon(self._thumbnails.get(spot)))

    def _go(self, item: QTableWidgetItem) -> None:
        spot = item.data(Qt.ItemDataRole.UserRole)
        if spot is not None:
            self.spot_wanted.emit(spot)

    def _save_list(self) -> None:
        project = self._session.project
        assert project is not None
        said = save_image_list(self, project, self._selected)
        if said:
            self.said.emit(said)
