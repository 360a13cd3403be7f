"""The tab *Scatter*: what points are, how they are arranged and coloured, which are chosen."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from napari_localcl.widgets.cloud_facts import known_structures
from napari_localcl.widgets.controls import (
    describe,
    in_row,
    keep_narrow,
    make_button,
    make_label,
)
from napari_localcl.widgets.explorer import NOTHING
from napari_localcl.widgets.point_card import PointCard
from napari_localcl.widgets.point_cloud import (
    CLUSTER,
    CONFIDENCE,
    IMAGE,
    LABEL,
    LANDMARK,
    Colouring,
    colouring,
)
from napari_localcl.widgets.scatter_view import ScatterView
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from napari_localcl.widgets.explorer import Explorer
    from napari_localcl.widgets.session import Session
    from napari_localcl.widgets.thumbnails import Thumbnails

_POINTS = ("images", "patches", "landmarks", "superpixels")
_WAYS = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
_MOST_LISTED = 500  # groups
_FIRST = "Choose what the points are and press Show."
_HINT = "Hold Shift and drag around points to choose them; click one to go there."
_ONE_SURE = "Colour: dark is unsure, {:.2f}; yellow is sure, {:.2f}."


class ScatterPanel(QWidget):
    """The plot and what belongs to it.

    Parameters
    ----------
    session : Session
        Whose images.
    explorer : Explorer
        Whose points.
    thumbnails : Thumbnails
        For the point under the mouse.

    Attributes
    ----------
    point_clicked : Signal of int
        Somebody wants to see this point in its image.
    inks : (P,) uint32 ndarray
        The points' colours.
    """

    point_clicked = Signal(int)

    def __init__(self, session: Session, explorer: Explorer, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._session, self._explorer = session, explorer
        self._colouring: Colouring | None = None
        self._structure = ""
        self.inks = np.zeros(0, np.uint32)
        self.view = ScatterView()
        self._card = PointCard(self.view, thumbnails)
        self._make_choices()
        self._make_tools()
        self._arrange()
        self._connect()
        self._list_facts()
        self._on_cloud()

    # The controls

    def _make_choices(self) -> None:
        self._of = _choice("Points", "What every point of the plot is", _POINTS)
        self._of.setCurrentText("patches")
        ways = [way for way in _WAYS if way != "umap" or find_spec("umap")]
        self._by = _choice(
            "Arrangement",
            "PCA is there at once; t-SNE takes longer, and brings together what is alike",
            (),
        )
        for way in ways:
            self._by.addItem(_WAYS[way], way)
        self._colour = _choice("Colour", "What the colours of the points mean", ())
        self._group = _choice(
            "Choose group", "The groups with their colours; take one to choose its points", ()
        )
        self._patches = _number(
            "Patches", "About how many patches of all images together", 1000, 100_000, 10_000
        )
        self._patches.setSingleStep(1000)
        self._clusters = _number(
            "Clusters", "Into how many groups of alike places to divide all images", 2, 20, 8
        )
        self._show = make_button("Show", "Show these points", self.show_points, "Alt+Shift+V")

    def _make_tools(self) -> None:
        self._lasso = make_button(
            "Lasso",
            "Drag around points to choose them; holding Shift does the same at any time",
            key="Alt+Shift+L",
        )
        self._lasso.setCheckable(True)
        self._lasso.toggled.connect(lambda is_on: setattr(self.view, "is_lasso", is_on))
        self._whole = make_button("See all", "Bring all points into sight", self.view.show_all)
        self._clear = make_button(
            "Choose none", "Let no point be chosen", self._choose_none, "Alt+Shift+N"
        )
        self._said = make_label()

    def _arrange(self) -> None:
        grid = QGridLayout()
        rows = (
            ("Points", self._of, "Arranged by", self._by),
            ("Patches", self._patches, "Clusters", self._clusters),
            ("Colour", self._colour, "Group", self._group),
        )
        self._texts = {}
        for row, (left, one, right, other) in enumerate(rows):
            for column, (text, widget) in enumerate(((left, one), (right, other))):
                label = QLabel(text)
                label.setBuddy(widget)
                self._texts[text] = label
                grid.addWidget(label, row, 2 * column)
                grid.addWidget(widget, row, 2 * column + 1)
        for column in (1, 3):
            grid.setColumnStretch(column, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(2, 4, 2, 2)
        outer.addLayout(grid)
        outer.addLayout(in_row(self._show, self._lasso, self._whole, self._clear))
        outer.addWidget(self.view, 1)
        outer.addWidget(self._said)

    def _connect(self) -> None:
        explorer = self._explorer
        explorer.cloud_changed.connect(self._on_cloud)
        explorer.cloud_grew.connect(self._on_grown)
        explorer.chosen_changed.connect(self._on_chosen)
        self._session.annotations_changed.connect(self._list_facts)
        self._session.opened.connect(self._list_facts)
        self._of.currentTextChanged.connect(lambda _text: self._on_points())
        self._by.currentIndexChanged.connect(lambda _row: explorer.arrange(self._way))
        self._clusters.editingFinished.connect(self._on_clusters)
        self._colour.activated.connect(lambda _row: self._on_colour())
        self._group.activated.connect(self._on_group)
        self.view.hovered.connect(self._on_hover)
        self.view.clicked.connect(self.point_clicked)
        self.view.chosen.connect(lambda inside: explorer.choose(np.flatnonzero(inside)))
        self._on_points()

    @property
    def _way(self) -> str:
        return str(self._by.currentData())

    # What people do

    def show_points(self) -> None:
        """Ask for the points that are chosen above."""
        self._explorer.show(
            self._of.currentText(), self._patches.value(), self._clusters.value(), self._way
        )

    def enable(self, is_able: bool) -> None:
        """Let points be asked for, or not."""
        self._show.setEnabled(is_able)

    def _on_points(self) -> None:
        has_count = self._of.currentText() == "patches"
        self._patches.setVisible(has_count)
        self._texts["Patches"].setVisible(has_count)

    def _on_clusters(self) -> None:
        if self._clusters.value() != getattr(self, "_divided", 0):
            self._divided = self._clusters.value()
            self._explorer.divide(self._divided)

    def _on_colour(self) -> None:
        fact, structure = self._colour.currentData()
        cloud = self._explorer.cloud
        if cloud is not None and fact in (LABEL, CONFIDENCE):
            self._explorer.learn(fact, structure)
        self._recolour()

    def _on_group(self, row: int) -> None:
        if self._colouring is not None and row > 0:
            self._explorer.choose(np.flatnonzero(self._colouring.of == row - 1))

    def _choose_none(self) -> None:
        self._explorer.choose(NOTHING)

    # What is shown

    def _list_facts(self) -> None:
        """Offer what points can be coloured by."""
        project = self._session.project
        offered: list[tuple[str, tuple[str, str]]] = [
            ("cluster", (CLUSTER, "")),
            ("image", (IMAGE, "")),
        ]
        if project is not None and project.annotations.names:
            offered += [("landmark", (LANDMARK, "")), ("confidence", (CONFIDENCE, ""))]
        if project is not None:
            named = known_structures(project.annotations)
            offered += [(f"label: {name}", (LABEL, name)) for name in named]
        if [text for text, _ in offered] == [
            self._colour.itemText(row) for row in range(self._colour.count())
        ]:
            return
        chosen = self._colour.currentText()
        self._colour.clear()
        for text, data in offered:
            self._colour.addItem(text, data)
        self._colour.setCurrentIndex(max(self._colour.findText(chosen), 0))

    def _on_cloud(self) -> None:
        cloud = self._explorer.cloud
        if cloud is None:
            self.view.set_points(np.zeros((0, 2), np.float32), np.zeros(0, np.uint32))
            self._colouring = None
        else:
            if cloud.of == "landmarks":
                self._colour.setCurrentText("landmark")
            self._recolour(update=False)
            self.view.set_points(cloud.positions, self.inks)
        self._on_chosen()

    def _on_grown(self) -> None:
        cloud = self._explorer.cloud
        assert cloud is not None
        self._recolour()
        self.view.move_points(cloud.positions)

    def _recolour(self, update: bool = True) -> None:
        cloud = self._explorer.cloud
        if cloud is None:
            return
        fact, _ = self._colour.currentData()
        self._colouring = colouring(cloud, fact)
        self.inks = self._colouring.inks
        if update:
            self.view.set_colours(self.inks)
        self._list_groups(fact)
        self._say()

    def _list_groups(self, fact: str) -> None:
        assert self._colouring is not None
        self._group.clear()
        groups, colours = self._colouring.groups, self._colouring.colours
        self._group.addItem(f"{counted(len(groups), 'group')}…" if groups else "no groups")
        for name, colour in list(zip(groups, colours, strict=False))[:_MOST_LISTED]:
            self._group.addItem(_swatch(colour), name)
        self._group.setEnabled(bool(groups))

    def _on_chosen(self) -> None:
        cloud, chosen = self._explorer.cloud, self._explorer.chosen
        choice = np.zeros(len(cloud) if cloud else 0, bool)
        choice[chosen] = True
        self.view.choose(choice)
        self._clear.setEnabled(bool(len(chosen)))
        self._say()

    def _on_hover(self, point: int) -> None:
        cloud = self._explorer.cloud
        if point < 0 or cloud is None:
            self._card.hide()
        else:
            self._card.show_point(cloud, point, self._fact_of(point))

    def _fact_of(self, point: int) -> str:
        """Say what the colour of a point means."""
        cloud, fact = self._explorer.cloud, self._colour.currentData()[0]
        values = cloud.facts.get(fact) if cloud else None
        if values is None:
            return ""
        value = values[point].item()
        return f"{fact} {value:.2f}" if isinstance(value, float) else f"{fact}: {value}"

    def _say(self) -> None:
        cloud, chosen = self._explorer.cloud, self._explorer.chosen
        if cloud is None:
            self._said.setText(_FIRST if not self._explorer.obstacle else "")
        elif len(chosen):
            images = counted(len(cloud.images_of(chosen)), "image")
            self._said.setText(f"{len(chosen):,} of {len(cloud):,} points chosen, in {images}.")
        else:
            amounts = self._colouring is not None and not self._colouring.groups
            scale = _ONE_SURE.format(*self._colouring.limits) if amounts else _HINT
            self._said.setText(f"{len(cloud):,} points. {scale}")


def _choice(name: str, tip: str, entries: tuple[str, ...]) -> QComboBox:
    box = QComboBox()
    keep_narrow(box, 6)
    describe(box, name, tip)
    box.addItems(entries)
    return box


def _number(name: str, tip: str, low: int, high: int, value: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setValue(value)
    box.setGroupSeparatorShown(True)
    describe(box, name, tip)
    return box


def _swatch(colour: int) -> QIcon:
    picture = QPixmap(12, 12)
    picture.fill(QColor.fromRgba(colour))
    return QIcon(picture)
