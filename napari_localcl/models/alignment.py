"""How one image maps smoothly onto another, from the matches of their coarse embeddings.

All points are (y, x) in pixels of the canvas.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .sampling import cell_centres

ALIGNMENT_STRIDE = 8
"""Stride at which images are aligned: fine enough for anatomy, coarse enough to match all cells."""


@dataclass(frozen=True)
class Matches:
    """Where places of first images lie in second images, and how far that can be trusted.

    Attributes
    ----------
    sources, targets : Tensor (B, G, 2)
        (y, x) in canvas pixels.
    weights : Tensor (B, G)
        Similarity squared where matching back, to the sources, returns to within one cell, else 0.
    """

    sources: Tensor
    targets: Tensor
    weights: Tensor


def coarse_matches(first: Tensor, second: Tensor, stride: int, every: int = 1) -> Matches:
    """Match cells of first images to their most similar cells of second images.

    Parameters
    ----------
    first, second : Tensor (B, h, w, C)
        Unit vectors of pairs of images.
    stride : int
        Stride of both.
    every : int
        Match only every so many rows and columns of the first images.
    """
    count, height, width, _ = first.shape
    cells = cell_centres((height * stride, width * stride), stride).to(first.device)
    asked = torch.arange(height * width, device=first.device).view(height, width)
    asked = asked[every // 2 :: every, every // 2 :: every].flatten()
    similarity = first.flatten(1, 2)[:, asked] @ second.flatten(1, 2).mT  # (B, G, h * w)
    best, forth = similarity.max(dim=2)
    matched = similarity.gather(2, forth.unsqueeze(1).expand(-1, len(asked), -1))
    back = matched.max(dim=1).indices
    cycle = (cells[asked][back] - cells[asked]).norm(dim=2)
    weights = best.float().clamp(min=0) ** 2 * (cycle <= 1.5 * stride)
    return Matches(cells[asked].expand(count, -1, -1), cells[forth], weights)


@dataclass(frozen=True)
class SmoothMap:
    """A robust affine map with smoothly varying corrections, fitted to matches of image pairs."""

    affine: Tensor  # (B, 3, 2), acts on points divided by the scale
    sources: Tensor  # (B, G, 2)
    corrections: Tensor  # (B, G, 2)
    weights: Tensor  # (B, G)
    reach: float
    scale: float

    def __call__(self, points: Tensor) -> Tensor:
        """Points (B, P, 2) of the first images, in the second images."""
        near = torch.cdist(points, self.sources).square() / (-2 * self.reach**2)
        share = near.exp() * self.weights.unsqueeze(1)  # (B, P, G)
        # The constant pulls the correction to zero where no match is near.
        total = share.sum(dim=2, keepdim=True) + 0.05
        return self.straight(points) + share @ self.corrections / total

    def straight(self, points: Tensor) -> Tensor:
        """Where the affine map alone puts points (B, P, 2)."""
        return _homogeneous(points, self.scale) @ self.affine


def fit_smooth_map(
    sources: Tensor, targets: Tensor, weights: Tensor, size: tuple[int, int], reach: float
) -> SmoothMap:
    """Fit an affine map by iteratively reweighted least squares, keep the residuals.

    Parameters
    ----------
    sources, targets : Tensor (B, G, 2)
        Matches.
    weights : Tensor (B, G)
        Trust in each; 0 leaves a match out.
    size : tuple of int
        Canvas height and width, for the conditioning of the fit.
    reach : float
        Standard deviation, in pixels, of the neighbourhood that shares a correction.
    """
    scale = float(max(size))
    basis = _homogeneous(sources, scale)  # (B, G, 3)
    robust = weights
    for _ in range(12):
        affine = _weighted_least_squares(basis, targets, robust)
        residual = (basis @ affine - targets).norm(dim=2)
        robust = weights * _geman_mcclure(residual, weights > 0)
    corrections = targets - basis @ affine
    return SmoothMap(affine, sources, corrections, robust, reach, scale)


def _homogeneous(points: Tensor, scale: float) -> Tensor:
    return torch.cat([points / scale, torch.ones_like(points[..., :1])], dim=-1)


def _weighted_least_squares(basis: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    weighted = basis.transpose(1, 2) * weights.unsqueeze(1)  # (B, 3, G)
    ridge = 1e-4 * torch.eye(3, device=basis.device)
    solution: Tensor = torch.linalg.solve(weighted @ basis + ridge, weighted @ targets)
    return solution


def _geman_mcclure(residual: Tensor, known: Tensor) -> Tensor:
    typical = residual.masked_fill(~known, torch.nan).nanmedian(dim=1, keepdim=True).values
    width = 1.5 * torch.nan_to_num(typical, nan=1.0).clamp(min=2.0)
    return (1 + (residual / width) ** 2) ** -2


def smooth_map(
    first: Tensor, second: Tensor, stride: int, size: tuple[int, int], reach: float
) -> SmoothMap:
    """The smooth map from first to second images by their coarse embeddings (B, h, w, C)."""
    # Every third cell is enough for a smooth map, and a ninth of the work.
    found = coarse_matches(first, second, stride, every=3)
    return fit_smooth_map(found.sources, found.targets, found.weights, size, reach)
