"""Runs side by side: their losses, and the settings in which they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_localcl.data.errors import BadInput
from napari_localcl.tasks.loss_history import read_history
from napari_localcl.tasks.run_comparison import differences
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.controls import describe, make_label
from napari_localcl.widgets.settings_dialog import in_words

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from napari_localcl.tasks.loss_history import LossHistory
    from napari_localcl.training.run import RunFolder

    Differences = dict[str, tuple[str, ...]]
    Found = tuple[dict[str, LossHistory], Differences]


class RunComparison(QWidget):
    """Compares some runs; the losses are read in the background."""

    def __init__(self) -> None:
        super().__init__()
        # Here, because it brings a plotting library that opening the dock should not wait for.
        from napari_localcl.widgets.loss_plot import LossPlot

        self.plot = LossPlot()
        self.settings = QTableWidget()
        self.settings.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.settings.setTabKeyNavigation(False)
        describe(self.settings, "Differences", "What was set otherwise in some of these runs")
        self._said = make_label()
        self._work = Background(self)
        self._work.result.connect(self._show)
        self._work.failed.connect(self._said.setText)
        side = QVBoxLayout()
        side.addWidget(self._said)
        side.addWidget(self.settings, 1)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.plot, 3)
        outer.addLayout(side, 2)

    @property
    def is_busy(self) -> bool:
        """Whether runs are being read."""
        return self._work.is_busy

    def show_runs(self, runs: Mapping[str, RunFolder]) -> None:
        """Show these runs, by what they are called."""
        self._work.start(_read(runs))

    def _show(self, found: Found) -> None:
        histories, rows = found
        if len(histories) == 1:
            self.plot.draw(*histories.values())
        else:
            self.plot.compare(histories)
        self._said.setText(_sentence(len(histories), len(rows)))
        self.settings.setVisible(bool(rows))
        self._fill(list(histories), rows)

    def _fill(self, names: list[str], rows: Differences) -> None:
        table = self.settings
        table.setRowCount(len(rows))
        table.setColumnCount(len(names))
        table.setHorizontalHeaderLabels(names)
        table.setVerticalHeaderLabels([in_words(name) for name in rows])
        for number, values in enumerate(rows.values()):
            for column, value in enumerate(values):
                table.setItem(number, column, QTableWidgetItem(value))
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)


def _read(runs: Mapping[str, RunFolder]) -> Generator[None, None, Found]:
    histories = {}
    for name, run in runs.items():
        yield
        histories[name] = read_history(run.metrics)
    try:
        return histories, differences([run.record for run in runs.values()])
    except BadInput:  # removed meanwhile
        return histories, {}


def _sentence(runs: int, rows: int) -> str:
    if runs < 2:
        return "" if runs else "No run is selected."
    return "In this they differ:" if rows else "They were begun with the same settings."
