"""How much of the evidence each frame of a series holds, as bars that lead to the frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph
from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_localcl.widgets.controls import describe

if TYPE_CHECKING:
    import numpy.typing as npt

_BAR, _AT_HAND = "#56B4E9", "#E69F00"
_HEIGHT = 84


class EvidenceBars(QWidget):
    """A bar for each frame; a click goes there.

    Attributes
    ----------
    chosen : Signal of int
        A frame that somebody wants to see.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._shares: npt.NDArray[np.float64] = np.zeros(0)
        area = pyqtgraph.PlotWidget(background=None)
        area.setFixedHeight(_HEIGHT)
        area.setMinimumWidth(120)
        self._plot = area.getPlotItem()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.hideButtons()
        self._plot.setMenuEnabled(False)
        self._plot.setLabel("bottom", "frame")
        # Half of it is as much as all of it to whoever looks for the highest bar.
        self._plot.hideAxis("left")
        self._plot.getAxis("bottom").enableAutoSIPrefix(False)
        self._bars = pyqtgraph.BarGraphItem(x=[], height=[], width=0.8, pen=None)
        self._plot.addItem(self._bars)
        area.scene().sigMouseClicked.connect(self._on_click)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        describe(
            area,
            "Evidence of the frames",
            "How much of what spoke for the finding each frame holds; a click goes there",
        )
        self._recolour()

    def show_shares(self, shares: npt.NDArray[np.float64], at_hand: int) -> None:
        """Show the frames' shares, and which frame is at hand (-1 for none)."""
        self._shares = shares
        colours = [_AT_HAND if frame == at_hand else _BAR for frame in range(len(shares))]
        # As high as a hair where there is nothing, so that the frame at hand is seen there too.
        heights = np.maximum(shares, 0.02 * shares.max(initial=1e-6))
        brushes = [pyqtgraph.mkBrush(colour) for colour in colours]
        self._bars.setOpts(x=np.arange(len(shares)), height=heights, brushes=brushes)
        self._plot.setXRange(-0.6, len(shares) - 0.4, padding=0)
        self._plot.setYRange(0, heights.max(initial=1e-6), padding=0.02)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._recolour()

    def _on_click(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            place = self._plot.getViewBox().mapSceneToView(event.scenePos()).x()
            frame = round(place)
            if 0 <= frame < len(self._shares):
                self.chosen.emit(frame)

    def _recolour(self) -> None:
        self.ensurePolished()
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        axis = self._plot.getAxis("bottom")
        axis.setPen(colour)
        axis.setTextPen(colour)
