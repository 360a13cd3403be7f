"""The light head: logistic regression of pooled features, by scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from .heads import LinearHead, pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_localcl.data.findings import Findings

    from .features import SeriesFeatures
    from .settings import ClassifySettings

    Floats = npt.NDArray[np.float64]

_STRENGTHS = (1e-2, 1e-1, 1.0, 10.0, 100.0)  # inverse penalties, for vectors of length about 1
_PARTS = 5  # of the training patients, to choose among them


def fit_light(
    given: ClassifySettings,
    features: SeriesFeatures,
    plane: str,
    findings: Findings,
    exams: Sequence[int],
) -> LinearHead:
    """Fit one linear function per finding.

    Parameters
    ----------
    given : ClassifySettings
        How.
    features : SeriesFeatures
        Of all exams.
    plane : str
        Of which plane.
    findings : Findings
        What is known.
    exams : sequence of int
        What to learn from.
    """
    own = features.having(plane, exams)
    pooled = np.stack([pool(features, plane, exam, given.light) for exam in own])
    weights, biases = [], []
    for index in range(len(findings.names)):
        truth = findings.values[own, index]
        known = np.isfinite(truth)
        patients = np.array([findings.patients[exam] for exam in own])[known]
        weight, bias = fit_one(pooled[known], truth[known], patients, given.loss == "weighted")
        weights.append(weight)
        biases.append(bias)
    head = LinearHead(given.light, features.channels(plane), len(findings.names))
    head.weight.copy_(torch.from_numpy(np.stack(weights)))
    head.bias.copy_(torch.tensor(biases))
    return head


def fit_one(
    pooled: npt.NDArray[np.float32], truth: Floats, patients: npt.NDArray[np.str_], weighted: bool
) -> tuple[Floats, float]:
    """Fit logistic regression, its penalty chosen by cross-validation over patients.

    Returns
    -------
    (D,) ndarray, float
        Weights of the features as they are, and the bias. With one class there is only a bias.
    """
    mean = pooled.mean(axis=0)
    # One scale for all features: with one for each, those that hardly vary would drown the others.
    scale = max(float(np.linalg.norm(pooled - mean, axis=1).mean()), 1e-6)
    if len(np.unique(truth)) < 2:
        rate = (truth.sum() + 0.5) / (len(truth) + 1)
        return np.zeros(pooled.shape[1]), float(np.log(rate / (1 - rate)))
    standard = (pooled - mean) / scale
    # There are more features than exams: in the space of the exams the penalty means the same, and
    # fitting takes milliseconds.
    _, _, axes = np.linalg.svd(standard, full_matrices=False)
    model = _model(_strength(standard @ axes.T, truth, patients, weighted), weighted)
    model.fit(standard @ axes.T, truth)
    weight = (model.coef_[0] @ axes) / scale
    return weight, float(model.intercept_[0] - weight @ mean)


def _strength(
    reduced: Floats, truth: Floats, patients: npt.NDArray[np.str_], weighted: bool
) -> float:
    from sklearn.metrics import log_loss
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    rarest = min(len(set(patients[truth == side])) for side in (0, 1))
    if rarest < 2:
        return _STRENGTHS[len(_STRENGTHS) // 2]
    parts = StratifiedGroupKFold(min(_PARTS, rarest))
    losses = []
    for strength in _STRENGTHS:
        told = cross_val_predict(
            _model(strength, weighted),
            reduced,
            truth,
            groups=patients,
            cv=parts,
            method="predict_proba",
        )
        losses.append(log_loss(truth, told[:, 1]))
    return _STRENGTHS[int(np.argmin(losses))]


def _model(strength: float, weighted: bool):  # type: ignore[no-untyped-def]
    from sklearn.linear_model import LogisticRegression

    balance = "balanced" if weighted else None
    return LogisticRegression(C=strength, class_weight=balance, max_iter=2000)
