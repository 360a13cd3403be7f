"""Comparing folders of masks: a score for each image, and how the scores are spread."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.errors import BadInput
from napari_localcl.data.masks import Mask, read_mask
from napari_localcl.data.progress import Progress
from napari_localcl.data.scan import UnusableImage
from napari_localcl.tasks.evaluation import per_axis
from napari_localcl.tasks.mask_pairs import Pair, Structure, choose_structures, pair_masks
from napari_localcl.tasks.mask_scores import (
    MISSED,
    MISSING,
    MaskScore,
    MaskSummary,
    score,
    summarise,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class MaskEvaluation:
    """The result of an evaluation.

    Attributes
    ----------
    unit : {'px', 'mm'}
        The unit of the distances.
    overall : MaskSummary
        All structures of all images.
    structures : tuple of MaskSummary
        Each for itself.
    images : tuple of MaskScore
        Each structure in each image, in the order of the truth's files.
    missing : tuple of str
        Files of the truth without a prediction; it counts as an empty one.
    unusable : tuple of str
        Files that could not be used and why: a prediction counts as missing, a truth not at all.
    untold : int
        Predictions that no truth is known of; they count nowhere.
    excluded : tuple of str
        Files of the truth left out.
    notes : tuple of str
        What else one should know, in sentences.
    """

    unit: str
    overall: MaskSummary
    structures: tuple[MaskSummary, ...]
    images: tuple[MaskScore, ...]
    missing: tuple[str, ...]
    unusable: tuple[str, ...]
    untold: int
    excluded: tuple[str, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Return everything as plain values, fit for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Seen:
    """What the first look at a pair tells: enough to decide labels and units for all."""

    pair: Pair
    truth: frozenset[int]
    predicted: frozenset[int]
    spacing: tuple[float, ...] | None
    axes: int


def evaluate_masks(
    predicted: str | Path | Sequence[str | Path],
    truth: str | Path | Sequence[str | Path],
    *,
    labels: Sequence[int] | None = None,
    spacing: float | Sequence[float] | None = None,
    exclude: Iterable[str] = (),
) -> Generator[Progress, None, MaskEvaluation]:
    """Compare predicted masks with the truth: volumes as volumes, images as images.

    Parameters
    ----------
    predicted, truth : str, Path or sequence of these
        Folders, globs or files; matched by name.
    labels : sequence of int, optional
        The labels to compare; by default all that the truth holds. How labels are matched is said
        at :func:`choose_structures`.
    spacing : float, sequence of float or None
        Millimetres per pixel, alike or along `([z,] y, x)`; None takes what the files state, and
        pixels unless all do.
    exclude : iterable of str
        Images to leave out, such as those that served as prior.

    Returns
    -------
    MaskEvaluation
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If nothing can be compared, a label is not in the truth or a spacing makes no sense.
    """
    pairs = pair_masks(predicted, truth, exclude)
    seen, unusable = yield from _look_at_all(pairs.pairs)
    compared = choose_structures(
        _union(one.truth for one in seen), _union(one.predicted for one in seen), labels
    )
    unit, notes = _unit(seen, spacing)
    scores: list[MaskScore] = []
    for done, one in enumerate(seen, 1):
        scores += _scores(one, compared, _steps(one, unit, spacing))
        yield Progress("step", step=done, steps=len(seen), message="comparing masks")
    return MaskEvaluation(
        unit=unit,
        overall=summarise("all", scores),
        structures=tuple(
            summarise(part.name, [score for score in scores if score.structure == part.name])
            for part in compared
        ),
        images=tuple(scores),
        missing=tuple(pair.name for pair in pairs.pairs if pair.predicted is None),
        unusable=unusable,
        untold=pairs.untold,
        excluded=pairs.excluded,
        notes=(*(part.note for part in compared if part.note), *notes),
    )


def _look_at_all(
    pairs: Sequence[Pair],
) -> Generator[Progress, None, tuple[list[_Seen], tuple[str, ...]]]:
    """Return what the usable pairs hold, and what is wrong with the files of others."""
    seen: list[_Seen] = []
    unusable: list[str] = []
    for done, pair in enumerate(pairs, 1):
        one, problems = _look(pair)
        seen += [one] if one else []
        unusable += problems
        yield Progress("cache", step=done, steps=len(pairs), message="reading masks")
    if not seen:
        raise BadInput(f"none of the true masks can be used: {unusable[0]}")
    return seen, tuple(unusable)


def _look(pair: Pair) -> tuple[_Seen | None, list[str]]:
    """Return what a pair holds, None if its truth cannot be used; and what is wrong with it."""
    try:
        truth = read_mask(pair.truth)
    except UnusableImage as error:
        return None, [str(error)]
    problems: list[str] = []
    predicted = Mask(np.zeros_like(truth.labels))
    if pair.predicted is not None:
        try:
            predicted = read_mask(pair.predicted, truth.labels.shape)
        except UnusableImage as error:
            problems, pair = [str(error)], pair.without_prediction()
    spacing = truth.spacing or predicted.spacing
    seen = _Seen(pair, _values(truth), _values(predicted), spacing, truth.labels.ndim)
    return seen, problems


def _values(mask: Mask) -> frozenset[int]:
    return frozenset(np.unique(mask.labels).tolist()) - {0}


def _union(sets: Iterable[frozenset[int]]) -> frozenset[int]:
    return frozenset(value for values in sets for value in values)


def _unit(
    seen: Sequence[_Seen], spacing: float | Sequence[float] | None
) -> tuple[str, tuple[str, ...]]:
    """Return the unit of the distances and what is to be said of it."""
    known = sum(one.spacing is not None for one in seen)
    if spacing is not None or known == len(seen):
        return "mm", ()
    notes = []
    if known:
        notes.append(f"only {known} of {len(seen)} masks state their spacing: distances in pixels")
    if any(one.axes == 3 for one in seen):
        notes.append("voxels count as cubes, since their spacing is not known: give --spacing")
    return "px", tuple(notes)


def _steps(one: _Seen, unit: str, spacing: float | Sequence[float] | None) -> tuple[float, ...]:
    if unit == "px":
        return (1.0,) * one.axes
    try:
        return per_axis(one.spacing or () if spacing is None else spacing, one.axes)
    except BadInput as error:
        raise BadInput(f"{one.pair.truth}: {error}") from None


def _scores(
    one: _Seen, compared: Iterable[Structure], spacing: tuple[float, ...]
) -> list[MaskScore]:
    truth = read_mask(one.pair.truth).labels
    given = one.pair.predicted
    predicted = np.zeros_like(truth) if given is None else read_mask(given, truth.shape).labels
    scores = []
    for part in compared:
        outcome, figures = score(part.in_prediction(predicted), part.in_truth(truth), spacing)
        if given is None and outcome == MISSED:
            outcome = MISSING
        scores.append(MaskScore(one.pair.name, part.name, outcome, **figures))
    return scores
