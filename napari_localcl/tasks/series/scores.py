"""Figures of merit of one finding, for many weightings of the same exams at once.

A weighting is a row (B, N) that says how often each exam counts: ones for the figure itself, the
draws of a bootstrap for its interval. Where a weighting has only one class, a figure that needs
both is NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

BINS = 10


def roc_area(told: Floats, truth: Floats, weights: Floats) -> Floats:
    """Area under the ROC curve (B,); ties count half."""
    present, absent = weights * truth, weights * (1 - truth)
    ends = _ends(told)
    order = np.argsort(told, kind="stable")
    # Per distinct score, lowest first: how much of each class there is.
    up = _steps(present[:, order], ends)
    down = _steps(absent[:, order], ends)
    below = np.cumsum(down, axis=1) - down
    won = (up * (below + down / 2)).sum(axis=1)
    return _ratio(won, present.sum(axis=1) * absent.sum(axis=1))


def precision_area(told: Floats, truth: Floats, weights: Floats) -> Floats:
    """Average precision (B,): the area under the precision-recall curve as steps."""
    order = np.argsort(told, kind="stable")
    ends = _ends(told)
    up = _steps((weights * truth)[:, order], ends)[:, ::-1]
    all_ = _steps(weights[:, order], ends)[:, ::-1]
    precision = _ratio(np.cumsum(up, axis=1), np.cumsum(all_, axis=1))
    total = up.sum(axis=1)
    return _ratio((np.nan_to_num(precision) * up).sum(axis=1), total)


def calibration_error(told: Floats, truth: Floats, weights: Floats) -> Floats:
    """Expected calibration error (B,): mean distance of told and true rate in ten equal bins."""
    bins = np.minimum((told * BINS).astype(int), BINS - 1)
    inside = np.eye(BINS)[bins]
    gaps = np.abs((weights * (told - truth)) @ inside)
    return _ratio(gaps.sum(axis=1), weights.sum(axis=1))


def at_threshold(
    told: Floats, truth: Floats, weights: Floats, threshold: float
) -> dict[str, Floats]:
    """Balanced accuracy, sensitivity, specificity and F1 (B,) of calling it above a threshold."""
    called = (told > threshold).astype(float)
    hits = (weights * called * truth).sum(axis=1)
    alarms = (weights * called * (1 - truth)).sum(axis=1)
    present, absent = (weights * truth).sum(axis=1), (weights * (1 - truth)).sum(axis=1)
    sensitivity, specificity = _ratio(hits, present), _ratio(absent - alarms, absent)
    f1 = _ratio(2 * hits, hits + alarms + present)
    return {
        "balanced accuracy": (sensitivity + specificity) / 2,
        "sensitivity": sensitivity,
        "specificity": specificity,
        "F1": f1,
    }


def draws(patients: Sequence[str], count: int, seed: int) -> Floats:
    """How often each exam counts in `count` bootstrap draws of patients, (count, N)."""
    names, whose = np.unique(np.asarray(patients), return_inverse=True)
    chance = np.random.default_rng(seed)
    times = chance.multinomial(len(names), np.full(len(names), 1 / len(names)), size=count)
    return times[:, whose].astype(float)


def _ends(told: Floats) -> npt.NDArray[np.int64]:
    """Where runs of equal scores end, scores in rising order."""
    ordered = np.sort(told)
    return np.flatnonzero(np.append(np.diff(ordered) > 0, True))


def _steps(values: Floats, ends: npt.NDArray[np.int64]) -> Floats:
    """Sums of values (B, N) over runs that end at `ends`."""
    starts = np.concatenate([[0], ends[:-1] + 1])
    return np.asarray(np.add.reduceat(values, starts, axis=1))


def _ratio(above: Floats, below: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.nan)
