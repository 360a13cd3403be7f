"""What the points of the plot are, how they are arranged, and what their colours mean."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QSpinBox,
    QWidget,
)

from napari_localcl.widgets.cloud_facts import known_structures
from napari_localcl.widgets.controls import describe, keep_narrow
from napari_localcl.widgets.point_cloud import CLUSTER, CONFIDENCE, IMAGE, LABEL, LANDMARK
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_localcl.widgets.point_cloud import Colouring
    from napari_localcl.widgets.session import Session

_POINTS = ("patches", "images", "landmarks", "superpixels")
_WAYS = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
_MOST_LISTED = 500  # groups
_SWATCH = 12


class ScatterChoices(QWidget):
    """Three choices on what is shown, with what belongs to each below it.

    Parameters
    ----------
    session : Session
        Whose landmarks and masks points can be coloured by.

    Attributes
    ----------
    points_wanted, way_wanted, clusters_wanted, colour_wanted : Signal
        Somebody has chosen other points, another arrangement, number of clusters, or colour.
    group_wanted : Signal of int
        Somebody wants to choose the points of a group.
    """

    points_wanted = Signal()
    way_wanted = Signal()
    clusters_wanted = Signal()
    colour_wanted = Signal()
    group_wanted = Signal(int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._of = _choice("Points", "What every point of the plot is")
        self._of.addItems(_POINTS)
        self._by = _choice(
            "Arrangement",
            "PCA is there at once; t-SNE takes longer, and brings together what is alike",
        )
        for way, name in _WAYS.items():
            if way != "umap" or find_spec("umap"):
                self._by.addItem(name, way)
        self._colour = _choice("Colour", "What the colours of the points mean")
        self._patches = _number(
            "Patches", "About how many patches of all images together", (1000, 100_000), 10_000
        )
        self._clusters = _number(
            "Clusters", "Into how many groups of alike places to divide all images", (2, 20), 8
        )
        self._group = _choice(
            "Choose group", "The groups with their colours; take one to choose its points"
        )
        self._group.setIconSize(QSize(_SWATCH, _SWATCH))
        self._arrange()
        self._connect()
        self.list_facts()

    def _arrange(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(1)
        fields = (
            (("Points", self._of), ("Arranged by", self._by), ("Colour", self._colour)),
            (("Patches", self._patches), ("Clusters", self._clusters), ("Group", self._group)),
        )
        for row, line in enumerate(fields):
            for column, (text, field) in enumerate(line):
                label = QLabel(text)
                label.setBuddy(field)
                grid.addWidget(label, 2 * row, column)
                grid.addWidget(field, 2 * row + 1, column)
        for column, share in enumerate((8, 7, 8)):
            grid.setColumnStretch(column, share)

    def _connect(self) -> None:
        self._of.activated.connect(lambda _row: self._on_points())
        self._by.activated.connect(lambda _row: self.way_wanted.emit())
        self._colour.activated.connect(lambda _row: self.colour_wanted.emit())
        self._group.activated.connect(lambda row: row > 0 and self.group_wanted.emit(row - 1))
        self._patches.editingFinished.connect(lambda: self._on_number(self._patches))
        self._clusters.editingFinished.connect(lambda: self._on_number(self._clusters))
        self._session.annotations_changed.connect(self.list_facts)
        self._session.opened.connect(self.list_facts)

    # What is chosen

    @property
    def of(self) -> str:
        """What the points are."""
        return self._of.currentText()

    @property
    def way(self) -> str:
        """How they are arranged: pca, tsne or umap."""
        return str(self._by.currentData())

    @property
    def patches(self) -> int:
        """How many patches."""
        return self._patches.value()

    @property
    def clusters(self) -> int:
        """How many clusters."""
        return self._clusters.value()

    @property
    def fact(self) -> tuple[str, str]:
        """What the colours mean; of labels, and of which structure."""
        fact, structure = self._colour.currentData()
        return fact, structure

    # What is offered

    def list_facts(self) -> None:
        """Offer what points can be coloured by."""
        project = self._session.project
        offered = [("cluster", (CLUSTER, "")), ("image", (IMAGE, ""))]
        if project is not None:
            known = project.annotations
            if known.names:
                offered += [("landmark", (LANDMARK, "")), ("confidence", (CONFIDENCE, ""))]
            offered += [(f"label: {one}", (LABEL, one)) for one in known_structures(known)]
        there = [self._colour.itemText(row) for row in range(self._colour.count())]
        if there == [text for text, _ in offered]:
            return
        chosen = self._colour.currentText()
        self._colour.clear()
        for text, data in offered:
            self._colour.addItem(text, data)
        self._colour.setCurrentIndex(max(self._colour.findText(chosen), 0))

    def colour_by(self, fact: str) -> None:
        """Choose a colour for people."""
        row = self._colour.findText(fact)
        if row >= 0:
            self._colour.setCurrentIndex(row)

    def list_groups(self, colouring: Colouring | None) -> None:
        """Offer the groups that points fall into, as the legend of the colours."""
        groups: Sequence[str] = colouring.groups if colouring else ()
        self._group.clear()
        self._group.addItem(counted(len(groups), "group") if groups else "none")
        if colouring is not None:
            for name, colour in list(zip(groups, colouring.colours, strict=False))[:_MOST_LISTED]:
                self._group.addItem(_swatch(colour), name)
        self._group.setEnabled(bool(groups))
        self._group.view().setMinimumWidth(160)

    def _on_points(self) -> None:
        self._patches.setEnabled(self.of == "patches")
        self.points_wanted.emit()

    def _on_number(self, box: QSpinBox) -> None:
        if box.value() != box.property("told"):
            box.setProperty("told", box.value())
            (self.points_wanted if box is self._patches else self.clusters_wanted).emit()


def _choice(name: str, tip: str) -> QComboBox:
    box = QComboBox()
    keep_narrow(box, 5)
    describe(box, name, tip)
    return box


def _number(name: str, tip: str, limits: tuple[int, int], value: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(*limits)
    box.setValue(value)
    box.setProperty("told", value)
    # The buttons would take the room of the number.
    box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    describe(box, name, f"{tip}: {limits[0]} to {limits[1]}")
    return box


def _swatch(colour: int) -> QIcon:
    picture = QPixmap(_SWATCH, _SWATCH)
    picture.fill(QColor.fromRgba(colour))
    return QIcon(picture)
