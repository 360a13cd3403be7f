"""Which encoder suits the images: ranks, and a recommendation in plain words.

Encoders are ranked by skill in each figure that any of them clearly beats the control of. Ranks are
averaged within a question (places, parts, regions), then over questions, so that a question asked
in three ways counts once. Figures that noise or a single point could win are never ranked. Random
weights of the same architecture take part, so that one sees what learning was worth.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.training.collapse import LEAST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_localcl.tasks.probe.figures import Figure

QUESTIONS = {
    "places": "places",
    "parts": "parts and wholes",
    "regions": "regions",
    "filling": "how the space is filled",
    "landmarks": "landmarks, by the truth",
    "masks": "masks, by the truth",
}


@dataclass(frozen=True, eq=False)
class Column:
    """What one encoder got.

    Attributes
    ----------
    name, method, run : str
        What it is called, its system, its run folder.
    twin : str
        Name of the same architecture with random weights; '' if this is one.
    figures : dict of str to Figure
        By the names of their kinds.
    """

    name: str
    method: str
    run: str
    twin: str
    figures: dict[str, Figure]

    @property
    def is_random(self) -> bool:
        """Whether nothing was learned."""
        return not self.twin

    @property
    def is_collapsed(self) -> bool:
        """Whether it makes nearly the same of everything."""
        return self.figures["spread"].value < LEAST


def mean_ranks(columns: Sequence[Column], *, by_truth: bool = False) -> dict[str, float]:
    """Return the mean rank of every encoder, 1 the best; empty if no figure says anything.

    Parameters
    ----------
    columns : sequence of Column
        All that were probed.
    by_truth : bool
        By what people know, not by figures without labels.
    """
    questions: dict[str, list[list[float]]] = defaultdict(list)
    for name in ranked_figures(columns, by_truth=by_truth):
        figures = [column.figures[name] for column in columns]
        questions[figures[0].kind.question].append(_ranks(figures))
    if not questions:
        return {}
    means = np.mean([np.mean(ranks, axis=0) for ranks in questions.values()], axis=0)
    return {column.name: float(mean) for column, mean in zip(columns, means, strict=True)}


def ranked_figures(columns: Sequence[Column], *, by_truth: bool = False) -> tuple[str, ...]:
    """Names of the figures that encoders are ranked by."""
    shared = [
        name
        for name, figure in columns[0].figures.items()
        if figure.kind.is_ranked and figure.kind.is_truth == by_truth
    ]
    return tuple(
        name
        for name in shared
        if any(c.figures[name].beats_control for c in columns)
        and all(np.isfinite(c.figures[name].skill) for c in columns)
    )


def _ranks(figures: Sequence[Figure]) -> list[float]:
    from scipy.stats import rankdata

    # No better than the control is no better than any other that is not.
    skills = [round(figure.skill, 6) if figure.beats_control else 0.0 for figure in figures]
    ranks: list[float] = rankdata(-np.maximum(skills, 0.0)).tolist()
    return ranks


@dataclass(frozen=True)
class Recommendation:
    """What to take, and why.

    Attributes
    ----------
    best : str or None
        The run that suits best; None if none is any good.
    sentences : tuple of str
        For a person.
    """

    best: str | None
    sentences: tuple[str, ...]


def recommend(columns: Sequence[Column]) -> Recommendation:
    """Say which run suits the images; what people know goes before figures without labels."""
    by_truth = bool(ranked_figures(columns, by_truth=True))
    useful = [c for c in columns if not c.is_random and _has_learned(c, columns, by_truth)]
    sentences: list[str] = []
    best = None
    if useful:
        ranks = mean_ranks(columns, by_truth=by_truth)
        order = sorted(useful, key=lambda column: ranks[column.name])
        best = order[0]
        sentences.append(_praise(best, columns, by_truth))
        sentences += _close(order, by_truth)
        sentences += _disagreement(best, useful, columns, by_truth)
    sentences += [_blame(c) for c in columns if not c.is_random and c not in useful]
    return Recommendation(best.name if best else None, tuple(sentences))


def _has_learned(column: Column, columns: Sequence[Column], by_truth: bool) -> bool:
    """Whether it clearly beats its random twin in more figures than the other way round."""
    if column.is_collapsed:
        return False
    (twin,) = (other for other in columns if other.name == column.twin)
    wins, losses = _compared(column, twin, ranked_figures(columns, by_truth=by_truth))
    return wins > losses


def _compared(column: Column, other: Column, names: Sequence[str]) -> tuple[int, int]:
    """In how many figures a column is clearly better, and clearly worse, than another."""
    pairs = [(column.figures[name], other.figures[name]) for name in names]
    better = sum(own.clearly_beats(its) and own.beats_control for own, its in pairs)
    return better, sum(its.clearly_beats(own) and its.beats_control for own, its in pairs)


def _praise(best: Column, columns: Sequence[Column], by_truth: bool) -> str:
    names = ranked_figures(columns, by_truth=by_truth)
    others = [column for column in columns if column is not best]
    firsts = [
        best.figures[name]
        for name in names
        if all(best.figures[name].skill >= other.figures[name].skill for other in others)
    ]
    shown = firsts or [best.figures[name] for name in names if best.figures[name].beats_control]
    why = ", ".join(f"{f.kind.title} {in_words(f)}" for f in shown)
    runs = [column for column in columns if not column.is_random]
    if len(runs) == 1:
        return f"'{best.name}' has learned from these images, compared with random weights: {why}."
    what = "it is first in" if firsts else "on average it is ahead:"
    return f"'{best.name}' suits these images best: {what} {why}."


def _close(order: Sequence[Column], by_truth: bool) -> Iterator[str]:
    """Name those that are not clearly behind the best."""
    for other in order[1:]:
        names = ranked_figures(order, by_truth=by_truth)
        wins, losses = _compared(order[0], other, names)
        if wins <= losses:
            yield (
                f"'{other.name}' is about as good: on these images no difference between the two "
                "is clear in more figures than not."
            )


def _disagreement(
    best: Column, useful: Sequence[Column], columns: Sequence[Column], by_truth: bool
) -> Iterator[str]:
    if not by_truth or len(useful) < 2:
        return
    ranks = mean_ranks(columns)
    if not ranks:
        return
    first = min(useful, key=lambda column: ranks[column.name])
    if first is not best:
        yield (
            f"The figures without labels would have chosen '{first.name}'; what you marked "
            "counts for more."
        )


def _blame(column: Column) -> str:
    if column.is_collapsed:
        return (
            f"'{column.name}' has collapsed: it makes nearly the same of all places of all images. "
            "Learn again with a smaller learning rate, another seed or another method."
        )
    return (
        f"'{column.name}' is no better than random weights on these images: train longer, on "
        "images like these, or with another method."
    )


def in_words(figure: Figure) -> str:
    """Return a figure with its control, as in '0.71 (control 0.02)'."""
    unit = f" {figure.kind.unit}" if figure.kind.unit else ""
    control = f" (control {number(figure.control)})" if np.isfinite(figure.control) else ""
    return f"{number(figure.value)}{unit}{control}"


def number(value: float) -> str:
    """Return three digits that count."""
    return f"{value:.3g}" if np.isfinite(value) else "-"
