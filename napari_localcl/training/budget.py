"""How long to train, and what is left of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_localcl.training.run import Position

SAVING_SECONDS = 1.0  # kept back from a time budget for writing the final weights


@dataclass(frozen=True)
class Budget:
    """What a whole verb may spend: a number of steps, or minutes.

    Parameters
    ----------
    steps : int or None
        Training steps over all stages, at least 1.
    minutes : float or None
        Wall-clock minutes from the start of the verb, reading and mining included; above 0.

    Raises
    ------
    BadInput
        If both or neither are given, or the one given is out of range.
    """

    steps: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise BadInput("the budget is either --steps or --minutes: give exactly one of them")
        if self.steps is not None and self.steps < 1:
            raise BadInput(f"a budget of {self.steps} steps trains nothing: --steps is at least 1")
        if self.minutes is not None and not 0 < self.minutes < float("inf"):
            raise BadInput(f"a budget of {self.minutes:g} minutes is not a time above 0")

    @classmethod
    def given(cls, steps: int | None, minutes: float | None) -> Budget | None:
        """The budget that flags say, if they say any."""
        return None if steps is None and minutes is None else cls(steps, minutes)

    def stage_steps(self, shares: Sequence[float]) -> list[int | None]:
        """Divide the steps among stages so that they add up; all None under a time budget."""
        if self.steps is None:
            return [None] * len(shares)
        ends = [round(self.steps * end) for end in _running_sums(shares)]
        return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def _running_sums(shares: Sequence[float]) -> list[float]:
    total = sum(shares)
    return [sum(shares[: index + 1]) / total for index in range(len(shares))]


class Clock:
    """The wall-clock seconds a run has spent, interruptions left out.

    Parameters
    ----------
    started : float or None
        ``time.monotonic()`` at the start of the verb; None is now.
    spent : float
        Seconds spent by earlier, interrupted starts of the same run.
    """

    def __init__(self, started: float | None = None, spent: float = 0.0) -> None:
        self._zero = (time.monotonic() if started is None else started) - spent

    def seconds(self) -> float:
        """Return the seconds spent so far."""
        return time.monotonic() - self._zero


class Timetable:
    """When stages begin and end.

    Under a budget of minutes, what was left of them when the training began (after reading the
    images) is divided among the stages by their shares; making a stage ready counts into its share,
    but its fraction runs from 0 at its first step to 1, so that schedules always run in full.

    Parameters
    ----------
    budget : Budget
        The budget of the run.
    shares : sequence of float
        The stages' shares of it.
    clock : Clock
        The seconds spent.
    """

    def __init__(self, budget: Budget, shares: Sequence[float], clock: Clock) -> None:
        self.steps = budget.stage_steps(shares)
        self.total = budget.steps
        self._budget = budget
        self._ends = _running_sums(shares)
        self._clock = clock
        self._seconds_per_step = 0.0

    def fraction(self, here: Position) -> float:
        """Return which part of the current stage is done; 1 or more when it is over."""
        steps = self.steps[here.stage]
        if steps is not None:
            return here.step / steps
        end = self._stage_end(here)
        length = end - here.stage_since
        return (self._clock.seconds() - here.stage_since) / length if length > 0 else 1.0

    def has_time(self, here: Position) -> bool:
        """Whether the stage at hand gets any of the budget."""
        if self.steps[here.stage] is None:
            return self._clock.seconds() < self._stage_end(here)
        return self.steps[here.stage] != 0

    def half_over(self, here: Position, since: float) -> bool:
        """Whether half the time that the stage had at `since` is over; never when steps count."""
        if self.steps[here.stage] is not None:
            return False
        return self._clock.seconds() > (since + self._stage_end(here)) / 2

    def note_step(self, here: Position, seconds: float) -> None:
        """Follow the seconds that steps take, smoothly within a stage."""
        before = self._seconds_per_step if here.step > 1 and self._seconds_per_step else seconds
        self._seconds_per_step = 0.9 * before + 0.1 * seconds

    def steps_per_second(self) -> float:
        """Return the present speed, 0 before the first step."""
        return 1 / self._seconds_per_step if self._seconds_per_step else 0.0

    def seconds_left(self, here: Position) -> float | None:
        """Estimate the seconds until the end of the run, None where nobody can tell yet."""
        if self._budget.minutes is not None:
            return max(self._budget.minutes * 60 - self._clock.seconds(), 0.0)
        left = (self._budget.steps or 0) - here.total
        return left * self._seconds_per_step if self._seconds_per_step else None

    def _stage_end(self, here: Position) -> float:
        end = (self._budget.minutes or 0.0) * 60 - SAVING_SECONDS
        return here.training_since + max(end - here.training_since, 0.0) * self._ends[here.stage]
