"""A pre-training in a process of its own, from its start to its end."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_localcl.data.errors import BadInput
from napari_localcl.widgets.child import Child

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_localcl.widgets.session import Session


class Outcome(Enum):
    """How a training ended."""

    LEARNED = auto()
    CANCELLED = auto()
    FAILED = auto()


@dataclass(frozen=True)
class Wish:
    """What to train.

    Attributes
    ----------
    method, preset, device : str
        As the terminal takes them.
    amount, unit : float, {'minutes', 'steps'}
        The budget.
    settings : mapping
        What differs from the preset, by dotted name.
    """

    method: str
    preset: str
    device: str
    amount: float
    unit: str = "minutes"
    settings: Mapping[str, object] = field(default_factory=dict)

    def arguments(self, images: list[str], run: Path) -> list[str]:
        """Return the verb and all that follows it."""
        flags = ["--method", self.method, "--preset", self.preset, "--device", self.device]
        flags += [f"--{self.unit}", f"{self.amount:g}", "--run", str(run)]
        flags += [part for pair in self.settings.items() for part in ("--set", _assignment(*pair))]
        return ["pretrain", *images, *flags]


class Training(QObject):
    """Trains one run after the other; a run that fails leaves the earlier ones as they are.

    Attributes
    ----------
    started, changed : Signal
        A run has begun; there is news of it.
    skipped : Signal of str
        A file that cannot be used, and why.
    stepped : Signal of (str, int, dict)
        Stage, step and losses.
    ended : Signal of (Outcome, str)
        How a run ended, and in a sentence why.
    fraction : float or None
        How much of the time has gone; None while nobody can tell.
    message : str
        What is being done.
    can_stop_early : bool
        Whether anything was learned that could be kept.
    """

    started = Signal()
    changed = Signal()
    skipped = Signal(str)
    stepped = Signal(str, int, dict)
    ended = Signal(object, str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._child: Child | None = None
        self._run: Path | None = None
        self._forget()
        self.command = ""

    def _forget(self) -> None:
        self.fraction: float | None = None
        self.message = ""
        self.can_stop_early = self.is_stopping = self._is_cancelled = False
        self._began = time.monotonic()

    @property
    def is_running(self) -> bool:
        """Whether a run is being trained."""
        return self._child is not None

    def start(self, wish: Wish) -> None:
        """Begin a new run."""
        project, runs = self._session.project, self._session.runs
        if project is None or runs is None or self.is_running:
            return
        self._forget()
        self._runs, self._run = runs, runs.begin(wish.method)
        arguments = wish.arguments([str(path) for path in project.input], self._run)
        self.command = shlex.join(["napari-localcl", *arguments])
        self.message = "starting"
        self._child = Child(arguments, self)
        self._child.said.connect(self._on_event)
        self._child.ended.connect(self._on_ended)
        self._child.start()
        self.started.emit()
        self.changed.emit()

    def stop_early(self) -> None:
        """End the training after the step at hand and keep what was learned."""
        assert self._run is not None
        (self._run / "stop").touch()
        self._say_stopping("stopping early, keeping what was learned")

    def cancel(self) -> None:
        """End the training and throw it away."""
        if self._child is not None:
            self._is_cancelled = True
            self._child.end()
            self._say_stopping("cancelling")

    def close(self) -> None:
        """End the process; the run can be resumed in the terminal."""
        if self._child is not None:
            self._child.close()
            self._child = None

    def _say_stopping(self, message: str) -> None:
        self.is_stopping, self.message = True, message
        self.changed.emit()

    def _on_event(self, event: dict[str, Any]) -> None:
        if event["event"] == "step":
            self.can_stop_early = True
            self.stepped.emit(event.get("stage", ""), event["step"], event["losses"])
        if event["event"] == "skipped":
            self.skipped.emit(event["message"])
        if event["event"] in ("step", "cache"):
            self.fraction = self._fraction(event)
        if not self.is_stopping and event["event"] != "result":
            self.message = _in_words(event)
        self.changed.emit()

    def _fraction(self, event: dict[str, Any]) -> float | None:
        left, gone = event.get("seconds_left"), time.monotonic() - self._began
        if left is not None:
            return gone / max(gone + left, 1e-6)
        return None

    def _on_ended(self, status: int, complaint: str) -> None:
        self._child, run = None, self._run
        assert run is not None
        if self._is_cancelled:
            self._throw_away(run)
            self.ended.emit(Outcome.CANCELLED, "Cancelled. Nothing was changed.")
        elif status:
            self.ended.emit(Outcome.FAILED, f"Learning failed: {complaint or 'no reason given'}.")
        else:
            if self._session.runs is self._runs:  # no other project was opened meanwhile
                self._session.use(run.name)
            self.ended.emit(Outcome.LEARNED, f"{run.name} has learned.")

    def _throw_away(self, run: Path) -> None:
        try:
            if (run / "run.json").exists():
                self._runs.delete(run.name)
        except BadInput as error:
            self._session.problem.emit(str(error))


def _assignment(name: str, value: object) -> str:
    return f"{name}={str(value).lower() if isinstance(value, bool) else value}"


def _in_words(event: Mapping[str, Any]) -> str:
    stage, steps = event.get("stage", ""), event.get("steps")
    count = f"{event.get('step', 0)} of {steps}" if steps else f"step {event.get('step', 0)}"
    speed = event.get("images_per_second")
    parts = [event.get("message") or stage or event["event"]]
    parts += [count] if event.get("step") else []
    parts += [f"{speed:.3g} images per second"] if speed else []
    parts += [_left(event["seconds_left"])] if "seconds_left" in event else []
    return ", ".join(parts)


def _left(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.0f} min left" if minutes >= 2 else f"{seconds:.0f} s left"
