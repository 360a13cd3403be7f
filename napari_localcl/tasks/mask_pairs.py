"""Which prediction belongs to which truth, and which of their labels mean the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_localcl.data.errors import BadInput
from napari_localcl.data.masks import mask_files, match

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

_BINARY = ({1}, {255})
_MOST_LABELS = 64


@dataclass(frozen=True)
class Pair:
    """The truth of one image and its prediction.

    Attributes
    ----------
    name : str
        The truth's file, relative to its folder.
    truth : Path
        The file.
    predicted : Path or None
        None if there is none.
    """

    name: str
    truth: Path
    predicted: Path | None

    def without_prediction(self) -> Pair:
        """Return the same truth as one that nothing was predicted for."""
        return replace(self, predicted=None)


@dataclass(frozen=True)
class Pairs:
    """All that is to be compared.

    Attributes
    ----------
    pairs : tuple of Pair
        In the order of the truth's files.
    untold : int
        How many predictions have no truth.
    excluded : tuple of str
        Files of the truth left out.
    """

    pairs: tuple[Pair, ...]
    untold: int
    excluded: tuple[str, ...]


@dataclass(frozen=True)
class Structure:
    """One thing that truth and prediction mark.

    Attributes
    ----------
    name : str
        'mask' if the truth knows but one, else 'label 3'.
    truth, predicted : int or None
        The label of each; None is whatever is marked.
    note : str
        A sentence where the two differ in a way that one should know; else empty.
    """

    name: str
    truth: int | None
    predicted: int | None
    note: str = ""

    def in_truth(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Return where a true mask shows it."""
        return _marked(labels, self.truth)

    def in_prediction(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Return where a predicted mask shows it."""
        return _marked(labels, self.predicted)


def pair_masks(
    predicted: str | Path | Sequence[str | Path],
    truth: str | Path | Sequence[str | Path],
    exclude: Iterable[str] = (),
) -> Pairs:
    """Find the prediction of each true mask.

    Parameters
    ----------
    predicted, truth : str, Path or sequence of these
        Folders, globs or files. All masks of a side may share an ending that the others lack.
    exclude : iterable of str
        Names of images whose truth is to be left out.

    Returns
    -------
    Pairs
        One for each true mask that is not left out.

    Raises
    ------
    BadInput
        If no names match, an excluded image is not in the truth, or nothing is left.
    """
    told, given = mask_files(truth), mask_files(predicted)
    excluded = _excluded(told, tuple(exclude))
    by_truth = _matched(tuple(told), tuple(given))
    if not by_truth:
        raise BadInput(
            f"no prediction is named after a true mask: the predictions are called like "
            f"{next(iter(given))}, the truth like {next(iter(told))}"
        )
    kept = {name: path for name, path in told.items() if name not in excluded}
    if not kept:
        raise BadInput("all true masks are excluded; nothing is left to compare")
    pairs = tuple(
        Pair(name, path, given[by_truth[name]] if name in by_truth else None)
        for name, path in kept.items()
    )
    return Pairs(pairs, len(given) - len(by_truth), tuple(excluded))


def choose_structures(
    truth: frozenset[int], predicted: frozenset[int], labels: Sequence[int] | None
) -> tuple[Structure, ...]:
    """Decide which labels are compared with which.

    Labels mean the same where they have the same number. But if a single structure is compared,
    masks that hold no other value than 1, or no other than 255, mark that structure, whatever
    number the other side gives it.

    Parameters
    ----------
    truth, predicted : frozenset of int
        All values but 0 in the true masks and in the predictions.
    labels : sequence of int or None
        Those to compare; None is all of the truth.

    Returns
    -------
    tuple of Structure
        In the order of `labels`, else in ascending order.

    Raises
    ------
    BadInput
        If the truth marks nothing or lacks a label, or no label of the truth is predicted although
        others are.
    """
    if not truth:
        raise BadInput("the truth marks nothing in any image, so there is nothing to compare with")
    wanted = tuple(dict.fromkeys(labels)) if labels else tuple(sorted(truth))
    if len(wanted) > _MOST_LABELS and not labels:
        raise BadInput(
            f"the truth holds {len(wanted)} different labels, as pictures do and masks do not; "
            "choose with --label which to compare"
        )
    if len(wanted) == 1:
        return (_single(wanted[0], truth, predicted, named=bool(labels)),)
    _check_known(wanted, truth)
    if predicted and not labels and not predicted & truth:
        raise BadInput(_strangers(predicted, truth))
    return tuple(Structure(f"label {label}", label, label) for label in wanted)


def _single(
    label: int, truth: frozenset[int], predicted: frozenset[int], *, named: bool
) -> Structure:
    binary = truth in _BINARY
    if not binary:
        _check_known([label], truth)
    any_predicted = not predicted or predicted in _BINARY
    if not named and not any_predicted and label not in predicted:
        raise BadInput(_strangers(predicted, truth))
    note = ""
    if any_predicted and len(truth) > 1:
        note = f"all that the predictions mark is taken for label {label}"
    return Structure(
        f"label {label}" if named or not binary else "mask",
        None if binary else label,
        None if any_predicted else label,
        note,
    )


def _matched(told: tuple[str, ...], given: tuple[str, ...]) -> dict[str, str]:
    """Return the prediction of each true mask by their names."""
    if len(told) == len(given) == 1:
        return {told[0]: given[0]}
    found = {true: guess for guess, true in match(told, given).items()}
    return found or match(given, told)


def _excluded(told: dict[str, Path], images: tuple[str, ...]) -> tuple[str, ...]:
    found = match(told, images)
    for image in images:
        if image not in found:
            raise BadInput(f"the truth holds no mask of the excluded image {image}; check its name")
    return tuple(found.values())


def _check_known(labels: Iterable[int], truth: frozenset[int]) -> None:
    for label in labels:
        if label not in truth:
            raise BadInput(f"the truth holds no label {label}, only {_listed(truth)}")


def _strangers(predicted: frozenset[int], truth: frozenset[int]) -> str:
    return (
        f"the predictions hold the labels {_listed(predicted)} and the truth {_listed(truth)}; "
        "say with --label which one to compare"
    )


def _listed(labels: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(labels)))


def _marked(labels: npt.NDArray[Any], label: int | None) -> npt.NDArray[np.bool_]:
    marked: npt.NDArray[np.bool_] = labels != 0 if label is None else labels == label
    return marked
