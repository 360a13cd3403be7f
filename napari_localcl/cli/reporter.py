"""What the user sees of a task at work: a bar on a terminal, or JSON lines for a program."""

from __future__ import annotations

import json
import os
import signal
import sys
from abc import ABC, abstractmethod
from contextlib import closing
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

    from rich.progress import TaskID

    from napari_localcl.data.progress import Progress

Result = TypeVar("Result")

LISTED = 10  # skipped files named before the rest is counted


class Reporter(ABC):
    """Shows progress while it is open, at its end what was skipped, and results."""

    def __init__(self) -> None:
        # As keys, because a task that reads the images twice says it twice.
        self._skipped: dict[str, None] = {}
        self._warnings: dict[str, None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Repeat warnings; name the first few images that could not be used, count the rest."""
        if self._warnings:
            lines = [f"warning: {warning}" for warning in self._warnings]
            self.result("\n".join(lines), warnings=list(self._warnings))
            self._warnings.clear()
        skipped = list(self._skipped)
        self._skipped.clear()
        if not skipped:
            return
        lines = [f"skipped {len(skipped)} images:", *(f"  {why}" for why in skipped[:LISTED])]
        lines += [f"  and {len(skipped) - LISTED} more"] if len(skipped) > LISTED else []
        self.result("\n".join(lines), skipped=skipped)

    def say(self, news: Progress) -> None:
        """Show a sign of life."""
        if news.event == "skipped":
            self._skipped[news.message] = None
        elif news.event == "warning":
            self._warnings[news.message] = None
        self._show(news)

    @abstractmethod
    def result(self, text: str, **facts: object) -> None:
        """Show a result: as text for a person, as facts for a program."""

    @abstractmethod
    def _show(self, news: Progress) -> None: ...


def reporter(events: bool) -> Reporter:
    """Return the reporter for ``--events``, or for a person."""
    return EventReporter() if events else BarReporter()


def drain(work: Generator[Progress, None, Result], show: Reporter) -> Result:
    """Run a task to its end, showing its progress, and return its result."""
    with show, closing(work):
        while True:
            try:
                show.say(next(work))
            except StopIteration as end:
                result: Result = end.value
                return result


class EventReporter(Reporter):
    """One JSON object per line on standard output, and nothing else there.

    When nobody reads them any more (a window was closed or killed), the work is interrupted as by
    Ctrl-C: what can be resumed is saved.
    """

    def _show(self, news: Progress) -> None:
        self._write(news.as_event())

    def result(self, text: str, **facts: object) -> None:
        """Write a 'result' event; the text is left out."""
        self._write({"event": "result", **facts})

    def _write(self, facts: dict[str, object]) -> None:
        try:
            print(json.dumps(facts), flush=True)
        except OSError:  # Windows has no BrokenPipeError here
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            signal.raise_signal(signal.SIGINT)


class BarReporter(Reporter):
    """A bar with stage, losses, speed and time left on standard error; results on standard output.

    Where standard error is no terminal, only what a log should hold is written there.
    """

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        super().__init__()
        self._console = Console(stderr=True, highlight=False)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[facts]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return super().__enter__()

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
        super().__exit__(*exception)

    def _show(self, news: Progress) -> None:
        if news.event in ("start", "stage", "note", "warning", "done") and news.message:
            self._console.print(news.message, markup=False, soft_wrap=True)
        if self._task is None:
            self._task = self._bar.add_task("", facts="")
        self._bar.update(
            self._task,
            description=news.stage or news.message or news.event,
            completed=news.step,
            total=news.steps,
            facts=_facts(news),
        )

    def result(self, text: str, **facts: object) -> None:
        """Print the text."""
        print(text, flush=True)


def _facts(news: Progress) -> str:
    count = f"{news.step}/{news.steps}" if news.steps else f"{news.step}"
    losses = " ".join(f"{name} {value:.3g}" for name, value in news.losses.items())
    speed = f"{news.images_per_second:.3g} images/s" if news.images_per_second else ""
    left = f"{_clock(news.seconds_left)} left" if news.seconds_left is not None else ""
    return "  ".join(part for part in (count, losses, speed, left) if part)


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
