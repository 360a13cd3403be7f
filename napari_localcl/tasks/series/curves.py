"""How probabilities of a finding compare with the truth, as curves to be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .scores import BINS

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curves:
    """Points of three curves, from 0 to 1.

    Attributes
    ----------
    false_alarms, sensitivity : (N,) ndarray
        The ROC curve, from (0, 0) to (1, 1).
    recall, precision : (N,) ndarray
        The precision-recall curve, from the surest series on.
    told, observed : (B,) ndarray
        Mean probability of the series in each of ten bins, and how many of them have the finding;
        bins without any are left out.
    counts : (B,) ndarray
        How many series each bin has.
    prevalence : float
        How many of all have it.
    """

    false_alarms: Floats
    sensitivity: Floats
    recall: Floats
    precision: Floats
    told: Floats
    observed: Floats
    counts: Floats
    prevalence: float


def draw_curves(told: Floats, truth: Floats) -> Curves | None:
    """Return the curves of a finding.

    Parameters
    ----------
    told, truth : (N,) float ndarray
        Probabilities; 0 or 1. Series of which either is NaN are left out.

    Returns
    -------
    Curves or None
        None unless series with it and without it are known.
    """
    known = np.isfinite(told) & np.isfinite(truth)
    told, truth = told[known], truth[known]
    present = truth.sum()
    if not 0 < present < len(truth):
        return None
    order = np.argsort(-told, kind="stable")
    # Series of the same probability are called together.
    ends = np.flatnonzero(np.append(np.diff(told[order]) < 0, True))
    hits = np.cumsum(truth[order])[ends]
    called = ends + 1.0
    bins = np.minimum((told * BINS).astype(int), BINS - 1)
    counts, sums, rates = (
        np.asarray(np.bincount(bins, weights, BINS), np.float64)
        for weights in (np.ones(len(told)), told, truth)
    )
    there = counts > 0
    return Curves(
        false_alarms=np.append(0.0, (called - hits) / (len(truth) - present)),
        sensitivity=np.append(0.0, hits / present),
        recall=hits / present,
        precision=hits / called,
        told=sums[there] / counts[there],
        observed=rates[there] / counts[there],
        counts=counts[there],
        prevalence=float(present / len(truth)),
    )
