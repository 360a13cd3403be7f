"""How far copying one image's landmarks to the others is from the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .arrays import Floats


def copying_errors(truth: Sequence[Mapping[str, Floats]]) -> Floats:
    """Mean radial error, in pixels, of copying each image's points to all others: (N,).

    Parameters
    ----------
    truth
        The landmarks of each of the N images, by name, as (y, x).
    """
    places = np.array([list(points.values()) for points in truth])
    errors = np.linalg.norm(places[:, None] - places[None], axis=-1).mean(axis=-1)
    return np.asarray(errors.sum(axis=1) / (len(places) - 1))


def spread(truth: Sequence[Mapping[str, Floats]]) -> tuple[float, float]:
    """Standard deviation of the landmarks over the images along y and x, in pixels."""
    places = np.array([list(points.values()) for points in truth])
    y, x = places.std(axis=0).mean(axis=0)
    return float(y), float(x)
