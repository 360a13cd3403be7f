"""How good probabilities of findings are, each figure with its interval and what chance reaches."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_localcl.data.errors import BadInput
from napari_localcl.data.series import matched

from . import scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_localcl.data.findings import Findings

    Floats = npt.NDArray[np.float64]

FIGURES = (
    "AUC",
    "AUPRC",
    "balanced accuracy",
    "sensitivity",
    "specificity",
    "F1",
    "calibration error",
)
RARE = 0.2  # prevalence, of either class, below which a finding counts as rare
DRAWS = 1000
INTERVAL = (2.5, 97.5)
Threshold = float | Literal["prevalence"]


@dataclass(frozen=True)
class Figure:
    """A figure of merit.

    Attributes
    ----------
    value : float or None
        None where it needs a class that there is none of.
    low, high : float or None
        Its 95 % interval, by bootstrap over patients.
    chance : float or None
        What a prediction that knows the prevalence alone reaches; None where that says nothing.
    """

    value: float | None
    low: float | None
    high: float | None
    chance: float | None = None


@dataclass(frozen=True)
class FindingScore:
    """How well one finding is told, or the mean of several.

    Attributes
    ----------
    name : str
        The finding, or what is averaged.
    series, present : int
        How many are known, and how many of them have it.
    figures : dict of str to Figure
        By the names of :data:`FIGURES`.
    """

    name: str
    series: int
    present: int
    figures: dict[str, Figure]


@dataclass(frozen=True)
class SeriesEvaluation:
    """The result.

    Attributes
    ----------
    findings, means : tuple of FindingScore
        Per finding; over all, and over the rare ones where there are any and others too.
    missing, untold : tuple of str
        Series without a prediction; predictions without a truth.
    threshold : float or 'prevalence'
        Above which probability a finding is called.
    """

    findings: tuple[FindingScore, ...]
    means: tuple[FindingScore, ...]
    missing: tuple[str, ...]
    untold: tuple[str, ...]
    threshold: Threshold

    def as_dict(self) -> dict[str, object]:
        """All figures, for JSON."""
        return asdict(self)


def evaluate_series(
    told: Findings, truth: Findings, threshold: Threshold = "prevalence", seed: int = 0
) -> SeriesEvaluation:
    """Compare probabilities with the truth.

    Parameters
    ----------
    told, truth : Findings
        Matched by the names of series and findings.
    threshold : float or 'prevalence'
        Above which probability a finding is called: of calibrated probabilities, the prevalence
        balances both kinds of error, while at 0.5 a rare finding is hardly ever called.
    seed : int
        Of the bootstrap.

    Raises
    ------
    BadInput
        If they share no finding or no series.
    """
    names = [name for name in truth.names if name in told.names]
    if not names:
        raise BadInput(
            f"predictions of {', '.join(told.names)} say nothing of {', '.join(truth.names)}; "
            "give tables with the same columns"
        )
    rows = list(matched(told.series, truth.series))
    if all(row is None for row in rows):
        raise BadInput(
            f"no series is in both tables: one begins with {told.series[0]!r}, the other with "
            f"{truth.series[0]!r}"
        )
    weights = scores.draws(truth.patients, DRAWS, seed)
    weights = np.vstack([np.ones(len(truth)), weights])
    sheets, findings = [], []
    for name in names:
        values = np.array(
            [np.nan if row is None else told.values[row, told.names.index(name)] for row in rows]
        )
        known = truth.values[:, truth.names.index(name)]
        sheet = _sheet(values, known, weights, threshold)
        there = np.isfinite(values) & np.isfinite(known)
        sheets.append(sheet)
        findings.append(_score(name, sheet, known[there]))
    used = {row for row in rows if row is not None}
    missing = tuple(n for n, row in zip(truth.series, rows, strict=True) if row is None)
    untold = tuple(name for row, name in enumerate(told.series) if row not in used)
    means = tuple(_means(findings, sheets))
    return SeriesEvaluation(tuple(findings), means, missing, untold, threshold)


def _sheet(told: Floats, truth: Floats, weights: Floats, threshold: Threshold) -> Floats:
    """All figures of a finding for all weightings, (figures, B)."""
    there = np.isfinite(told) & np.isfinite(truth)
    if not there.any():
        return np.full((len(FIGURES), len(weights)), np.nan)
    told, truth, weights = told[there], truth[there], weights[:, there]
    above = float(truth.mean()) if threshold == "prevalence" else float(threshold)
    called = scores.at_threshold(told, truth, weights, above)
    areas = [
        scores.roc_area(told, truth, weights),
        scores.precision_area(told, truth, weights),
    ]
    return np.stack([*areas, *called.values(), scores.calibration_error(told, truth, weights)])


def _score(name: str, sheet: Floats, truth: Floats) -> FindingScore:
    present = int(truth.sum())
    rate = present / len(truth) if len(truth) else 0.0
    chance = (0.5, rate, 0.5, None, None, 2 * rate / (1 + rate), None)
    figures = {
        label: _figure(row, by_chance)
        for label, row, by_chance in zip(FIGURES, sheet, chance, strict=True)
    }
    return FindingScore(name, len(truth), present, figures)


def _figure(values: Floats, chance: float | None) -> Figure:
    """The first value with the interval of the others."""
    first, others = float(values[0]), values[1:][np.isfinite(values[1:])]
    if not np.isfinite(first) or not len(others):
        return Figure(None, None, None, chance)
    low, high = np.percentile(others, INTERVAL)
    return Figure(first, float(low), float(high), chance)


def _means(findings: Sequence[FindingScore], sheets: Sequence[Floats]) -> list[FindingScore]:
    if len(findings) < 2:
        return []
    rates = [one.present / one.series if one.series else 0.0 for one in findings]
    rare = [i for i, rate in enumerate(rates) if min(rate, 1 - rate) < RARE]
    groups = {f"mean of {len(findings)}": list(range(len(findings)))}
    if 0 < len(rare) < len(findings):
        groups[f"mean of {len(rare)} rare"] = rare
    return [
        _mean(name, [findings[i] for i in own], [sheets[i] for i in own])
        for name, own in groups.items()
    ]


def _mean(name: str, findings: Sequence[FindingScore], sheets: Sequence[Floats]) -> FindingScore:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a figure that no finding has
        sheet = np.nanmean(np.stack(sheets), axis=0)
    figures = {}
    for label, row in zip(FIGURES, sheet, strict=True):
        by_chance = [one.figures[label].chance for one in findings]
        known = [value for value in by_chance if value is not None]
        figures[label] = _figure(row, float(np.mean(known)) if known else None)
    series, present = (
        sum(getattr(one, part) for one in findings) for part in ("series", "present")
    )
    return FindingScore(name, series, present, figures)
