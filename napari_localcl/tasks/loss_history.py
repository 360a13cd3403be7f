"""How the losses of a run went, thinned so that they can be drawn at any length."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MOST_POINTS = 1000


@dataclass
class Curve:
    """A number over the steps of a run: evenly thinned, always with its latest point.

    Attributes
    ----------
    steps : list of int
        Steps since the run began; never many more than `MOST_POINTS`.
    values : list of float
        NaN where it was no finite number.
    """

    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    _every: int = field(default=1, repr=False, compare=False)
    _count: int = field(default=0, repr=False, compare=False)

    def add(self, step: int, value: float | None) -> None:
        """Add a point."""
        if self.steps and (self._count - 1) % self._every:
            # The point before was only there as the latest.
            del self.steps[-1], self.values[-1]
        self.steps.append(step)
        self.values.append(nan if value is None else value)
        if self._count % self._every == 0 and len(self.steps) > MOST_POINTS:
            del self.steps[1::2], self.values[1::2]
            self._every *= 2
        self._count += 1


@dataclass
class StageLosses:
    """The losses of one stage.

    Attributes
    ----------
    name : str
        What the method calls the stage.
    before : int
        Steps of the run before its first.
    terms : dict of str to Curve
        The named losses.
    total : Curve
        Their sum.
    """

    name: str
    before: int
    terms: dict[str, Curve] = field(default_factory=dict)
    total: Curve = field(default_factory=Curve)

    def add(self, step: int, losses: Mapping[str, float | None]) -> None:
        """Add the losses of a step, counted from the beginning of the run."""
        for term, value in losses.items():
            self.terms.setdefault(term, Curve()).add(step, value)
        values = [nan if value is None else value for value in losses.values()]
        self.total.add(step, sum(values))


class LossHistory:
    """The losses of a run, stage by stage.

    Attributes
    ----------
    stages : list of StageLosses
        Those that have begun.
    last : int
        The last step, counted from the beginning of the run; 0 before any.
    """

    def __init__(self) -> None:
        self.stages: list[StageLosses] = []
        self.last = 0

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of all losses, in the order of their coming."""
        return tuple(dict.fromkeys(term for stage in self.stages for term in stage.terms))

    def add(self, stage: str, step: int, losses: Mapping[str, float | None]) -> None:
        """Add the losses of a step, counted from the beginning of its stage."""
        if not self.stages or self.stages[-1].name != stage:
            self.stages.append(StageLosses(stage, self.last))
        here = self.stages[-1]
        self.last = here.before + step
        here.add(self.last, losses)


def read_history(metrics: Path) -> LossHistory:
    """Return the history of a run from its table of losses; empty where there is none.

    What is damaged, or was cut short by a kill, is left out.
    """
    history = LossHistory()
    try:
        with metrics.open(encoding="utf-8", errors="replace", newline="") as file:
            for stage, step, losses in _steps(csv.reader(file)):
                before = history.last
                if history.stages and history.stages[-1].name == stage:
                    before = history.stages[-1].before
                history.add(stage, step - before, losses)
    except OSError:
        pass
    return history


def _steps(rows: Iterator[list[str]]) -> Iterator[tuple[str, int, dict[str, float | None]]]:
    """Yield stage, step since the run began and losses; the terms of a step lie together."""
    next(rows, None)
    place: tuple[str, int] | None = None
    losses: dict[str, float | None] = {}
    for row in rows:
        try:
            step, stage, _seconds, term, value = row
            here, number = (stage, int(step)), float(value)
        except ValueError:
            continue
        if place is not None and here != place:
            yield *place, losses
            losses = {}
        place = here
        losses[term] = number
    if place is not None:
        yield *place, losses
