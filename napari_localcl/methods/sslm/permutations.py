"""Which orders of nine tiles are told apart."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor

from napari_localcl.models.sslm_network import SLOTS


def random_orders(count: int, chance: torch.Generator) -> Tensor:
    """Return ``count`` different orders (count, 9) drawn at random, the identity among them."""
    every = _every()
    drawn = 1 + torch.randperm(len(every) - 1, generator=chance)[: count - 1]
    return torch.from_numpy(every[[0, *drawn.tolist()]]).long()


def far_orders(count: int, chance: torch.Generator) -> Tensor:
    """Return ``count`` orders (count, 9) that differ from each other in many places.

    One after the other: of all orders, the one whose nearest chosen neighbour is farthest, and of
    equal ones that farthest from all on average; the first is drawn.

    Parameters
    ----------
    count : int
        How many.
    chance : torch.Generator
        What the first, and otherwise equal ones, are drawn with.
    """
    every = _every()
    every = every[torch.randperm(len(every), generator=chance).numpy()]
    places = np.ascontiguousarray(every.T)
    nearest = np.full(len(every), SLOTS, np.int64)
    total = np.zeros(len(every), np.int64)
    chosen = [0]
    while len(chosen) < count:
        away = (places != every[chosen[-1], :, None]).sum(axis=0)
        np.minimum(nearest, away, out=nearest)
        total += away
        chosen.append(int(np.argmax(nearest * (SLOTS * count) + total)))
    return torch.from_numpy(every[chosen]).long()


def _every() -> np.ndarray[tuple[int, int], np.dtype[np.int8]]:
    """All 9! orders, the identity first."""
    flat = itertools.chain.from_iterable(itertools.permutations(range(SLOTS)))
    return np.fromiter(flat, np.int8).reshape(-1, SLOTS)
