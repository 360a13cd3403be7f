"""Principal components of vectors that come a few at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

SHOWN = 2.5
"""Standard deviations that the range of a colour reaches to each side."""


@dataclass(frozen=True)
class Components:
    """The directions in which vectors differ most.

    Attributes
    ----------
    mean : Tensor (D,)
        Of the vectors.
    axes : Tensor (K, D)
        Unit vectors, of the largest variance first.
    spread : Tensor (K,)
        Standard deviation along each.
    """

    mean: Tensor
    axes: Tensor
    spread: Tensor

    def project(self, vectors: Tensor) -> Tensor:
        """Vectors (..., D) -> how far along each axis, (..., K)."""
        return (vectors.float() - self.mean) @ self.axes.T

    def colours(self, vectors: Tensor) -> Tensor:
        """Vectors (..., D) -> from 0 to 1 along each axis (..., K), the mean at a half."""
        spread = self.spread.clamp(min=1e-6)
        return (0.5 + self.project(vectors) / (2 * SHOWN * spread)).clamp(0, 1)


class Spread:
    """Gathers the mean and the covariance of vectors, exactly and in one pass.

    Parameters
    ----------
    dimensions : int
        Length of the vectors.
    """

    def __init__(self, dimensions: int) -> None:
        self._count = 0
        self._sum = torch.zeros(dimensions, dtype=torch.float64)
        self._squares = torch.zeros(dimensions, dimensions, dtype=torch.float64)

    def add(self, vectors: Tensor) -> None:
        """Take vectors (n, D) into account."""
        vectors = vectors.float()
        self._count += len(vectors)
        self._sum += vectors.sum(dim=0)
        self._squares += vectors.T @ vectors

    def components(self, count: int) -> Components:
        """Return the first principal components; of fewer dimensions, zeros make up the rest.

        Each points to where its largest coordinate is positive, so that the same vectors always
        give the same colours.
        """
        mean = self._sum / max(self._count, 1)
        covariance = self._squares / max(self._count, 1) - torch.outer(mean, mean)
        variances, axes = torch.linalg.eigh(covariance)
        variances, axes = variances.flip(0)[:count].clamp(min=0), axes.T.flip(0)[:count]
        largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))
        axes = axes * torch.where(largest < 0, -1.0, 1.0)
        lacking = count - len(axes)
        return Components(
            mean.float(),
            torch.nn.functional.pad(axes, (0, 0, 0, lacking)).float(),
            torch.nn.functional.pad(variances, (0, lacking)).sqrt().float(),
        )
