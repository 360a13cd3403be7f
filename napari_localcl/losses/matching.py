"""Matching the cells of two lattices: ACE's local consistency.

Zhou et al., WACV 2025; written from the formulae. Which cells belong together is known on each axis
on its own, because the lattices are aligned and not turned: everything here is a product of a
matrix for the rows and one for the columns.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from .reduction import weighted_mean


def axis_targets(offset: Tensor, cells: int, others: int, reach: int, width: float = 1.0) -> Tensor:
    """Which cells of another lattice belong to the cells of one, along one axis.

    Parameters
    ----------
    offset : Tensor (B,), int
        Cell ``c`` belongs to cell ``offset + c`` of the other lattice, if it has that one.
    cells, others : int
        Cells of both along this axis.
    reach : int
        The neighbours on each side that belong to it a little; 0 leaves the one cell alone.
    width : float
        Standard deviation of the bell over them, in cells.

    Returns
    -------
    Tensor (B, cells, others)
        1 where they belong together, falling off as a bell around; all 0 for a cell that the other
        lattice does not show.
    """
    peak = offset.view(-1, 1, 1) + torch.arange(cells, device=offset.device).view(1, -1, 1)
    distance = torch.arange(others, device=offset.device) - peak
    near = (distance.abs() <= reach) & (peak >= 0) & (peak < others)
    return torch.exp(-0.5 * (distance / width) ** 2) * near


def matching_targets(rows: Tensor, columns: Tensor) -> Tensor:
    """Join axes (B, h, H) and (B, w, W) of :func:`axis_targets` to the matrix (B, h w, H W)."""
    both = rows[:, :, None, :, None] * columns[:, None, :, None, :]
    return both.flatten(3, 4).flatten(1, 2)


def similarities(cells: Tensor, others: Tensor, temperature: float) -> Tensor:
    """Products (B, h w, H W) of vectors (B, D, h, w) and (B, D, H, W), over the temperature."""
    return cells.flatten(2).mT @ others.flatten(2) / temperature


def balanced_matching(logits: Tensor, targets: Tensor, alpha: float) -> Tensor:
    """Binary cross-entropy of every pair of cells, pairs that belong together weighing more.

    Parameters
    ----------
    logits, targets : Tensor (B, n, m)
        :func:`similarities`, :func:`matching_targets`.
    alpha : float
        Weight of what belongs together, from 0 to 1; the rest has ``1 - alpha``.

    Returns
    -------
    Tensor ()
        Mean of ``(alpha y + (1 - alpha) (1 - y)) BCE(s, y)``. Cells that the other lattice does not
        show belong to nothing there, and count.
    """
    weights = (1 - alpha) + (2 * alpha - 1) * targets
    return binary_cross_entropy_with_logits(logits, targets, weights)


def contrastive_matching(logits: Tensor, targets: Tensor) -> Tensor:
    """InfoNCE of every cell that the other lattice shows, over the cells of that lattice.

    Returns
    -------
    Tensor ()
        A process's part of the mean of ``-sum_j y_j log softmax(s)_j``, each row of targets made to
        sum to 1. Not ACE's: van den Oord et al., 2018, on ACE's matrix.
    """
    total = targets.sum(dim=2)
    values = -(targets * logits.log_softmax(dim=2)).sum(dim=2) / total.clamp(min=1)
    return weighted_mean(values.flatten(), (total > 0).float().flatten())
