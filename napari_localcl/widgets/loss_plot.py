"""Curves of losses: those of one run, or the totals of several, in the window's own colours."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_localcl.widgets.controls import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_localcl.tasks.loss_history import Curve, LossHistory

    Line = tuple[NDArray[np.float64], NDArray[np.float64]]

# Okabe and Ito's colours, which colour-blind people can tell apart and which show on dark and on
# light; the line's kind tells them apart without any colour.
_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#D55E00", "#CC79A7", "#0072B2")
_KINDS = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


class LossPlot(QWidget):
    """A plot with its legend beside it, where it hides no curve.

    The scale is logarithmic as long as nearly all losses are above 0.
    """

    def __init__(self) -> None:
        super().__init__()
        area = pyqtgraph.GraphicsLayoutWidget()
        area.ci.layout.setContentsMargins(0, 4, 0, 0)
        area.ci.layout.setHorizontalSpacing(4)
        area.setBackground(None)
        area.setMinimumSize(160, 80)
        self._plot = area.addPlot(0, 0)
        self._side = area.addViewBox(0, 1, enableMouse=False, enableMenu=False)
        self._legend = pyqtgraph.LegendItem(offset=(1, 1), horSpacing=6, verSpacing=-6)
        self._legend.setParentItem(self._side)
        self._curves: dict[str, pyqtgraph.PlotDataItem] = {}
        self._stages: list[tuple[str, int]] = []
        self._lines: list[pyqtgraph.InfiniteLine] = []
        self._prepare()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        describe(area, "Losses", "What the training minimises, over its steps")
        self._recolour()

    @property
    def names(self) -> tuple[str, ...]:
        """What the curves are called."""
        return tuple(self._curves)

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages whose beginnings are marked."""
        return tuple(name for name, _ in self._stages)

    def draw(self, history: LossHistory) -> None:
        """Show the losses of a run, and where its stages begin."""
        self._draw({term: _join(_of_term(history, term)) for term in history.terms})
        self._mark([(stage.name, stage.before) for stage in history.stages])

    def compare(self, histories: Mapping[str, LossHistory]) -> None:
        """Show the total losses of several runs, by what the runs are called."""
        self._draw(
            {name: _join(stage.total for stage in one.stages) for name, one in histories.items()}
        )
        self._mark([])

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._recolour()

    def _prepare(self) -> None:
        plot = self._plot
        plot.setMouseEnabled(x=False, y=False)
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setLabel("bottom", "step")
        plot.getAxis("left").enableAutoSIPrefix(False)
        plot.getAxis("bottom").enableAutoSIPrefix(False)

    def _draw(self, lines: Mapping[str, Line]) -> None:
        if list(lines)[: len(self._curves)] != list(self._curves):
            self._clear()
        is_log = _suits_logarithm([y for _, y in lines.values()])
        self._plot.setLogMode(y=is_log)
        for name, (x, y) in lines.items():
            if is_log:
                y = np.where(y > 0, y, nan)
            if name not in self._curves:
                self._begin(name)
            self._curves[name].setData(x, y, connect="finite")

    def _begin(self, name: str) -> None:
        number = len(self._curves)
        colour, kind = _COLOURS[number % len(_COLOURS)], _KINDS[number % len(_KINDS)]
        curve = self._plot.plot(pen=pyqtgraph.mkPen(colour, width=1.5, style=kind))
        self._curves[name] = curve
        self._legend.addItem(curve, name)
        self._make_room()

    def _clear(self) -> None:
        self._plot.clear()
        self._legend.clear()
        self._curves, self._stages, self._lines = {}, [], []
        self._make_room()

    def _make_room(self) -> None:
        self._legend.updateSize()
        self._side.setFixedWidth(self._legend.width() if self._curves else 0)

    def _mark(self, stages: Sequence[tuple[str, int]]) -> None:
        if stages == self._stages:
            return
        for line in self._lines:
            self._plot.removeItem(line)
        self._stages = list(stages)
        self._lines = [self._stage_line(*stage, n % 3) for n, stage in enumerate(stages)]
        self._recolour()

    def _stage_line(self, name: str, before: int, row: int) -> pyqtgraph.InfiniteLine:
        # In three rows, so that the names of short stages do not lie on each other.
        options = {
            "position": 0.98 - 0.15 * row,
            "angle": 0,
            "anchors": [(0, 0), (0, 0)],
            "movable": False,
        }
        line = pyqtgraph.InfiniteLine(before, angle=90, label=name, labelOpts=options)
        self._plot.addItem(line, ignoreBounds=True)
        return line

    def _recolour(self) -> None:
        self.ensurePolished()
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        for side in ("bottom", "left"):
            axis = self._plot.getAxis(side)
            axis.setPen(colour)
            axis.setTextPen(colour)
        self._legend.setLabelTextColor(colour)
        for line in self._lines:
            line.setPen(pyqtgraph.mkPen(colour, width=1, style=Qt.PenStyle.DotLine))
            line.label.setColor(colour)


def _suits_logarithm(losses: Sequence[NDArray[np.float64]]) -> bool:
    known = np.concatenate([*losses, np.ones(1)])
    known = known[np.isfinite(known)]
    return bool((known > 0).mean() > 0.9)


def _of_term(history: LossHistory, term: str) -> Iterable[Curve]:
    return (stage.terms[term] for stage in history.stages if term in stage.terms)


def _join(curves: Iterable[Curve]) -> Line:
    """Return the curves of stages one after the other, with a gap between."""
    steps, values = [], []
    for curve in curves:
        steps += [*curve.steps, curve.steps[-1]]
        values += [*curve.values, nan]
    return np.array(steps, float), np.array(values, float)
