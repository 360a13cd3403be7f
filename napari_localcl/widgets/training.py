"""A training in a process of its own, from its start to its end."""

from __future__ import annotations

import shlex
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_localcl.data.errors import BadInput
from napari_localcl.tasks.loss_history import LossHistory, read_history
from napari_localcl.tasks.verdict import Trend, Verdict, judge, judge_stage
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.child import Child
from napari_localcl.widgets.proposing import as_called, read_proposed, take_over
from napari_localcl.widgets.training_words import (
    COUNTED,
    Outcome,
    ended_early,
    failed,
    in_words,
    learned,
    part_gone,
    proposed,
)
from napari_localcl.widgets.wish import CLASSIFY, Continuation

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from napari_localcl.tasks.project_runs import ProjectRuns
    from napari_localcl.widgets.proposing import Proposed
    from napari_localcl.widgets.session import Session
    from napari_localcl.widgets.wish_series import AnyWish

LOG_LINES = 1000
_TELL_EVERY = 100  # milliseconds at least between two `changed`


class Training(QObject):
    """Trains one run after the other; a run that fails leaves the earlier ones as they are.

    Attributes
    ----------
    started, changed : Signal
        A run has begun; there is news of it, told some times a second however fast it comes.
    skipped : Signal of str
        A file that cannot be used, and why.
    ended : Signal of (Outcome, str)
        How a run ended, and in a sentence why.
    verb, structure : str
        What the terminal calls what is being done; the structure that is segmented, if any.
    fraction : float or None
        How much of the time has gone; None while nobody can tell.
    message, setting, warning : str
        What is being done; on which device; what goes wrong with it, if anything.
    can_stop_early : bool
        Whether anything was learned that could be kept.
    command : str
        What does the same in a terminal.
    history : LossHistory
        The losses.
    log : deque of str
        What was said, each with its time; `logged` counts all that ever was.
    """

    started = Signal()
    changed = Signal()
    skipped = Signal(str)
    ended = Signal(object, str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._child: Child | None = None
        self._earlier, self._reading = Background(self), Background(self)
        self._earlier.result.connect(self._on_history)
        self._reading.result.connect(self._on_proposals)
        self._reading.failed.connect(lambda why: self._finish(*failed(self.verb, why)))
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_TELL_EVERY)
        self._soon.timeout.connect(self.changed)
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self.logged = 0
        self.command = self.verb = self.structure = ""
        self._forget()

    def _forget(self) -> None:
        self.fraction: float | None = None
        self.message = self.setting = self.warning = ""
        self.can_stop_early = self.is_stopping = self.is_resumed = False
        self._told, self._wanted = (False, False), Outcome.LEARNED
        self.history = LossHistory()
        self._waiting: list[tuple[str, int, Mapping[str, float | None]]] = []
        self._began = time.monotonic()

    @property
    def is_running(self) -> bool:
        """Whether a run is being trained."""
        return self._child is not None

    @property
    def verdict(self) -> Verdict:
        """What the losses of the stage at hand mean."""
        stages = self.history.stages
        return judge_stage(stages[-1]) if stages else judge([], [])

    # Beginning and ending

    def start(self, wish: AnyWish, run: Path | None = None) -> None:
        """Begin a new run, in a folder that is its own unless one was begun for it."""
        runs = self._writable_runs()
        if runs is not None:
            self._launch(runs, run or runs.begin(wish.name), wish)

    def resume(self, folder: str, device: str) -> None:
        """Go on with a run that broke off."""
        runs = self._writable_runs()
        if runs is None:
            return
        run = runs.open(folder)
        row = next(row for row in runs.rows() if row.folder == folder)
        structure = ", ".join(map(self._session.masks.name_of, row.structures))
        masks = self._session.project.masks
        self._launch(runs, run.path, Continuation(row, device, masks, structure))
        self.is_resumed = True
        self._earlier.start(_read(read_history, run.metrics))

    def _writable_runs(self) -> ProjectRuns | None:
        """Return the runs of the project if one can be trained now."""
        project = self._session.project
        if project is None or self.is_running:
            return None
        try:
            project.check_writable()
        except BadInput as error:
            self._session.problem.emit(str(error))
            return None
        return self._session.runs

    def _launch(self, runs: ProjectRuns, run: Path, wish: AnyWish | Continuation) -> None:
        assert self._session.project is not None
        self._forget()
        self._runs, self._run = runs, run
        self.verb, self.structure, self._folders = wish.verb, wish.structure, wish.folders
        self._masks = self._session.project.masks
        arguments = wish.arguments([str(path) for path in self._session.project.input], run)
        self.command = shlex.join(["napari-localcl", *arguments])
        self._note(self.command)
        self.message = "starting"
        self._child = Child(arguments, self)
        self._child.said.connect(self._on_event)
        self._child.complained.connect(self._note)
        self._child.ended.connect(self._on_ended)
        self._child.start()
        self.started.emit()
        self.changed.emit()

    def stop_early(self) -> None:
        """End the training after the step at hand and keep what was learned."""
        (self._run / "stop").touch()
        self._say_stopping("stopping early, keeping what was learned")

    def pause(self) -> None:
        """End the training after the step at hand, to be resumed."""
        self._end(Outcome.PAUSED, "pausing")

    def cancel(self) -> None:
        """End the training and throw it away."""
        self._end(Outcome.CANCELLED, "cancelling")

    def close(self) -> None:
        """End the process; the run can be resumed."""
        self._earlier.stop()
        self._reading.stop()
        if self._child is not None:
            self._child.close()
            self._child = None

    def _end(self, wanted: Outcome, message: str) -> None:
        if self._child is not None:
            self._wanted = wanted
            self._child.end()
            self._say_stopping(message)

    def _say_stopping(self, message: str) -> None:
        self.is_stopping, self.message = True, message
        self.changed.emit()

    # What the process says

    def _on_event(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "step":
            self.can_stop_early = True
            self._take(event.get("stage", ""), event["step"], event.get("losses", {}))
        elif kind in COUNTED:
            # What was learned is kept; only the masks or probabilities are still to be made.
            self.can_stop_early, self.fraction = False, event["step"] / event["steps"]
        elif kind == "start":
            self.setting = event.get("message", "")
        elif kind == "skipped":
            self.skipped.emit(event["message"])
        elif kind == "warning":
            self.warning = event["message"]
        if kind in ("step", "cache"):
            self.fraction = part_gone(event, time.monotonic() - self._began)
        elif event.get("message") and (kind == "warning" or not event.get("step")):
            self._note(event["message"])
        if not self.is_stopping and kind != "result":
            self.message = in_words(event)
        self._tell()

    def _tell(self) -> None:
        """Tell at once what changes the buttons, and the rest some times a second."""
        standing = (self.can_stop_early, self.is_stopping)
        if standing != self._told:
            self._told = standing
            self.changed.emit()
        elif not self._soon.isActive():
            self._soon.start()

    def _take(self, stage: str, step: int, losses: Mapping[str, float | None]) -> None:
        if self._earlier.is_busy:
            self._waiting.append((stage, step, losses))
        else:
            self.history.add(stage, step, losses)

    def _on_history(self, history: LossHistory) -> None:
        self.history = history
        for news in self._waiting:
            history.add(*news)
        self.changed.emit()

    def _note(self, line: str) -> None:
        self.log.append(f"{time.strftime('%H:%M:%S')}  {line}")
        self.logged += 1

    # The end

    def _on_ended(self, status: int, complaint: str) -> None:
        self._soon.stop()
        if self._wanted is Outcome.CANCELLED:
            self._throw_away()
            self._finish(Outcome.CANCELLED, "Cancelled. Nothing was changed.")
        elif status:
            left, is_paused = self._runs.interrupted(self.verb), self._wanted is Outcome.PAUSED
            self._finish(*ended_early(self.verb, self._run.name, left, is_paused, complaint))
        elif self._folders:
            self._say_stopping("taking the masks over")
            self._reading.start(read_proposed(self._masks, self._folders, self._run))
        elif self.verb == CLASSIFY:
            self._end_well(self._run.name)
        else:
            self._put_to_use(self._run.name)

    def _finish(self, outcome: Outcome, sentence: str) -> None:
        assert self._child is not None
        self._child.deleteLater()
        self._child = None
        self._note(sentence)
        self.ended.emit(outcome, sentence)

    def _on_proposals(self, found: Proposed) -> None:
        session = self._session
        if session.runs is not self._runs:
            self._finish(Outcome.LEARNED, f"{found.run} has proposed masks.")
            return
        take_over(session, found, self.structure if len(found.masks) == 1 else "")
        counts = {session.masks.name_of(one): len(own.files) for one, own in found.masks.items()}
        sentence = proposed(found.run, counts, as_called(session, found.held_out))
        self._finish(Outcome.LEARNED, sentence)

    def _put_to_use(self, name: str) -> None:
        try:
            if self._session.runs is self._runs:
                self._session.use(name)
        except BadInput as error:
            self._finish(*failed(self.verb, str(error)))
            return
        self._end_well(name)

    def _end_well(self, name: str) -> None:
        self._finish(*learned(name, self.warning, self.verdict.trend is Trend.IMPROVING))

    def _throw_away(self) -> None:
        try:
            for folder in self._folders:
                self._masks.discard(folder, self._run.name)
            if (self._run / "run.json").exists():
                self._runs.delete(self._run.name)
        except BadInput as error:
            self._session.problem.emit(str(error))


def _read(read: Callable[..., Any], *what: object) -> Generator[None, None, Any]:
    yield
    return read(*what)
