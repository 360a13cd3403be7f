"""How a number changes over training, as a factor of the fraction done (0 to 1)."""

from __future__ import annotations

import math
from typing import Protocol


class Schedule(Protocol):
    """A factor on the learning rate at each fraction of a stage."""

    def __call__(self, fraction: float) -> float:
        """Return the factor, at most 1, at `fraction` in [0, 1] of the stage."""
        ...


def cosine(fraction: float, warm_up: float = 0.02, floor: float = 0.01) -> float:
    """Rise linearly over a short warm-up, then fall along half a cosine.

    Parameters
    ----------
    fraction : float
        Part of the stage that is done; clipped to [0, 1].
    warm_up : float
        Part of the stage spent rising, in [0, 1).
    floor : float
        Where the rise begins and the fall ends; above 0 so that no step is lost.

    Returns
    -------
    float
        The factor, in [floor, 1].

    References
    ----------
    Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, ICLR 2017.
    """
    fraction = min(max(fraction, 0.0), 1.0)
    if fraction < warm_up:
        return floor + (1 - floor) * fraction / warm_up
    fall = (fraction - warm_up) / (1 - warm_up)
    return along_cosine(1.0, floor, fall)


def along_cosine(start: float, end: float, fraction: float) -> float:
    """Go from one number to another along half a cosine; `fraction` is clipped to [0, 1]."""
    fraction = min(max(fraction, 0.0), 1.0)
    return end + (start - end) * (1 + math.cos(math.pi * fraction)) / 2


def halving(fraction: float, times: int = 2) -> float:
    """Halve the number at `times` equally spaced moments, as the LD release does every ten epochs.

    Returns
    -------
    float
        ``0.5 ** k`` in the k-th of ``times + 1`` equal parts of the stage, k from 0.
    """
    fraction = min(max(fraction, 0.0), 1.0)
    return float(0.5 ** min(int(fraction * (times + 1)), times))
