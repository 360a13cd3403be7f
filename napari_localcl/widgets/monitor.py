"""The training monitor: how the losses fall, what that means, and the ways to end it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, QTimer
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QSizePolicy,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_localcl.widgets.controls import TimeBar, describe, make_button, make_label
from napari_localcl.widgets.loss_plot import LossPlot
from napari_localcl.widgets.training import LOG_LINES
from napari_localcl.widgets.training_buttons import TrainingButtons
from napari_localcl.widgets.words import begun

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_localcl.widgets.training import Training
    from napari_localcl.widgets.training_words import Outcome

_DRAW_EVERY = 300  # milliseconds at least between two drawings
_HEIGHT, _FACTS_WIDTH = 190, 240
_IDLE = "No training is running."


class Monitor(QWidget):
    """Follows a training; it can be opened and closed at any time.

    Parameters
    ----------
    training : Training
        Which.
    """

    def __init__(self, training: Training) -> None:
        super().__init__()
        self._training = training
        self._logged = 0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_DRAW_EVERY)
        self._soon.timeout.connect(self._draw)
        self._make_views()
        self._make_buttons()
        self._arrange()
        training.changed.connect(self._on_news)
        training.ended.connect(self._on_ended)
        self._draw()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Leave the height to the picture."""
        return QSize(super().sizeHint().width(), _HEIGHT)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Catch up with what came while it was hidden."""
        super().showEvent(event)
        self._draw()

    # The controls

    def _make_views(self) -> None:
        self._plot = LossPlot()
        self._log = QPlainTextEdit()
        self._log.setReadOnly(True)
        self._log.setMaximumBlockCount(LOG_LINES)
        describe(self._log, "Log", "What the training said and complained of")
        self._said, self._setting, self._verdict = make_label(), make_label(), make_label()
        self._warning = make_label()
        describe(self._warning, "Warning", "What goes wrong with the training")
        describe(self._verdict, "Verdict", "What the total loss of the stage at hand means")
        self._bar = TimeBar()

    def _make_buttons(self) -> None:
        self._buttons = TrainingButtons(self._training)
        self._copy = make_button(
            "Copy as command", "Copy the command that does the same in a terminal", self._copy_it
        )

    def _arrange(self) -> None:
        views = QTabWidget()
        views.addTab(self._plot, "Losses")
        views.addTab(self._log, "Log")
        views.setCornerWidget(self._copy)
        describe(views, "Losses and log", "The losses over the steps, or what the training said")
        facts = QWidget()
        facts.setFixedWidth(_FACTS_WIDTH)
        column = QVBoxLayout(facts)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self._said, self._warning, self._setting, self._verdict):
            column.addWidget(widget)
        column.addStretch()
        column.addWidget(self._bar)
        column.addWidget(self._buttons)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(4, 2, 4, 4)
        outer.addWidget(views, 1)
        outer.addWidget(facts)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    # What happens

    def _on_news(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _on_ended(self, outcome: Outcome, sentence: str) -> None:
        self._draw()
        self._said.setText(sentence)

    def _draw(self) -> None:
        if not self.isVisible() and self._logged:
            return  # it catches up when it is shown
        training = self._training
        running = training.is_running
        self._plot.draw(training.history)
        self._extend_log()
        self._said.setText(_sentence(training.message) if running else self._said.text() or _IDLE)
        self._setting.setText(_sentence(training.setting) if running else "")
        self._verdict.setText(str(training.verdict) if training.history.stages else "")
        self._warning.setText(f"⚠ {_sentence(training.warning)}")
        self._warning.setVisible(bool(training.warning))
        self._bar.setVisible(running)
        self._bar.show_part(training.fraction)
        self._copy.setEnabled(bool(training.command))

    def _extend_log(self) -> None:
        training = self._training
        fresh = min(training.logged - self._logged, len(training.log))
        if fresh:
            lines = islice(training.log, len(training.log) - fresh, None)
            self._log.appendPlainText("\n".join(lines))
        self._logged = training.logged

    def _copy_it(self) -> None:
        QGuiApplication.clipboard().setText(self._training.command)


def _sentence(text: str) -> str:
    return f"{begun(text)}." if text else ""
