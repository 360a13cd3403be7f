"""A terminal verb in a process of its own, and the events that it writes."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
from qtpy.QtCore import QObject, QProcess, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PATIENCE = 10_000  # milliseconds that a process has to save its state
_LOWER = psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else 10


class Child(QObject):
    """One run of `python -m napari_localcl ... --events`.

    Parameters
    ----------
    arguments : sequence of str
        The verb and what follows it, without `--events`.
    is_urgent : bool
        Whether somebody waits for every answer; all others give way to the window.

    Attributes
    ----------
    said : Signal of dict
        What the process says.
    ended : Signal of (int, str)
        Its exit status, 0 if all went well, and the last thing it complained of.
    """

    said = Signal(dict)
    ended = Signal(int, str)

    def __init__(
        self,
        arguments: Sequence[str],
        parent: QObject | None = None,
        is_urgent: bool = False,
    ) -> None:
        super().__init__(parent)
        self._arguments = ["-m", "napari_localcl", *arguments, "--events"]
        self._complaint = ""
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._read_events)
        self._process.readyReadStandardError.connect(self._read_complaints)
        if not is_urgent:
            self._process.started.connect(self._step_back)
        self._process.finished.connect(self._on_finish)
        self._process.errorOccurred.connect(self._on_error)

    def start(self) -> None:
        """Start the process; returns at once."""
        self._process.start(sys.executable, self._arguments)

    def ask(self, question: Mapping[str, object]) -> None:
        """Write a line to a process that reads questions; returns at once."""
        self._process.write(json.dumps(question).encode() + b"\n")

    def end(self) -> None:
        """Ask the process to save its state and end, and insist on it some seconds later."""
        self._process.terminate()
        QTimer.singleShot(_PATIENCE, self._process.kill)

    def close(self) -> None:
        """End the process and wait for it."""
        self.blockSignals(True)
        if self._process.state() != QProcess.ProcessState.NotRunning:
            # For a process that reads questions, where a system has no terminate.
            self._process.closeWriteChannel()
            self._process.terminate()
            if not self._process.waitForFinished(_PATIENCE):
                self._process.kill()
                self._process.waitForFinished()

    def _step_back(self) -> None:
        # The window comes first. Where the system forbids it, nothing is lost.
        with suppress(psutil.Error, OSError):
            psutil.Process(self._process.processId()).nice(_LOWER)

    def _read_events(self) -> None:
        while self._process.canReadLine():
            self.said.emit(json.loads(bytes(self._process.readLine())))

    def _read_complaints(self) -> None:
        text = bytes(self._process.readAllStandardError()).decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if lines:
            self._complaint = lines[-1].removeprefix("napari-localcl: ")

    def _on_finish(self, status: int, how: QProcess.ExitStatus) -> None:
        self._read_events()
        crashed = how == QProcess.ExitStatus.CrashExit
        sentence = self._complaint or ("the process was ended from outside" if crashed else "")
        self.ended.emit(status or int(crashed), sentence)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.ended.emit(1, f"{sys.executable} could not be started")
