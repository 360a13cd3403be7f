"""The training monitor: how the losses fall, how long it takes, and the ways to end it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from napari_localcl.widgets.controls import describe, in_row, make_button, make_label

if TYPE_CHECKING:
    from napari_localcl.widgets.training import Outcome, Training

# Okabe and Ito's colours, which colour-blind people can tell apart.
_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2")
_MOST_POINTS = 4000


class Monitor(QWidget):
    """Follows a training.

    Parameters
    ----------
    training : Training
        Which.
    """

    def __init__(self, training: Training) -> None:
        super().__init__()
        self._training = training
        self._said = make_label("No training is running.")
        self._bar = QProgressBar()
        describe(self._bar, "Progress", "How much of the time has gone")
        self._plot = _make_plot()
        self._stop = make_button(
            "Stop early", "End now and keep what was learned", training.stop_early
        )
        self._cancel = make_button(
            "Cancel", "End now and throw away what was learned", training.cancel
        )
        self._copy = make_button(
            "Copy as command", "Copy the command that does the same in a terminal", self._copy_it
        )
        outer = QVBoxLayout(self)
        outer.addWidget(self._plot, 1)
        outer.addWidget(self._said)
        outer.addWidget(self._bar)
        outer.addLayout(in_row(self._stop, self._cancel, self._copy))
        training.started.connect(self._clear)
        training.stepped.connect(self._add)
        training.changed.connect(self._show)
        training.ended.connect(self._on_ended)
        self._clear()
        self._show()

    def _clear(self) -> None:
        self._plot.clear()
        self._curves: dict[str, pyqtgraph.PlotDataItem] = {}
        self._losses: dict[str, tuple[list[int], list[float]]] = {}
        self._stage, self._before, self._step = "", 0, 0

    def _add(self, stage: str, step: int, losses: dict[str, float | None]) -> None:
        if stage != self._stage:
            self._stage, self._before = stage, self._step
        self._step = self._before + step
        for name, value in losses.items():
            # Only what is above 0 has a place on a logarithmic scale.
            if value is not None and value > 0:
                self._extend(name, value)

    def _extend(self, name: str, value: float) -> None:
        steps, values = self._losses.setdefault(name, ([], []))
        steps.append(self._step)
        values.append(value)
        if len(steps) > _MOST_POINTS:
            # The first half can be coarser: it changes no more.
            del steps[: _MOST_POINTS // 2 : 2], values[: _MOST_POINTS // 2 : 2]
        if name not in self._curves:
            colour = _COLOURS[len(self._curves) % len(_COLOURS)]
            pen = pyqtgraph.mkPen(colour, width=2)
            self._curves[name] = self._plot.plot(name=name, pen=pen)
        self._curves[name].setData(steps, values)

    def _show(self) -> None:
        training = self._training
        running, fraction = training.is_running, training.fraction
        self._said.setText(training.message.capitalize() or "No training is running.")
        self._bar.setVisible(running)
        self._bar.setRange(0, 0 if fraction is None else 1000)
        self._bar.setValue(int(1000 * (fraction or 0)))
        self._stop.setEnabled(running and training.can_stop_early and not training.is_stopping)
        self._cancel.setEnabled(running and not training.is_stopping)
        self._copy.setEnabled(bool(training.command))

    def _on_ended(self, outcome: Outcome, sentence: str) -> None:
        self._show()
        self._said.setText(sentence)

    def _copy_it(self) -> None:
        QGuiApplication.clipboard().setText(self._training.command)


def _make_plot() -> pyqtgraph.PlotWidget:
    plot = pyqtgraph.PlotWidget(background=None)
    plot.setMinimumHeight(120)
    plot.addLegend(offset=(-8, 8))
    plot.setLogMode(y=True)
    plot.setLabel("bottom", "step")
    plot.setLabel("left", "loss")
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.setMenuEnabled(False)
    describe(plot, "Losses", "What the training minimises, term by term, on a logarithmic scale")
    return plot
