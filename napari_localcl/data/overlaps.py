"""Masks of several structures in one map of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    Labels = npt.NDArray[np.unsignedinteger[Any]]
    Mask = npt.NDArray[np.bool_]


def lay_over(labels: Labels, masks: Iterable[tuple[int, Mask]]) -> None:
    """Write values where masks mark, into a map of labels; of two, the smaller lies on top.

    Parameters
    ----------
    labels : ([Z,] H, W) ndarray
        What is there where no mask marks; changed in place.
    masks : iterable of (int, ndarray)
        Values and where they go.
    """
    for value, mask in sorted(masks, key=lambda one: -np.count_nonzero(one[1])):
        labels[mask] = value
