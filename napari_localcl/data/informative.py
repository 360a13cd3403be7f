"""Which images a person should correct next, so that a model learns most from them.

Those that the model is unsure of and that are unlike what is settled and what comes before them:
uncertainty times the distance to the nearest of these, one image after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.review import Doubt, of_interest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_localcl.data.review import Reviewed

    Values = npt.NDArray[np.float64]

MOST = 40  # ordered so; the others follow, the least sure first
_LEAST = 0.05  # of uncertainty, so that a sure image that is unlike all others has its turn


def most_informative(
    vectors: npt.NDArray[np.floating[npt.NBitBase]],
    confidences: Values,
    settled: npt.NDArray[np.bool_],
) -> list[int]:
    """Return the images that wait, the most informative first.

    Parameters
    ----------
    vectors : (N, D) ndarray
        What an encoder sees in each image as a whole.
    confidences : (N,) ndarray
        The lowest confidence of what is proposed in each image, 0 to 1; infinite where nothing
        waits.
    settled : (N,) bool ndarray
        Of which images a person has said something.

    Returns
    -------
    list of int
        Indices of the images with a finite confidence.
    """
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    waiting = np.isfinite(confidences)
    doubt = np.where(waiting, np.maximum(1 - confidences, _LEAST), 0.0)
    # As far as two images can be apart, where nothing is settled yet.
    apart = np.full(len(units), 2.0)
    for index in np.flatnonzero(settled & ~waiting).tolist():
        apart = np.minimum(apart, 1 - units @ units[index])
    order: list[int] = []
    while len(order) < min(MOST, int(np.count_nonzero(waiting))):
        # An image that equals a settled one is still worth more than none.
        worth = doubt * np.maximum(apart, 1e-6)
        worth[order] = -1.0
        order.append(int(worth.argmax()))
        apart = np.minimum(apart, 1 - units @ units[order[-1]])
    rest = np.setdiff1d(np.flatnonzero(waiting), order)
    order += rest[np.argsort(confidences[rest], kind="stable")].tolist()
    return order


def next_in_order(
    known: Reviewed, order: Sequence[str], after: Doubt | None = None, name: str | None = None
) -> Doubt | None:
    """Return the first prediction of images in a given order, or the next after one.

    Parameters
    ----------
    known, after, name
        As in :func:`napari_localcl.data.review.next_uncertain`.
    order : sequence of str
        Images; those that it lacks come last.

    Returns
    -------
    Doubt or None
        None if no prediction is left.
    """
    rank = {image: place for place, image in enumerate(order)}

    def place(doubt: Doubt) -> tuple[int, int, int]:
        images = known.images
        which = known.names.index(doubt.name) if doubt.name in known.names else 0
        return (rank.get(doubt.image, len(rank)), images.index(doubt.image), which)

    sure = of_interest(known, name)
    waiting = [
        Doubt(known.images.names[image], known.names[which], float(sure[which, image]))
        for which, image in np.argwhere(np.isfinite(sure)).tolist()
    ]
    later = [one for one in waiting if after is None or place(one) > place(after)]
    return min(later or waiting, key=place, default=None)
