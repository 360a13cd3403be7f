"""What the losses of a training mean, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_localcl.tasks.loss_history import StageLosses

    Numbers = NDArray[np.float64]

_BLOCKS = 12
_LEAST_POINTS = 4 * _BLOCKS
# In units of the noise. The change over a line through 12 noisy blocks varies by about one of them.
_CLEAR = 3.5
_OUTLIER = 8.0
# Less than this part of the loss is no change that anybody would wait for.
_WORTH = 0.005
# The loss by which one network learns to find the other's masks out.
_JUDGE = "discriminator"


class Trend(StrEnum):
    """Where the loss is going."""

    UNKNOWN = "Too early to tell"
    IMPROVING = "Still improving"
    FLAT = "Flat"
    DIVERGING = "Diverging"
    CONTEST = "A contest of two networks"


@dataclass(frozen=True)
class Verdict:
    """What somebody who watches a training wants to know.

    Attributes
    ----------
    trend : Trend
        Where the loss is going.
    reason : str
        What that was seen from, and what to do.
    """

    trend: Trend
    reason: str

    def __str__(self) -> str:
        return f"{self.trend}: {self.reason}."


def judge_stage(stage: StageLosses) -> Verdict:
    """Say what the losses of a stage mean; where two networks contest, neither can win for long."""
    verdict = judge(stage.total.steps, stage.total.values)
    if _JUDGE in stage.terms and verdict.trend in (Trend.IMPROVING, Trend.FLAT):
        return Verdict(Trend.CONTEST, "losses need not fall while masks get better")
    return verdict


def judge(steps: Sequence[float], losses: Sequence[float]) -> Verdict:
    """Say whether a loss still falls.

    The latter half of the steps is cut into blocks; the slope of a robust line through the blocks'
    medians is compared with how far they lie off that line.

    Parameters
    ----------
    steps, losses : sequence of float, length N
        The total loss over the steps of one stage, in ascending order; NaN where it was no finite
        number.
    """
    if len(steps) < _LEAST_POINTS:
        return Verdict(Trend.UNKNOWN, "there are too few steps")
    place, loss = np.asarray(steps, float), np.asarray(losses, float)
    recent = place >= (place[0] + place[-1]) / 2
    if recent.sum() < _LEAST_POINTS:
        recent = np.arange(len(place)) >= len(place) - _LEAST_POINTS
    place, loss = place[recent], loss[recent]
    finite = np.isfinite(loss)
    if finite.mean() < 0.8:
        return Verdict(Trend.DIVERGING, f"the loss is often no number any more; {_ADVICE}")
    return _judge_blocks(*_medians(place[finite], loss[finite]), int(place[-1] - place[0]))


_ADVICE = "if it goes on, cancel and begin again with a smaller learning rate (Advanced)"


def _judge_blocks(place: Numbers, loss: Numbers, span: int) -> Verdict:
    slope, noise = _line(place, loss)
    change = slope * (place[-1] - place[0])
    clear = max(_CLEAR * noise, _WORTH * abs(float(np.median(loss))))
    seen = f"over the last {span} steps the loss"
    # A false alarm is worse than a late one.
    if change > 1.5 * clear or _jumps(loss):
        return Verdict(Trend.DIVERGING, f"{seen} rose{_share(loss, change)}; {_ADVICE}")
    if change < -clear:
        return Verdict(Trend.IMPROVING, f"{seen} fell{_share(loss, change)}; more time would help")
    return Verdict(Trend.FLAT, f"{seen} hardly changed")


def _medians(place: Numbers, loss: Numbers) -> tuple[Numbers, Numbers]:
    """Return the middle and the median of each block."""
    parts = zip(np.array_split(place, _BLOCKS), np.array_split(loss, _BLOCKS), strict=True)
    pairs = np.array([(steps.mean(), np.median(values)) for steps, values in parts])
    return pairs[:, 0], pairs[:, 1]


def _line(place: Numbers, loss: Numbers) -> tuple[float, float]:
    """Return slope (Theil and Sen's) and noise (standard deviation off the line, robust)."""
    first, second = np.triu_indices(len(place), 1)
    slope = float(np.median((loss[second] - loss[first]) / (place[second] - place[first])))
    off = loss - slope * place
    return slope, _spread(off)


def _jumps(loss: Numbers) -> bool:
    """Whether the last block lies far above all others: too late for a line to show it."""
    before = loss[:-1]
    return bool(loss[-1] - before.max() > _OUTLIER * _spread(before) + 0.1 * abs(before.max()))


def _spread(values: Numbers) -> float:
    return float(1.4826 * np.median(np.abs(values - np.median(values))))


def _share(loss: Numbers, change: float) -> str:
    """Return the change as a part of the loss; nothing where that has no meaning."""
    part = abs(change) / loss[0] if loss[0] > 0 else 0.0
    return f" by {100 * part:.2g} %" if 0.001 <= part <= 1 else ""
