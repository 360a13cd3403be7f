"""What a person has still to look at: the state of each image, and where to go next."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol, overload

import numpy as np

from napari_localcl.data.marks import Column, Kind

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_localcl.data.project_annotations import Annotations
    from napari_localcl.data.project_images import ProjectImages


class Status(StrEnum):
    """How far an image is, in words for a person."""

    NOT_ANNOTATED = "not annotated"
    PREDICTED = "predicted"
    NEEDS_REVIEW = "needs review"
    REVIEWED = "reviewed"


_ALL = tuple(Status)


class Reviewed(Protocol):
    """What can be reviewed: N images, named things in them, and what is known of each."""

    @property
    def images(self) -> ProjectImages:
        """The images."""

    @property
    def names(self) -> tuple[str, ...]:
        """The landmarks or the structures."""

    def kind(self, image: str, name: str) -> Kind:
        """Return what is known of a thing in an image."""

    def kinds(self) -> npt.NDArray[np.uint8]:
        """Return what is known, as an (L, N) array of :class:`Kind`."""

    def confidences(self) -> npt.NDArray[np.float64]:
        """Return how sure each prediction is, (L, N), infinite where there is none."""


class ImageRow(NamedTuple):
    """One image in a project's list.

    Attributes
    ----------
    name : str
        The image.
    size : (int, int)
        Height and width in pixels.
    status : Status
        How far it is.
    confidence : float or None
        The lowest of its predictions', from 0 to 1; None without predictions.
    """

    name: str
    size: tuple[int, int]
    status: Status
    confidence: float | None


class ImageRows(Sequence[ImageRow]):
    """The list of images at one moment; a row is made when it is asked for.

    Parameters
    ----------
    annotations : Annotations
        The moment.
    review_below : float
        Predictions of a lower confidence need a person's look.
    """

    def __init__(self, annotations: Annotations, review_below: float) -> None:
        self._images = annotations.images
        sure = [annotations.confidences(), annotations.masks.confidences()]
        self._lowest = np.concatenate(sure).min(axis=0, initial=np.inf)
        self._codes = _codes(annotations, self._lowest, review_below)

    def __len__(self) -> int:
        return len(self._images)

    @overload
    def __getitem__(self, index: int) -> ImageRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ImageRow]: ...
    def __getitem__(self, index: int | slice) -> ImageRow | Sequence[ImageRow]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        lowest = float(self._lowest[index])
        return ImageRow(
            self._images.names[index],
            self._images.sizes[index],
            _ALL[self._codes[index]],
            lowest if np.isfinite(lowest) else None,
        )

    @property
    def statuses(self) -> npt.NDArray[np.intp]:
        """The position of each image's status in :class:`Status`, (N,)."""
        return self._codes

    @property
    def confidences(self) -> npt.NDArray[np.float64]:
        """The lowest confidence of each image's predictions, (N,); infinite without any."""
        lowest: npt.NDArray[np.float64] = self._lowest
        return lowest

    def named(self, name: str) -> ImageRow:
        """Return the row of an image; BadInput if there is none of that name."""
        return self[self._images.index(name)]

    def counts(self) -> dict[Status, int]:
        """Return how many images there are of each status."""
        counts = np.bincount(self._codes, minlength=len(_ALL))
        return dict(zip(_ALL, counts.tolist(), strict=True))

    def uncertain(self) -> tuple[str, ...]:
        """Return the images that have predictions, the least sure first."""
        order = np.argsort(self._lowest, kind="stable")
        known = order[: np.count_nonzero(np.isfinite(self._lowest))]
        return tuple(self._images.names[index] for index in known.tolist())

    def next_unannotated(self, after: str | None = None) -> str | None:
        """Return the next image of which nothing is known.

        Parameters
        ----------
        after : str or None
            The image at hand; the search goes on at the start when it comes to the end.

        Returns
        -------
        str or None
            None if there is no such image.
        """
        open_ones = np.flatnonzero(self._codes == _ALL.index(Status.NOT_ANNOTATED))
        if not open_ones.size:
            return None
        here = -1 if after is None else self._images.index(after)
        rank = np.searchsorted(open_ones, here, side="right") % open_ones.size
        return self._images.names[int(open_ones[rank])]


class Doubt(NamedTuple):
    """A prediction that waits for a person.

    Attributes
    ----------
    image, name : str
        Which landmark or structure is predicted in which image.
    confidence : float
        How sure it is, from 0 to 1.
    """

    image: str
    name: str
    confidence: float


