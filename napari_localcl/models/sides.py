"""Which images show the left and which the right of a pair of organs, told by what was learned.

Embeddings of an image and of its mirror image differ by the side more than by anything else that
images share. So the first principal component of that difference splits the images in two groups.
The same is done with shades, before anything is learned, in :mod:`napari_localcl.data.sides`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

STRIDE = 16  # of the cells compared; finer ones tell no more


@dataclass(frozen=True)
class LearnedSides:
    """A rule that tells the two sides apart.

    Attributes
    ----------
    direction : Tensor (h * w * C,)
        The principal component; the images of the smaller group lie along it.
    """

    direction: Tensor

    @classmethod
    def of(cls, straight: Tensor, mirrored: Tensor) -> LearnedSides:
        """Find the rule in unit vectors (N, h, w, C) of images and of their mirror images."""
        differences = _differences(straight, mirrored)
        # Of the small matrix of images, not of the large one of features.
        weights = torch.linalg.eigh(differences @ differences.T).eigenvectors[:, -1]
        rule = cls(weights @ differences)
        larger = rule.tell(straight, mirrored).float().mean() > 0.5
        return cls(-rule.direction) if larger else rule

    def tell(self, straight: Tensor, mirrored: Tensor) -> Tensor:
        """Which of N images, given as to :meth:`of`, belong to the smaller group: (N,) bool."""
        return _differences(straight, mirrored) @ self.direction > 0


def _differences(straight: Tensor, mirrored: Tensor) -> Tensor:
    return normalize((straight - mirrored).flatten(1).float(), dim=1)


def reflect(points: Tensor, which: Tensor, width: int) -> Tensor:
    """Mirror the points (N, P, 2) of some images (N,), given as (y, x), left and right."""
    down, right = points.unbind(dim=-1)
    turned = torch.stack([down, width - 1 - right], dim=-1)
    return torch.where(which.view(-1, 1, 1), turned, points)
