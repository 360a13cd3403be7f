"""LD's terms: patch discrimination, hypersphere mixup, and region discrimination.

Chen et al., arXiv 2108.09440; the loss that patches share is in :mod:`napari_localcl.losses`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, normalize

from napari_localcl.losses.contrast import (
    Instances,
    binary_entropy,
    instance_spreading,
    pool_regions,
    region_discrimination,
    region_prototypes,
)
from napari_localcl.losses.reduction import gather_rows, rank, shared_mean, weighted_mean
from napari_localcl.models.sampling import sample_at

if TYPE_CHECKING:
    from .sampling import PatchBatch
    from .settings import LDSettings


def patch_terms(embedding: Tensor, batch: PatchBatch, settings: LDSettings) -> dict[str, Tensor]:
    """Patch discrimination and hypersphere mixup.

    Parameters
    ----------
    embedding : Tensor (5b, D, h, w)
        Finest embeddings of the batch's views and mixtures, of any length.
    batch : PatchBatch
        What they show.
    settings : LDSettings
        Grid, temperature, weights.

    Returns
    -------
    dict of str to Tensor ()
        ``patches``: ``-1/N sum_i [log P(i+|i) + sum_j log(1 - P(j|i))]`` over the patches that both
        views show; ``mixup``: the same for the patches of the mixtures, whose partners are
        ``normalise(w s_1 + (1 - w) s_2)``.
    """
    count = len(batch.views) // 2
    size = (batch.views.shape[2], batch.views.shape[3])
    height, width = (n // settings.patch_stride for n in size)
    weights = patch_weights((height, width), settings).to(embedding.device)
    first = pool_patches(embedding[:count], batch.lattice[0], weights, size)
    second = pool_patches(embedding[count : 2 * count], batch.lattice[1], weights, size)
    mixed = pool_patches(embedding[2 * count :], batch.lattice[0, 0::2], weights, size)
    shown = batch.shown.float().view(count, height, width, 1)
    both = _cells(shown, settings.grid).mean(dim=(2, 4)).flatten() > 0.5
    part = batch.share.view(-1, 1, 1)
    target = normalize(part * first[0::2] + (1 - part) * first[1::2], dim=2).detach()
    always = torch.ones(mixed.shape[0] * mixed.shape[1], dtype=torch.bool, device=both.device)
    return {
        "patches": settings.patch_weight * spread(first, second, both, settings.temperature),
        "mixup": settings.mixup_weight * spread(mixed, target, always, settings.temperature),
    }


def _cells(values: Tensor, grid: int) -> Tensor:
    """Values (n, h, w, C) -> (n, g, rows, g, columns, C)."""
    count, height, width, channels = values.shape
    return values.view(count, grid, height // grid, grid, width // grid, channels)


def patch_weights(size: tuple[int, int], settings: LDSettings) -> Tensor:
    """Weight of each embedding pixel in its patch, (rows, columns), summing to 1.

    Uniform as published for patch discrimination, or LD's centre-sensitive bell.
    """
    sides = [n // settings.grid for n in size]
    if not settings.centre_sensitive:
        return torch.full(sides, 1 / (sides[0] * sides[1]))
    rows, columns = (
        torch.exp(-(((torch.arange(n) - (n - 1) / 2) / (settings.centre_width * n)) ** 2) / 2)
        for n in sides
    )
    bell = rows[:, None] * columns
    return bell / bell.sum()


def pool_patches(
    embedding: Tensor, lattice: Tensor, weights: Tensor, size: tuple[int, int]
) -> Tensor:
    """Patch features: unit vectors (n, patches, D), from embeddings (n, D, h, w) at the lattice."""
    grid = math.isqrt(lattice.shape[1] // weights.numel())
    read = normalize(sample_at(embedding, lattice, size), dim=2)
    read = read.view(len(read), grid * weights.shape[0], grid * weights.shape[1], -1)
    pooled = torch.einsum("nirjcd,rc->nijd", _cells(read, grid), weights)
    return normalize(pooled.flatten(1, 2), dim=2)


def spread(first: Tensor, second: Tensor, usable: Tensor, temperature: float) -> Tensor:
    """Instance spreading over the patches (n, patches, D) of all processes.

    Row ``i`` of one side and row ``i`` of the other are two views of one patch.
    """
    sides = [first.flatten(0, 1), second.flatten(0, 1)]
    keys = torch.cat([gather_rows(side) for side in sides])
    known = gather_rows(usable)
    half = len(known)
    here = torch.arange(len(sides[0]), device=keys.device) + rank() * len(sides[0])
    values = [
        instance_spreading(
            side, keys, Instances(here + own, here + half - own, known.repeat(2)), temperature
        )
        for side, own in zip(sides, (0, half), strict=True)
    ]
    return weighted_mean(torch.cat(values), usable.repeat(2).float())


def region_terms(assignment: Tensor, embedding: Tensor, settings: LDSettings) -> dict[str, Tensor]:
    """Region discrimination and the clusters' entropy.

    Parameters
    ----------
    assignment : Tensor (n, K, H, W)
        Each pixel's shares in the clusters, at the embeddings' size or finer.
    embedding : Tensor (n, D, h, w)
        Unit vectors, the finest embeddings of the same views.
    settings : LDSettings
        Temperature and weights.
    """
    size = (embedding.shape[2], embedding.shape[3])
    shares = adaptive_avg_pool2d(assignment, size)  # (n, K, h, w)
    regions = pool_regions(shares, embedding)  # (n, K, D)
    prototypes = region_prototypes(shared_mean(regions))  # (K, D), attached
    discrimination = region_discrimination(regions, prototypes, settings.region_temperature)
    return {
        "regions": settings.region_weight * discrimination,
        "entropy": settings.entropy_weight * binary_entropy(assignment),
    }