def doubts_in(known: Reviewed, image: str) -> tuple[Doubt, ...]:
    """Return the predictions of an image that wait for a person.

    Parameters
    ----------
    known : Reviewed
        The present state of the landmarks or of the masks.
    image : str
        The image.

    Returns
    -------
    tuple of Doubt
        In the order of the names; of a prediction without confidence, it is 0.
    """
    sure = known.confidences()[:, known.images.index(image)].tolist()
    pairs = zip(known.names, sure, strict=True)
    return tuple(Doubt(image, name, one) for name, one in pairs if np.isfinite(one))


def next_uncertain(
    known: Reviewed, after: Doubt | None = None, name: str | None = None
) -> Doubt | None:
    """Return the least sure prediction, or the next after one that a person has looked at.

    Parameters
    ----------
    known : Reviewed
        The present state; what a person placed, accepted or rejected is passed over.
    after : Doubt or None
        What this function returned before, settled meanwhile or skipped. After the surest comes the
        least sure again.
    name : str or None
        The only landmark or structure to look at; None is all.

    Returns
    -------
    Doubt or None
        None if no prediction is left.
    """
    queue: npt.NDArray[np.float64] = of_interest(known, name).T.ravel()
    later = queue if after is None else np.where(_follows(queue, known, after), queue, np.inf)
    least = int(np.argmin(later)) if np.isfinite(later).any() else -1
    if least < 0:
        return None if after is None else next_uncertain(known, None, name)
    image, which = divmod(least, len(known.names))
    return Doubt(known.images.names[image], known.names[which], float(queue[least]))


def changed_place(before: Annotations, after: Annotations, here: str) -> tuple[str, str] | None:
    """Return a place of which people say something else in another state.

    Parameters
    ----------
    before, after : Annotations
        Two states of the same images.
    here : str
        The image to prefer.

    Returns
    -------
    (str, str) or None
        Image and landmark; None if people say the same of landmarks, but for their names.
    """
    if _is_renamed(before, after):
        return None
    names, index = before.images.names, before.images.index(here)
    nothing, found = Column.of(len(names)), None
    for landmark in {**before.columns, **after.columns}:
        column = before.columns.get(landmark, nothing)
        there = column.differs(after.columns.get(landmark, nothing))
        if index in there:
            return here, landmark
        if there.size and found is None:
            found = (names[int(there[0])], landmark)
    return found


def _is_renamed(before: Annotations, after: Annotations) -> bool:
    pairs = zip(before.columns.values(), after.columns.values(), strict=False)
    return len(before.columns) == len(after.columns) and not any(
        column.differs(other).size for column, other in pairs
    )


def of_interest(known: Reviewed, name: str | None) -> npt.NDArray[np.float64]:
    """Return the confidences (L, N) of what waits, of one landmark or structure or of all."""
    confidences = known.confidences()
    if name is not None:
        others = [one != name for one in known.names]
        confidences[others] = np.inf
    return confidences


def _follows(
    queue: npt.NDArray[np.float64], known: Reviewed, after: Doubt
) -> npt.NDArray[np.bool_]:
    place = known.images.index(after.image) * len(known.names)
    if after.name in known.names:
        place += known.names.index(after.name)
    behind = (queue == after.confidence) & (np.arange(queue.size) > place)
    follows: npt.NDArray[np.bool_] = (queue > after.confidence) | behind
    return follows


def _codes(
    annotations: Annotations, lowest: npt.NDArray[np.float64], review_below: float
) -> npt.NDArray[np.intp]:
    """Return the position of each image's status in `Status`, (N,).

    A landmark that is neither there nor predicted calls for a person only where a person has begun
    with the image: in the others, the prediction is what is missing.
    """
    kinds, masks = annotations.kinds(), annotations.masks.kinds()
    settled = (kinds == Kind.HUMAN) | (kinds == Kind.ABSENT)
    every = np.concatenate([kinds, masks])
    predicted, rejected = ((every == kind).any(axis=0) for kind in (Kind.PREDICTED, Kind.REJECTED))
    begun = settled.any(axis=0) & ~predicted
    done = settled.any(axis=0) | (masks == Kind.HUMAN).any(axis=0)
    untouched = (kinds == Kind.NOTHING).all(axis=0)
    reviewed = done & (settled.all(axis=0) | untouched) & ~predicted & ~rejected
    cases = [reviewed, rejected | begun | (lowest < review_below), predicted]
    chosen = [Status.REVIEWED, Status.NEEDS_REVIEW, Status.PREDICTED]
    codes = [_ALL.index(status) for status in chosen]
    return np.select(cases, codes, _ALL.index(Status.NOT_ANNOTATED)).astype(np.intp)
