"""A terminal verb in a process of its own, and the events that it writes."""

from __future__ import annotations

import json
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

import psutil
from qtpy.QtCore import QObject, QProcess, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PATIENCE = 10_000  # milliseconds that a process has to save its state
_LOWER = psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else 10
# However fast news comes, the window gets two thirds of the main thread's time.
_TURN, _PAUSE = 0.01, 20  # seconds of news at a time, milliseconds between


class Child(QObject):
    """One run of `python -m napari_localcl ... --events`.

    It lowers its own priority, and ends by itself when this process is gone: see
    :class:`napari_localcl.cli.reporter.EventReporter`.

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
    complained : Signal of str
        A line of what it writes for people to read.
    ended : Signal of (int, str)
        Its exit status, 0 if all went well, and why it ended if not.
    was_killed : bool
        Whether it did not end by itself.
    """

    program: ClassVar[Sequence[str]] = ("-m", "napari_localcl")
    said = Signal(dict)
    complained = Signal(str)
    ended = Signal(int, str)

    def __init__(
        self,
        arguments: Sequence[str],
        parent: QObject | None = None,
        is_urgent: bool = False,
    ) -> None:
        super().__init__(parent)
        self._arguments = [*self.program, *arguments, "--events"]
        self._complaint, self._partial = "", b""
        self.was_killed = False
        self._end: tuple[int, str] | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_PAUSE)
        self._rest.timeout.connect(self._read_events)
        self._process = QProcess(self)
        self._insist = QTimer(self)
        self._insist.setSingleShot(True)
        self._insist.timeout.connect(self._process.kill)
        self._process.readyReadStandardOutput.connect(self._on_output)
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
        self._insist.start(_PATIENCE)

    def close(self) -> None:
        """End the process and wait for it."""
        self.blockSignals(True)
        self._rest.stop()
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

    # What it says

    def _on_output(self) -> None:
        if not self._rest.isActive():
            self._read_events()

    def _read_events(self) -> None:
        end = time.monotonic() + _TURN
        while self._process.canReadLine():
            self._read_event(bytes(self._process.readLine()))
            if time.monotonic() > end:
                self._rest.start()
                return
        if self._end is not None:
            end, self._end = self._end, None
            self.ended.emit(*end)

    def _read_event(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except ValueError:  # some library talks, where only events should be
            event = None
        if isinstance(event, dict):
            self.said.emit(event)
        else:
            self._hear(line)

    def _read_complaints(self) -> None:
        *lines, self._partial = (self._partial + bytes(self._process.readAllStandardError())).split(
            b"\n"
        )
        for line in lines:
            self._hear(line)

    def _hear(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        if text:
            self._complaint = text.strip().removeprefix("napari-localcl: ")
            self.complained.emit(text)

    # Its end

    def _on_finish(self, status: int, how: QProcess.ExitStatus) -> None:
        self._read_complaints()
        self._hear(self._partial)
        self.was_killed = how == QProcess.ExitStatus.CrashExit
        why = _in_words(status) if self.was_killed else self._complaint
        self._end = (status or int(self.was_killed), why)
        self._on_output()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.ended.emit(1, f"{sys.executable} could not be started")


def _in_words(number: int) -> str:
    """Return why a process ended that did not end by itself."""
    if number == getattr(signal, "SIGKILL", None):
        return "its process was killed, by somebody or because memory ran out"
    if number == signal.SIGTERM:
        return "its process was ended from outside"
    return f"its process crashed (signal {number})"
