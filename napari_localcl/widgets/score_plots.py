"""ROC, precision-recall and calibration of a finding, drawn side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_localcl.widgets.controls import describe

if TYPE_CHECKING:
    from napari_localcl.tasks.series.curves import Curves

_LINE, _DOTS = "#56B4E9", "#E69F00"
_AXES = (
    ("ROC", "false alarms (1 - specificity)", "sensitivity"),
    ("Precision and recall", "recall (sensitivity)", "precision"),
    ("Calibration", "probability told", "share that has it"),
)
_ROOM = 0.03  # beyond 0 and 1
_SMALLEST, _LARGEST = 6, 18  # of the dots, pixels


class ScorePlots(QWidget):
    """Three plots; a dotted line each says what chance, or perfect calibration, would be."""

    def __init__(self) -> None:
        super().__init__()
        area = pyqtgraph.GraphicsLayoutWidget()
        area.setBackground(None)
        area.setMinimumSize(600, 220)
        self._plots = [self._add(area, column, *texts) for column, texts in enumerate(_AXES)]
        self._lines = [plot.plot(pen=pyqtgraph.mkPen(_LINE, width=2)) for plot in self._plots]
        self._chance = [plot.plot() for plot in self._plots]
        self._dots = pyqtgraph.ScatterPlotItem(pen=None, brush=pyqtgraph.mkBrush(_DOTS))
        self._plots[2].addItem(self._dots)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        describe(
            area,
            "Curves",
            "How the probabilities compare with what is known. Dotted: chance; of calibration, "
            "perfection. The larger a dot, the more series it stands for",
        )
        self._recolour()

    def draw(self, curves: Curves | None) -> None:
        """Show the curves of a finding; None shows empty plots."""
        for line in (*self._lines, *self._chance):
            line.setData([], [])
        self._dots.setData([], [])
        if curves is None:
            return
        self._lines[0].setData(curves.false_alarms, curves.sensitivity)
        # From the surest series on: before it, nothing is recalled.
        self._lines[1].setData(
            np.append(0.0, curves.recall), np.append(curves.precision[0], curves.precision)
        )
        self._lines[2].setData(curves.told, curves.observed)
        most = np.sqrt(curves.counts / curves.counts.max())
        sizes = np.maximum(_SMALLEST, _LARGEST * most)
        self._dots.setData(curves.told, curves.observed, size=sizes)
        self._chance[0].setData([0, 1], [0, 1])
        self._chance[1].setData([0, 1], [curves.prevalence] * 2)
        self._chance[2].setData([0, 1], [0, 1])

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._recolour()

    def _add(
        self, area: pyqtgraph.GraphicsLayoutWidget, column: int, title: str, x: str, y: str
    ) -> pyqtgraph.PlotItem:
        plot = area.addPlot(0, column, title=title)
        plot.setMouseEnabled(x=False, y=False)
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setLabel("bottom", x)
        plot.setLabel("left", y)
        plot.setRange(xRange=(-_ROOM, 1 + _ROOM), yRange=(-_ROOM, 1 + _ROOM), padding=0)
        for side in ("bottom", "left"):
            plot.getAxis(side).enableAutoSIPrefix(False)
        return plot

    def _recolour(self) -> None:
        self.ensurePolished()
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        for plot, (title, _, _), chance in zip(self._plots, _AXES, self._chance, strict=True):
            plot.setTitle(title, color=colour)
            chance.setPen(pyqtgraph.mkPen(colour, width=1, style=Qt.PenStyle.DotLine))
            for side in ("bottom", "left"):
                axis = plot.getAxis(side)
                axis.setPen(colour)
                axis.setTextPen(colour)
