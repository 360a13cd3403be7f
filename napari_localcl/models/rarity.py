"""How rare vectors are, how alike, and how differently two models see the same places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn.functional import adaptive_avg_pool2d, normalize

if TYPE_CHECKING:
    from torch import Tensor

    from .pyramid import Pyramid

LAYOUT_STRIDE, LAYOUT_CELLS = 8, 8
ROWS = 512  # images compared with all others at once


def uniqueness(cells: Tensor, references: Tensor, allowed: Tensor, nearest: int = 3) -> Tensor:
    """How unlike unit vectors are to anything known.

    Parameters
    ----------
    cells, references : Tensor (M, D), (R, D)
        Unit vectors.
    allowed : Tensor (R,), bool
        Which references count.
    nearest : int
        How many of the most similar references are averaged: one alone may be chance.

    Returns
    -------
    Tensor (M,)
        From 0, there is the same elsewhere, to 1.
    """
    similar = cells @ references[allowed].T
    best = similar.topk(min(nearest, similar.shape[1]), dim=1).values
    return (1 - best.mean(dim=1)).clamp(0, 1)


def change(first: Tensor, second: Tensor, known: tuple[Tensor, Tensor]) -> Tensor:
    """How differently two models see the same places; they may be of different dimensions.

    Each place is described by its similarities to the same reference places; what it is worth that
    these agree is their correlation, which no rotation of a model's space changes.

    Parameters
    ----------
    first, second : Tensor (M, D), (M, E)
        Vectors of the places by either model.
    known : Tensor (R, D), Tensor (R, E)
        Vectors of the reference places by either model.

    Returns
    -------
    Tensor (M,)
        From 0, seen alike, to 1, seen with no relation.
    """
    before, after = _profile(first, known[0]), _profile(second, known[1])
    return (1 - (before * after).sum(dim=1)).clamp(0, 1)


def _profile(cells: Tensor, references: Tensor) -> Tensor:
    """Standardised similarities (M, R) of cells to references, as far as they differ at all."""
    centre = references.mean(dim=0)
    similar = normalize(cells - centre, dim=1) @ normalize(references - centre, dim=1).T
    return normalize(similar - similar.mean(dim=1, keepdim=True), dim=1)


def layout(pyramid: Pyramid) -> Tensor:
    """Describe images (N, K) by what is where: embeddings averaged over 8 x 8 fields."""
    stride = next((s for s in pyramid.strides if s >= LAYOUT_STRIDE), pyramid.strides[-1])
    fields = adaptive_avg_pool2d(pyramid.level(stride), LAYOUT_CELLS)
    return normalize(fields.flatten(1), dim=1)


def describe(wholes: Tensor, layouts: Tensor) -> Tensor:
    """Unit vectors (N, K) of images: half what they show, (N, D), half what is where, (N, L)."""
    return torch.cat([normalize(part, dim=1) for part in (wholes, layouts)], dim=1) / 2**0.5


def remoteness(described: Tensor, nearest: int) -> Tensor:
    """How far images (N, K) are from those most like them, (N,): 0 the same, 1 no relation.

    Parameters
    ----------
    described : Tensor (N, K)
        See :func:`describe`.
    nearest : int
        How many others are averaged; more than there may be outliers of one kind.
    """
    count = min(nearest, len(described) - 1)
    far = []
    for start in range(0, len(described), ROWS):
        similar = described[start : start + ROWS] @ described.T
        own = torch.arange(len(similar))
        similar[own, own + start] = -torch.inf
        far.append(1 - similar.topk(count, dim=1).values.mean(dim=1))
    return torch.cat(far)


def closest_pairs(described: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The most similar pairs of images.

    Returns
    -------
    pairs : Tensor (P, 2)
        Their rows, the lower first; P is `count`, or all pairs if they are fewer.
    similarity : Tensor (P,)
        Highest first.
    """
    pairs, values = torch.zeros(0, 2, dtype=torch.long), torch.zeros(0)
    for start in range(0, len(described), ROWS):
        similar = described[start : start + ROWS] @ described.T
        later = torch.ones_like(similar, dtype=torch.bool).triu(start + 1)
        found = similar.masked_fill_(~later, -torch.inf).flatten()
        best = found.topk(min(count, int(later.sum())))
        row, column = best.indices // len(described), best.indices % len(described)
        pairs = torch.cat([pairs, torch.stack([row + start, column], dim=1)])
        values = torch.cat([values, best.values])
        kept = values.topk(min(count, len(values)))
        pairs, values = pairs[kept.indices], kept.values
    return pairs, values
