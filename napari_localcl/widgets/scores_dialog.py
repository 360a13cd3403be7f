"""How well a run tells findings: figures with their intervals, and curves."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from napari_localcl.tasks.series.curves import draw_curves
from napari_localcl.tasks.series.evaluation import FIGURES, evaluate_series
from napari_localcl.tasks.series.files import LABELS, PREDICTIONS
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.controls import describe, in_row, make_button, make_label
from napari_localcl.widgets.score_plots import ScorePlots

if TYPE_CHECKING:
    from collections.abc import Generator

    from qtpy.QtWidgets import QWidget

    from napari_localcl.tasks.series.evaluation import Figure, FindingScore, SeriesEvaluation
    from napari_localcl.widgets.series_book import SeriesBook, Told

_TIPS = {
    "AUC": "How often a series with the finding gets the higher probability of two; chance is 0.5",
    "AUPRC": "Precision, averaged over recall; chance is how frequent the finding is",
    "balanced accuracy": "The mean of sensitivity and specificity; chance is 0.5",
    "sensitivity": "How many of those that have it are called; above the prevalence is a call",
    "specificity": "How many of those that do not have it are not called",
    "F1": "Sensitivity and precision in one; in brackets what calling all of them would give",
    "calibration error": "How far the probabilities are from how often it is so; 0 is best",
}


class ScoresDialog(QDialog):
    """Compares what a run says of the series that it learned from with what is known of them.

    Parameters
    ----------
    book : SeriesBook
        Whose run.
    parent : QWidget
        Where it belongs.
    """

    def __init__(self, book: SeriesBook, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Scores")
        self.resize(940, 600)
        self._book, self._finding = book, ""
        self._told: Told | None = None
        self._heading, self._table, self.plots = make_label(), QTableWidget(), ScorePlots()
        self._work = Background(self)
        self._work.result.connect(self._show_figures)
        self._work.failed.connect(self._heading.setText)
        self._arrange()

    def show_finding(self, finding: str) -> None:
        """Show the curves of a finding, and the figures of all."""
        told = self._book.told
        if told is None:
            return
        self._finding = finding if finding in told.truth.names else told.truth.names[0]
        if told is not self._told:
            self._told = told
            self._table.setRowCount(0)
            self._heading.setText("Computing the intervals…")
            self._work.start(_evaluate(told))
        self.plots.draw(draw_curves(*_columns(told, self._finding)))

    @property
    def is_at_work(self) -> bool:
        """Whether the figures are being computed."""
        return self._work.is_busy

    def close_work(self) -> None:
        """Give up what is at hand."""
        self._work.stop()

    def _arrange(self) -> None:
        table = self._table
        table.setColumnCount(len(FIGURES) + 2)
        table.setHorizontalHeaderLabels(["finding", "with it", *FIGURES])
        for column, name in enumerate(FIGURES, 2):
            table.horizontalHeaderItem(column).setToolTip(_TIPS[name])
        table.verticalHeader().hide()
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        describe(
            table,
            "Scores",
            "Each figure with its 95 % interval, and in brackets what chance gives; a row shows "
            "its curves above",
        )
        table.currentCellChanged.connect(lambda row, *_: self._on_row(row))
        copy = make_button(
            "Copy as command", "Copy the command that gives the same in a terminal", self._copy
        )
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        row = in_row(copy)
        row.addStretch()
        row.addWidget(close)
        outer = QVBoxLayout(self)
        outer.addWidget(self._heading)
        outer.addWidget(self.plots, 3)
        outer.addWidget(table, 2)
        outer.addLayout(row)

    def _show_figures(self, found: SeriesEvaluation) -> None:
        rows = (*found.findings, *found.means)
        self._table.setRowCount(len(rows))
        for place, one in enumerate(rows):
            for column, text in enumerate(_texts(one)):
                item = QTableWidgetItem(text)
                if column > 1:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                    item.setToolTip(_TIPS[FIGURES[column - 2]])
                self._table.setItem(place, column, item)
        self._table.resizeRowsToContents()
        names = [one.name for one in found.findings]
        if self._finding in names:
            self._table.selectRow(names.index(self._finding))
        self._say()

    def _say(self) -> None:
        assert self._told is not None
        values = _columns(self._told, self._finding)
        count = int(np.isfinite(np.stack(values)).all(axis=0).sum())
        self._heading.setText(
            f"{self._told.run.name}, {self._finding}: {count} series of which it is known. Each "
            "was judged by a part of the run that never saw it, nor another one of its patient."
        )

    def _on_row(self, row: int) -> None:
        assert self._told is not None
        names = self._told.truth.names
        if 0 <= row < len(names):
            self._finding = names[row]
            self.plots.draw(draw_curves(*_columns(self._told, self._finding)))
            self._say()

    def _copy(self) -> None:
        if self._told is not None:
            run = self._told.run
            told, truth = str(run / PREDICTIONS), str(run / LABELS)
            command = ["napari-localcl", "evaluate", "series", told, truth]
            QGuiApplication.clipboard().setText(shlex.join(command))


def _columns(told: Told, finding: str) -> tuple[np.ndarray, np.ndarray]:
    """What is said and what is known of a finding, of the series that both name."""
    said = dict(zip(told.said.series, told.said.values, strict=True))
    nothing = np.full(len(told.said.names), np.nan)
    rows = np.array([said.get(name, nothing) for name in told.truth.series])
    column = told.truth.names.index(finding)
    return rows[:, told.said.names.index(finding)], told.truth.values[:, column]


def _evaluate(told: Told) -> Generator[None, None, SeriesEvaluation]:
    yield
    return evaluate_series(told.said, told.truth)


def _texts(one: FindingScore) -> tuple[str, ...]:
    cells = (_cell(one.figures[name]) for name in FIGURES)
    return one.name, f"{one.present} of {one.series}", *cells


def _cell(figure: Figure) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return "-"
    chance = "" if figure.chance is None else f" ({figure.chance:.2f})"
    return f"{figure.value:.2f}{chance}\n{figure.low:.2f} to {figure.high:.2f}"
