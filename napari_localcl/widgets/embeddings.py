"""The dock *Embeddings*: all images as points, what is alike, maps, and unusual images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_localcl.widgets.chosen_layers import ChosenLayers, points_under
from napari_localcl.widgets.chosen_row import ChosenRow
from napari_localcl.widgets.controls import (
    TimeBar,
    bind_keys,
    describe,
    in_row,
    make_button,
    make_label,
)
from napari_localcl.widgets.examples import Examples
from napari_localcl.widgets.explorer import NOTHING, Explorer
from napari_localcl.widgets.map_layers import MapLayers
from napari_localcl.widgets.maps_panel import MapsPanel
from napari_localcl.widgets.odd_panel import OddPanel
from napari_localcl.widgets.point_card import spot_of
from napari_localcl.widgets.scatter_panel import ScatterPanel
from napari_localcl.widgets.similar_panel import SimilarPanel
from napari_localcl.widgets.terminal import embed_command
from napari_localcl.widgets.thumbnails import Spot, Thumbnails

if TYPE_CHECKING:
    import napari.viewer
    from napari.layers import Layer

    from napari_localcl.widgets.canvas import Canvas
    from napari_localcl.widgets.finder import Finder
    from napari_localcl.widgets.session import Session

_WIDTH = 350


class Embeddings(QWidget):
    """Four tabs on what a model makes of the images of a session.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the images are shown.
    session : Session
        Whose images.
    canvas : Canvas
        The image at hand.
    finder : Finder
        Who asks the process that knows the embeddings.
    """

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        session: Session,
        canvas: Canvas,
        finder: Finder,
    ) -> None:
        super().__init__()
        self._viewer, self._session, self._canvas = viewer, session, canvas
        self.explorer = Explorer(session, finder, self)
        self.layers = ChosenLayers(viewer, canvas, self.explorer, self)
        self.examples = Examples(viewer, canvas, self)
        self.maps = MapLayers(viewer, canvas, self.explorer, self)
        self._watched: Layer | None = None
        self._make_tabs()
        self._make_row()
        self._arrange()
        self._connect()
        bind_keys(self)
        self._enable()

    def _make_tabs(self) -> None:
        session, explorer = self._session, self.explorer
        # Each with its own, so that they do not take each other's place.
        self._thumbnails = [Thumbnails(session, self) for _ in range(3)]
        for_points, for_places, for_images = self._thumbnails
        self.scatter = ScatterPanel(session, explorer, for_points)
        self._row = ChosenRow(session, explorer, self.layers, lambda: self.scatter.inks)
        self.scatter.layout().addWidget(self._row)
        self.similar = SimilarPanel(
            self._viewer, self._canvas, explorer, self.examples, self.maps, for_places
        )
        self.overlays = MapsPanel(session, explorer, self.maps)
        self.odd = OddPanel(session, explorer, for_images)
        self.tabs = QTabWidget()
        self.tabs.setUsesScrollButtons(False)
        for panel, title in (
            (self.scatter, "Scatter"),
            (self.similar, "Similar"),
            (self.overlays, "Maps"),
            (self.odd, "Odd images"),
        ):
            self.tabs.addTab(panel, title)
        describe(self.tabs, "Embeddings", "What the model makes of the images")
        self.tabs.setToolTip("")

    def _make_row(self) -> None:
        self._said = make_label()
        self._bar = TimeBar()
        describe(self._bar, "Progress", "How much of what is being done is done")
        self._stop = make_button("Stop", "Give up what is being done", self.explorer.stop)
        self._copy = make_button(
            "Copy as command",
            "Copy the command that writes these embeddings for other programs",
            self._copy_command,
        )

    def _arrange(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 4, 4, 4)
        outer.addWidget(self.tabs, 1)
        outer.addWidget(self._said)
        row = in_row(self._bar, self._stop, self._copy)
        row.insertStretch(2)
        row.setStretch(0, 1)
        outer.addLayout(row)
        self.setMinimumWidth(_WIDTH)

    def _connect(self) -> None:
        explorer, session = self.explorer, self._session
        explorer.said.connect(self._on_said)
        explorer.failed.connect(lambda why: self._tell(f"⚠ {why}"))
        self._row.said.connect(self._tell)
        self.odd.said.connect(self._tell)
        self.scatter.point_clicked.connect(self._go_to_point)
        for panel in (self.similar, self.odd):
            panel.spot_wanted.connect(self._go_to)
        for news in (session.opened, session.run_changed):
            news.connect(self._enable)
        self._canvas.shown.connect(self._ring)
        explorer.cloud_changed.connect(self._ring)
        self._viewer.layers.selection.events.active.connect(self._watch)

    def close_work(self) -> None:
        """Forget the viewer and ask no more; the layers stay."""
        self._viewer.layers.selection.events.active.disconnect(self._watch)
        self._unwatch()
        for part in (self.explorer, self.layers, self.examples, self.maps, *self._thumbnails):
            part.close()
        self.similar.close_work()

    # What is said

    def _enable(self) -> None:
        obstacle = self.explorer.obstacle
        for panel in (self.scatter, self.similar, self.overlays, self.odd):
            panel.enable(not obstacle)
        self._copy.setEnabled(not obstacle)
        self._tell(obstacle)
        self._show_busy(False)

    def _on_said(self, text: str, part: float) -> None:
        self._show_busy(bool(text))
        self._tell(f"{text}." if text else "")
        self._bar.show_part(part if part >= 0 else None)

    def _show_busy(self, is_busy: bool) -> None:
        self._bar.setVisible(is_busy)
        self._stop.setVisible(is_busy)

    def _tell(self, sentence: str) -> None:
        self._said.setText(sentence)
        self._said.setVisible(bool(sentence))

    def _copy_command(self) -> None:
        project, run = self._session.project, self._session.run
        assert project is not None
        assert run is not None
        QGuiApplication.clipboard().setText(embed_command(project, run))
        self._tell("Copied. The command writes these embeddings into a store (zarr).")

    # From the plot to the picture

    def _go_to_point(self, point: int) -> None:
        cloud = self.explorer.cloud
        if cloud is not None:
            self._go_to(spot_of(cloud, point))

    def _go_to(self, spot: Spot) -> None:
        self.layers.go_to(spot.image, spot.place)

    # From the picture to the plot

    def _watch(self, _event: Any = None) -> None:
        """Follow what is selected in the active layer."""
        self._unwatch()
        layer = self._viewer.layers.selection.active
        signal = _selection_of(layer)
        if signal is not None:
            signal.connect(self._ring)
            self._watched = layer
        self._ring()

    def _unwatch(self) -> None:
        signal = _selection_of(self._watched)
        if signal is not None:
            signal.disconnect(self._ring)
        self._watched = None

    def _ring(self, _event: Any = None) -> None:
        """Mark in the plot what is selected in the picture; of whole images, that at hand."""
        cloud, image = self.explorer.cloud, self._canvas.image
        if cloud is None or image is None:
            points = NOTHING
        elif cloud.of == "images":
            points = cloud.of_image(image.metadata["image"])
        else:
            points = points_under(self._watched, cloud, image)
        self.scatter.view.ring(points)


def _selection_of(layer: Layer | None) -> Any:
    """Return what tells that something else is selected in a layer; None if nothing can be."""
    if hasattr(layer, "selected_data") and hasattr(layer, "symbol"):
        return layer.selected_data.events.items_changed
    return layer.events.selected_label if hasattr(layer, "selected_label") else None
