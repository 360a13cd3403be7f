"""The tab *Scatter*: the plot, what it shows, and which of its points are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_localcl.widgets.controls import in_row, make_button, make_label
from napari_localcl.widgets.explorer import NOTHING
from napari_localcl.widgets.point_card import PointCard
from napari_localcl.widgets.point_cloud import CONFIDENCE, LABEL, Colouring, colouring
from napari_localcl.widgets.scatter_choices import ScatterChoices
from napari_localcl.widgets.scatter_view import ScatterView
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_localcl.widgets.explorer import Explorer
    from napari_localcl.widgets.session import Session
    from napari_localcl.widgets.thumbnails import Thumbnails

_FIRST = "Press Show: every point will be a small part of an image, near to what is alike."
_HINT = "Hold Shift and drag around points to choose them; click one to go there."
_AMOUNTS = "Dark is unsure ({:.2f}), yellow is sure ({:.2f}), grey is not known."


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
        self._explorer = explorer
        self._colouring: Colouring | None = None
        self._is_fresh = False
        self.inks = np.zeros(0, np.uint32)
        self.view = ScatterView()
        self._card = PointCard(self.view, thumbnails)
        self.choices = ScatterChoices(session)
        self._make_tools()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(2, 4, 2, 2)
        outer.addWidget(self.choices)
        outer.addLayout(in_row(self._show, self._lasso, self._whole, self._clear))
        outer.addWidget(self.view, 1)
        outer.addWidget(self._said)
        self._connect()
        self._on_cloud()

    def _make_tools(self) -> None:
        self._show = make_button(
            "Show", "Show these points, as the model at hand sees them", self.show_points,
            "Alt+Shift+V",
        )  # fmt: skip
        self._lasso = make_button(
            "Lasso",
            "Drag around points to choose them; holding Shift does the same at any time",
            key="Alt+Shift+L",
        )
        self._lasso.setCheckable(True)
        self._lasso.toggled.connect(lambda is_on: setattr(self.view, "is_lasso", is_on))
        self._whole = make_button("See all", "Bring all points into sight", self.view.show_all)
        self._clear = make_button("Choose none", "Let no point be chosen", self._choose_none)
        self._said = make_label()

    def _connect(self) -> None:
        explorer, choices = self._explorer, self.choices
        explorer.cloud_changed.connect(self._on_cloud)
        explorer.cloud_grew.connect(self._on_grown)
        explorer.chosen_changed.connect(self._on_chosen)
        choices.points_wanted.connect(self.show_points)
        choices.way_wanted.connect(lambda: explorer.arrange(choices.way))
        choices.clusters_wanted.connect(lambda: explorer.divide(choices.clusters))
        choices.colour_wanted.connect(self._on_colour)
        choices.group_wanted.connect(self._choose_group)
        self.view.hovered.connect(self._on_hover)
        self.view.clicked.connect(self.point_clicked)
        self.view.chosen.connect(lambda inside: explorer.choose(np.flatnonzero(inside)))

    # What people do

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Show points to who opens the dock, unless there are some."""
        super().showEvent(event)
        if (
            self._is_fresh
            and self._explorer.cloud is None
            and not self._explorer.is_asked("scatter")
        ):
            self.show_points()

    def show_points(self) -> None:
        """Ask for the points that are chosen above."""
        self._is_fresh = False
        choices = self.choices
        self._explorer.show(choices.of, choices.patches, choices.clusters, choices.way)

    def enable(self, is_able: bool) -> None:
        """Let points be asked for, or not."""
        self._show.setEnabled(is_able)
        self._is_fresh = is_able
        self._say()

    def _on_colour(self) -> None:
        fact, structure = self.choices.fact
        if fact in (LABEL, CONFIDENCE):
            self._explorer.learn(fact, structure)
        self._recolour()

    def _choose_group(self, group: int) -> None:
        if self._colouring is not None:
            self._explorer.choose(np.flatnonzero(self._colouring.of == group))

    def _choose_none(self) -> None:
        self._explorer.choose(NOTHING)

    # What is shown

    def _on_cloud(self) -> None:
        cloud = self._explorer.cloud
        self._colouring = None
        self._card.hide()
        if cloud is None:
            self.choices.list_groups(None)
            self.view.set_points(np.zeros((0, 2), np.float32), np.zeros(0, np.uint32))
        else:
            if cloud.of == "landmarks":
                self.choices.colour_by("landmark")
            self.view.set_points(cloud.positions, np.zeros(len(cloud), np.uint32))
            self._on_colour()
        self._on_chosen()

    def _on_grown(self) -> None:
        cloud = self._explorer.cloud
        assert cloud is not None
        self._recolour()
        self.view.move_points(cloud.positions)

    def _recolour(self) -> None:
        cloud = self._explorer.cloud
        if cloud is not None:
            self._colouring = colouring(cloud, self.choices.fact[0])
            self.inks = self._colouring.inks
            self.view.set_colours(self.inks)
            self.choices.list_groups(self._colouring)
            self._say()

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
        cloud, (fact, _) = self._explorer.cloud, self.choices.fact
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
            scale = _AMOUNTS.format(*self._colouring.limits) if amounts else _HINT
            self._said.setText(f"{len(cloud):,} points. {scale}")
