"""The three ways to end a training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_localcl.widgets.asking import is_sure
from napari_localcl.widgets.controls import make_button

if TYPE_CHECKING:
    from napari_localcl.widgets.training import Training


class TrainingButtons(QWidget):
    """Stop early, pause and cancel; shown while a training runs.

    Parameters
    ----------
    training : Training
        Which.
    verb : str
        Only while it does this; empty is anything.
    """

    def __init__(self, training: Training, verb: str = "") -> None:
        super().__init__()
        self._training, self._verb = training, verb
        self._stop = make_button(
            "Stop early", "End now and keep what was learned", training.stop_early
        )
        self._pause = make_button("Pause", "End now, to go on later with Resume", training.pause)
        self._cancel = make_button(
            "Cancel", "End now and throw away what was learned", self._on_cancel
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self._stop, self._pause, self._cancel):
            row.addWidget(button)
        training.changed.connect(self._enable)
        training.ended.connect(self._enable)
        self._enable()

    def _enable(self, *_ended: object) -> None:
        training = self._training
        can_end = training.is_running and not training.is_stopping
        self._cancel.setEnabled(can_end)
        self._pause.setEnabled(can_end and training.can_stop_early)
        self._stop.setEnabled(can_end and training.can_stop_early)
        self.setVisible(training.is_running and self._verb in ("", training.verb))

    def _on_cancel(self) -> None:
        # Nobody throws yesterday's work away unasked.
        if not self._training.is_resumed or self._is_sure():
            self._training.cancel()

    def _is_sure(self) -> bool:
        question = (
            "This throws away all that the run has learned, before it was resumed too. Pause keeps "
            "it.\n\nThrow it away?"
        )
        return is_sure(self, "Cancel", question)
