"""How embeddings fill the sphere that they lie on."""

from __future__ import annotations

import torch
from torch import Tensor


def token_spread(rows: Tensor) -> float:
    """Root mean squared distance of unit vectors (N, D) from their mean: 0 is one point, at most 1.

    The mean cosine of two of them is one minus its square.
    """
    return float((1 - rows.double().mean(dim=0).square().sum()).clamp(min=0).sqrt())


def effective_rank(rows: Tensor) -> float:
    """How many dimensions vectors (N, D) fill: from 1 (a line through the origin) to D.

    Notes
    -----
    The exponential of the entropy of the normalised singular values: Roy and Vetterli, "The
    effective rank", EUSIPCO 2007; as a figure without labels: Garrido et al., "RankMe", ICML 2023.
    """
    rows = rows.double()
    values = torch.linalg.eigvalsh(rows.T @ rows).clamp(min=0).sqrt()
    shares = values / values.sum().clamp(min=1e-12)
    return float(torch.special.entr(shares).sum().exp())


def uniformity(rows: Tensor) -> float:
    """Log mean Gaussian potential of pairs of unit vectors (N, D): 0 is one point, lower is wider.

    Notes
    -----
    Wang and Isola, "Understanding contrastive representation learning through alignment and
    uniformity on the hypersphere", ICML 2020, with their t = 2.
    """
    return float(torch.pdist(rows.float()).square().mul(-2).exp().mean().log())
