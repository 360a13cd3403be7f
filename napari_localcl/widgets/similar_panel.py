"""The tab *Similar*: click anywhere, and see what is alike in all images."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap
from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import QLabel, QSlider, QVBoxLayout, QWidget

from napari_localcl.widgets.background import Background
from napari_localcl.widgets.controls import describe, in_row, make_button, make_label
from napari_localcl.widgets.gallery import Gallery
from napari_localcl.widgets.thumbnails import Spot
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from collections.abc import Generator

    import napari.viewer
    from napari.layers import Labels

    from napari_localcl.data.heat_map import HeatMap
    from napari_localcl.widgets.canvas import Canvas
    from napari_localcl.widgets.examples import Examples
    from napari_localcl.widgets.explorer import Explorer
    from napari_localcl.widgets.map_layers import MapLayers
    from napari_localcl.widgets.thumbnails import Thumbnails

PROPOSAL = "Proposal"
_COLOUR = "#E69F00"
_STEPS = 1000  # of the threshold
_LIKELY = 0.97  # of the image that a first proposal leaves out
_SOON = 60  # milliseconds after the slider has moved
_CORRECTED = "The proposal was corrected by hand, so it stays. Remove its layer to begin anew."
_FIRST = "Press Like this and click in the picture: what looks alike is looked for in all images."


class SimilarPanel(QWidget):
    """Examples, the gallery of what is like them, and a proposal of labels.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the proposal is shown.
    canvas : Canvas
        The image at hand.
    explorer : Explorer
        Who finds similar places.
    examples : Examples
        The clicks.
    maps : MapLayers
        What shows the heat map.
    thumbnails : Thumbnails
        Of the gallery.

    Attributes
    ----------
    spot_wanted : Signal of Spot
        Somebody wants to see this place.
    """

    spot_wanted = Signal(object)

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        canvas: Canvas,
        explorer: Explorer,
        examples: Examples,
        maps: MapLayers,
        thumbnails: Thumbnails,
    ) -> None:
        super().__init__()
        self._viewer, self._canvas, self._explorer = viewer, canvas, explorer
        self._examples, self._maps = examples, maps
        self._proposals: dict[str, Labels] = {}
        self._made: dict[str, np.ndarray] = {}
        self._masking = Background(self)
        self._masking.result.connect(self._show_proposal)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON)
        self._soon.timeout.connect(self._propose)
        self._gallery = Gallery(thumbnails)
        self._make_controls()
        self._arrange()
        self._connect()
        self._tell()

    def _make_controls(self) -> None:
        self._like = make_button(
            "Like this",
            "Clicks in the picture say what to look for; press again to end it",
            lambda: self._toggle(True),
        )
        self._unlike = make_button(
            "Not like this",
            "Clicks in the picture say what to keep away from; press again to end it",
            lambda: self._toggle(False),
        )
        for button in (self._like, self._unlike):
            button.setCheckable(True)
        self._clear = make_button(
            "Clear", "Forget all examples", self._examples.clear, "Alt+Shift+X"
        )
        self._threshold = QSlider(Qt.Orientation.Horizontal)
        self._threshold.setRange(1, _STEPS - 1)
        self._threshold.setValue(_STEPS * 7 // 10)
        describe(
            self._threshold, "Threshold", "How similar a place must be to belong to the proposal"
        )
        self._reads = QLabel()
        self._make = make_button(
            "Propose labels",
            "Make a labels layer of what is similar enough in this image; move the threshold until "
            "it suits, and correct it with the brush",
            self._begin_proposal,
            "Alt+Shift+Y",
        )
        self._said = make_label()

    def _arrange(self) -> None:
        text = QLabel("Threshold")
        text.setBuddy(self._threshold)
        row = in_row(text, self._threshold, self._reads, self._make)
        row.setStretch(1, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(2, 4, 2, 2)
        outer.addLayout(in_row(self._like, self._unlike, self._clear))
        outer.addWidget(self._said)
        outer.addWidget(self._gallery, 1)
        outer.addLayout(row)

    def _connect(self) -> None:
        self._examples.changed.connect(self._on_examples)
        self._examples.adding_changed.connect(self._on_adding)
        self._explorer.placed.connect(self._show_places)
        self._explorer.cloud_changed.connect(self._on_other_run)
        self._explorer.mapped.connect(self._on_map)
        self._canvas.shown.connect(self._on_shown)
        self._gallery.wanted.connect(self.spot_wanted)
        self._threshold.valueChanged.connect(self._on_threshold)
        self._viewer.layers.events.removed.connect(self._on_removed)
        self._on_threshold(self._threshold.value())

    def enable(self, is_able: bool) -> None:
        """Let examples be clicked, or not."""
        self._like.setEnabled(is_able)
        self._unlike.setEnabled(is_able)

    def close_work(self) -> None:
        """Forget the viewer; the layers stay."""
        self._soon.stop()
        self._masking.stop()
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    # Examples

    def _toggle(self, is_like: bool) -> None:
        self._examples.add(None if self._examples.adding is is_like else is_like)

    def _on_adding(self) -> None:
        self._like.setChecked(self._examples.adding is True)
        self._unlike.setChecked(self._examples.adding is False)
        self._tell()

    def _on_examples(self) -> None:
        if self._examples.positive:
            self._find()
        else:
            self._explorer.stop("like")
            self._maps.remove("like")
            self._gallery.fill([])
        self._tell()

    def _find(self) -> None:
        self._explorer.find_like(self._examples.positive, self._examples.negative)

    def _on_shown(self) -> None:
        """Show the heat map of another image; the gallery is the same, and comes anew with it."""
        self._show_own_proposal()
        if self._examples.positive and "like" not in self._maps.maps:
            self._find()

    def _on_other_run(self) -> None:
        """Look anew, where another model looks or another project is open."""
        if self._explorer.obstacle or not self._explorer.knows(self._examples.positive):
            self._examples.clear()
        elif self._explorer.cloud is None and self._examples.positive:
            self._find()

    # What is shown

    def _tell(self) -> None:
        likes, unlikes = len(self._examples.positive), len(self._examples.negative)
        self._clear.setEnabled(bool(likes or unlikes))
        self._make.setEnabled("like" in self._maps.maps)
        if self._examples.adding is not None:
            what = "what to look for" if self._examples.adding else "what to keep away from"
            self._said.setText(f"Click {what} in the picture, as often as you like.")
        elif likes:
            apart = f", unlike {unlikes}" if unlikes else ""
            self._said.setText(f"Most like {counted(likes, 'example')}{apart}, in all images:")
        else:
            self._said.setText(_FIRST)

    def _show_places(self, rows: list[list[Any]]) -> None:
        self._gallery.fill(
            [
                (
                    Spot(image, (y, x)),
                    f"{PurePosixPath(image).name}\n{similarity:.3f}",
                    f"{image}: row {y:.0f}, column {x:.0f}, similarity {similarity:.3f}",
                )
                for image, y, x, similarity in rows
            ]
        )

    def _on_map(self, kind: str, _heat: HeatMap) -> None:
        if kind == "like":
            self._make.setEnabled(True)
            self._propose()

    # The proposal: one layer for each image, so that nothing that was corrected is lost

    @property
    def _proposal(self) -> Labels | None:
        image = self._canvas.image
        return self._proposals.get(image.metadata["image"]) if image is not None else None

    def _on_threshold(self, value: int) -> None:
        self._reads.setText(f"{value / _STEPS:.3f}")
        self._soon.start()

    def _begin_proposal(self) -> None:
        image, heat = self._canvas.image, self._maps.maps.get("like")
        if image is None or heat is None:
            return
        if not self._proposals:
            likely = np.quantile(heat.values, _LIKELY)
            self._threshold.setValue(round(_STEPS * float(likely)))
        if self._proposal is None:
            self._proposals[heat.image] = self._viewer.add_labels(
                np.zeros(image.data.shape[:2], np.uint8),
                name=f"{PROPOSAL}: {heat.image}",
                scale=image.scale,
                opacity=0.5,
                colormap=DirectLabelColormap(color_dict={None: _COLOUR, 0: "transparent"}),
                metadata={"image": heat.image},
            )
        self._propose()

    def _propose(self) -> None:
        heat, image, layer = self._maps.maps.get("like"), self._canvas.image, self._proposal
        if heat is None or image is None or layer is None:
            return
        made = self._made.get(heat.image)
        if made is not None and not np.array_equal(made, layer.data):
            self._said.setText(_CORRECTED)
            return
        size = tuple(image.data.shape[:2])
        self._masking.start(_mask(heat, self._threshold.value() / _STEPS, size))

    def _show_proposal(self, made: tuple[HeatMap, float, np.ndarray]) -> None:
        heat, threshold, mask = made
        layer = self._proposals.get(heat.image)
        if layer is None:
            return
        # Not the same array: the layer's is painted on.
        self._made[heat.image] = mask.astype(np.uint8)
        layer.data = self._made[heat.image].copy()
        layer.metadata = {"image": heat.image, "threshold": threshold}
        layer.features = {"index": [0, 1], "threshold": [np.nan, threshold]}

    def _show_own_proposal(self) -> None:
        for image, layer in self._proposals.items():
            layer.visible = image == self._canvas.image.metadata["image"]

    def _on_removed(self, event: Any) -> None:
        for image, layer in list(self._proposals.items()):
            if event.value == layer:
                del self._proposals[image]
                self._made.pop(image, None)


def _mask(
    heat: HeatMap, threshold: float, size: tuple[int, int]
) -> Generator[None, None, tuple[HeatMap, float, np.ndarray]]:
    yield
    return heat, threshold, heat.mask(threshold, size)
