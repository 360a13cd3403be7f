"""Parts of a cross-validation: patients stay together, and rare findings are spread out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_localcl.data.findings import Findings

LEAST = 2  # patients with and without a finding that a cross-validation needs


@dataclass(frozen=True)
class Fold:
    """One part of the cross-validation: indices of exams.

    Attributes
    ----------
    train, held, test : tuple of int
        What weights are learned from; what calibration and fusion are; what is predicted.
    """

    train: tuple[int, ...]
    held: tuple[int, ...]
    test: tuple[int, ...]


def labelled(findings: Findings) -> list[int]:
    """Return the exams of which anything is known."""
    return [int(i) for i in np.flatnonzero(np.isfinite(findings.values).any(axis=1))]


def learnable(findings: Findings) -> tuple[list[int], list[str]]:
    """Return which findings can be learned, and sentences about those that cannot."""
    chosen, sentences = [], []
    for index, name in enumerate(findings.names):
        values = findings.values[:, index]
        whose = [
            {findings.patients[row] for row in np.flatnonzero(values == side)} for side in (0, 1)
        ]
        absent, present = map(len, whose)
        if min(absent, present) >= LEAST:
            chosen.append(index)
        elif absent + present == 0:
            sentences.append(f"finding {name!r} is left out: nothing is known of it")
        elif min(absent, present) == 0:
            one = "present" if present else "absent"
            sentences.append(
                f"finding {name!r} is left out: it is {one} in all {absent + present} patients, "
                "and nothing can be learned from one class"
            )
        else:
            sentences.append(
                f"finding {name!r} is left out: {present} patients have it and {absent} do not, "
                f"and a cross-validation needs {LEAST} of each"
            )
    return chosen, sentences


def make_folds(findings: Findings, count: int, held: float, seed: int) -> list[Fold]:
    """Divide the labelled exams into folds.

    Parameters
    ----------
    findings : Findings
        What is known of the exams.
    count : int
        How many folds; fewer where there are fewer patients.
    held : float
        Part of each training part that is held back.
    seed : int
        What chance depends on.
    """
    known = labelled(findings)
    chance = np.random.default_rng(seed)
    count = min(count, len({findings.patients[row] for row in known}))
    parts = spread(findings, known, [1 / count] * count, chance)
    folds = []
    for test in parts:
        rest = [row for row in known if row not in set(test)]
        train, kept = spread(findings, rest, [1 - held, held], chance)
        folds.append(Fold(tuple(train), tuple(kept), tuple(sorted(test))))
    return folds


def spread(
    findings: Findings,
    rows: Sequence[int],
    shares: Sequence[float],
    chance: np.random.Generator,
) -> list[list[int]]:
    """Divide exams, patient by patient, such that each part gets its share of each finding.

    Iterative stratification (Sechidis, Tsoumakas and Vlahavas, ECML 2011): the patients of the
    rarest side of any finding go first, each to the part that lacks most of it.

    Parameters
    ----------
    findings : Findings
        What is known of the exams.
    rows : sequence of int
        Which exams to divide.
    shares : sequence of float
        Of the parts; they sum to 1.
    chance : numpy.random.Generator
        Decides between equals.
    """
    patients = list(dict.fromkeys(findings.patients[row] for row in rows))
    own = {p: [row for row in rows if findings.patients[row] == p] for p in patients}
    # Present and absent, for in some tables the rare side is 0; and the number of exams.
    counts = np.array([_sides(findings, own[patient]) for patient in patients])
    lacking = np.outer(shares, counts.sum(axis=0))
    parts: list[list[int]] = [[] for _ in shares]
    waiting = [int(i) for i in chance.permutation(len(patients))]
    while waiting:
        left = counts[waiting].sum(axis=0)
        side = int(np.argmin(np.where(left > 0, left, np.inf)))
        for patient in [one for one in waiting if counts[one, side] > 0]:
            wish = lacking[:, side] + 1e-3 * lacking[:, -1]
            part = int(np.argmax(wish + 1e-6 * chance.random(len(shares))))
            parts[part] += own[patients[patient]]
            lacking[part] -= counts[patient]
            waiting.remove(patient)
    return [sorted(part) for part in parts]


def _sides(findings: Findings, rows: Sequence[int]) -> npt.NDArray[np.int64]:
    values = findings.values[list(rows)]
    return np.array([*(values == 1).any(axis=0), *(values == 0).any(axis=0), len(rows)], np.int64)
