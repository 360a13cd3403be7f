"""From logits of planes to one calibrated probability, learned on patients held back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_MOST = 0.99  # a plane that told every held exam apart is not infinitely better than the others
_SLOPE, _SHIFT = 1.0, 3.0  # how far the prior lets calibration go, standard deviations


class Verdict(BaseModel):
    """How the logits of planes become a probability of one finding.

    Attributes
    ----------
    weights : tuple of float
        Of the planes, in their order; they sum to 1.
    slope, shift : float
        The calibrated logit is slope * fused + shift; the slope is above 0, so that calibration
        never changes an order.
    """

    model_config = ConfigDict(frozen=True)

    weights: tuple[float, ...]
    slope: float = 1.0
    shift: float = 0.0

    def fuse(self, logits: Floats) -> Floats:
        """Logits (N, P) of planes, NaN where an exam lacks one -> weighted means (N,)."""
        there = np.isfinite(logits)
        weights = np.where(there, np.asarray(self.weights), 0.0)
        # An exam that has only planes of no weight has them all the same.
        weights = np.where((weights.sum(axis=1) == 0)[:, None], there.astype(float), weights)
        total = np.maximum(weights.sum(axis=1), 1e-12)
        fused = (weights * np.where(there, logits, 0.0)).sum(axis=1) / total
        return np.where(there.any(axis=1), fused, np.nan)

    def probability(self, logits: Floats) -> Floats:
        """Logits (N, P) of planes -> probabilities (N,); NaN where an exam has no plane."""
        return sigmoid(self.slope * self.fuse(logits) + self.shift)


def learn_verdict(logits: Floats, truth: Floats) -> Verdict:
    """Learn fusion and calibration of a finding.

    Parameters
    ----------
    logits : (N, P) float ndarray
        Of exams that the weights were not learned from; NaN where an exam lacks a plane.
    truth : (N,) float ndarray
        0, 1, or NaN where not known.

    Returns
    -------
    Verdict
        A plane's weight is log(a / (1 - a)) as published, with the area under the ROC curve for a,
        because accuracy says nothing of a rare finding; planes of a = 0.5 and less have none. With
        only one class held back, planes count alike and logits stay as they are.
    """
    known = np.isfinite(truth) & np.isfinite(logits).any(axis=1)
    logits, truth = logits[known], truth[known]
    planes = logits.shape[1]
    even = Verdict(weights=(1 / planes,) * planes)
    if not 0 < truth.sum() < len(truth):
        return even
    fusion = even if planes == 1 else Verdict(weights=_weights(logits, truth))
    slope, shift = calibrate(fusion.fuse(logits), truth)
    return fusion.model_copy(update={"slope": slope, "shift": shift})


def calibrate(logits: Floats, truth: Floats) -> tuple[float, float]:
    """Fit slope and shift by likelihood (Platt, 1999), with a prior for where exams are few.

    Parameters
    ----------
    logits, truth : (N,) float ndarray
        Of exams with both classes; truth is 0 or 1.

    Returns
    -------
    (slope, shift)
        The most probable, where log(slope) and shift have normal priors around 0.
    """
    from scipy.optimize import minimize

    def loss(parameters: Floats) -> float:
        log_slope, shift = parameters
        told = np.exp(log_slope) * logits + shift
        misfit = np.logaddexp(0, told) - truth * told
        prior = (log_slope / _SLOPE) ** 2 + (shift / _SHIFT) ** 2
        return float(misfit.sum() + prior / 2)

    found = minimize(loss, np.zeros(2), bounds=[(-4, 4), (-20, 20)])
    return float(np.exp(found.x[0])), float(found.x[1])


def _weights(logits: Floats, truth: Floats) -> tuple[float, ...]:
    quality = [_quality(column, truth) for column in logits.T]
    odds = np.array([np.log(a / (1 - a)) for a in quality])
    total = odds.sum()
    even = np.full(len(odds), 1 / len(odds))
    return tuple(float(w) for w in (odds / total if total > 0 else even))


def _quality(logits: Floats, truth: Floats) -> float:
    from sklearn.metrics import roc_auc_score

    there = np.isfinite(logits)
    own = truth[there]
    if not 0 < own.sum() < len(own):
        return 0.5
    return float(np.clip(roc_auc_score(own, logits[there]), 0.5, _MOST))


def sigmoid(logits: Floats) -> Floats:
    """Logits of any shape -> probabilities."""
    return np.asarray(0.5 * (1 + np.tanh(logits / 2)))


def logit(probabilities: Floats) -> Floats:
    """Probabilities of any shape -> logits; certainty ends at one in a million."""
    inside = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def entropy(probabilities: Floats) -> Floats:
    """Probabilities of any shape -> bits, from 0 (sure) to 1 (undecided)."""
    p = np.clip(probabilities, 1e-12, 1 - 1e-12)
    return np.asarray(-(p * np.log2(p) + (1 - p) * np.log2(1 - p)))


def mean_probability(clips: Sequence[Floats]) -> Floats:
    """Logits of the clips of a plane -> the logit of their mean probability."""
    return logit(np.mean([sigmoid(one) for one in clips], axis=0))
