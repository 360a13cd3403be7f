"""Two crops of one image whose cells fit into each other: ACE's grid-wise cropping.

An image is a lattice of cells. The small crop shows ``n x n`` of them, each as a token; the large
crop shows ``s n x s n``, each ``s x s`` of them as a token. Because the corners of both lie on the
lattice, and at the same place modulo ``s``, a token of the large crop is exactly a block of
``s x s`` tokens of the small one, wherever both show it.

Corners, sizes and offsets are (row, column) throughout, like pixels (y, x).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_localcl.methods.views import Geometry

if TYPE_CHECKING:
    from napari_localcl.models.tokens import Cell

Size = tuple[int, int]


@dataclass(frozen=True)
class GridCrops:
    """Where the crops of B images lie.

    Attributes
    ----------
    large, small : Tensor (B, 2), int
        First cell, (row, column), of either crop; equal modulo `scale`.
    tokens : tuple of int
        Rows and columns of tokens, the same in both crops.
    scale : int
        Cells along each side of a token of the large crop; 1 makes both crops alike.
    cell : int
        Side of a cell in pixels.
    """

    large: Tensor
    small: Tensor
    tokens: Size
    scale: int
    cell: Cell

    def __len__(self) -> int:
        return len(self.large)

    def __getitem__(self, chosen: slice) -> GridCrops:
        return replace(self, large=self.large[chosen], small=self.small[chosen])

    def to(self, device: torch.device) -> GridCrops:
        """The same crops on a device."""
        return replace(self, large=self.large.to(device), small=self.small.to(device))

    @property
    def fine(self) -> Tensor:
        """Token ``t`` of the small crop is cell ``fine + t`` of the large one, (B, 2) int."""
        return self.small - self.large

    @property
    def coarse(self) -> Tensor:
        """Token ``t`` of the large crop is block ``coarse + t`` of the small one, (B, 2) int."""
        return (self.large - self.small) // self.scale

    def overlap(self) -> tuple[Tensor, Tensor]:
        """Which tokens (B, rows, columns) of the large, and of the small crop, both crops show."""
        rows, columns = self.tokens
        blocks = (rows // self.scale, columns // self.scale)
        cells = (rows * self.scale, columns * self.scale)
        return self._shown(self.coarse, blocks), self._shown(self.fine, cells)

    def _shown(self, offset: Tensor, others: Size) -> Tensor:
        rows, columns = (
            offset[:, axis, None] + torch.arange(self.tokens[axis], device=offset.device)
            for axis in (0, 1)
        )
        rows, columns = (rows >= 0) & (rows < others[0]), (columns >= 0) & (columns < others[1])
        return rows[:, :, None] & columns[:, None, :]

    def geometry_small(self, base: Geometry) -> Geometry:
        """How the small crops are cut from images that are seen by `base`."""
        return self._geometry(self.small, 1, 1).after(base)

    def geometry_large(self, base: Geometry) -> tuple[Geometry, int]:
        """The same of the large crops, and the factor by which their pixels are then averaged.

        Bilinear reading averages 2 x 2 pixels exactly, and no more; what is left, averaging does.
        """
        pooled = max(1, self.scale // 2)
        return self._geometry(self.large, self.scale // pooled, pooled).after(base), pooled

    def _geometry(self, corner: Tensor, step: int, times: int) -> Geometry:
        """Crops from these cells on, with every `step`-th pixel, and `times` their final size."""
        rows, columns = (n * self.cell * times for n in self.tokens)
        linear = torch.eye(2).mul(step).expand(len(corner), 2, 2)
        offset = corner * self.cell + (step - 1) / 2
        matrix = torch.cat([linear, offset.unsqueeze(2)], dim=2)
        return Geometry(matrix, None, (rows, columns), (rows, columns))


def fitting_tokens(cells: Size, most: int, scale: int) -> Size:
    """Rows and columns of tokens: at most so many, blocks of `scale`, large crops that fit.

    0 where an image has too few cells for any.
    """
    rows, columns = (min(most, n // scale) // scale * scale for n in cells)
    return rows, columns


def draw_crops(
    count: int, cells: Size, tokens: Size, scale: int, cell: Cell, chance: torch.Generator
) -> GridCrops:
    """Draw two crops of each of `count` images.

    Parameters
    ----------
    count : int
        How many.
    cells : tuple of int
        Rows and columns of an image's cells.
    tokens, scale, cell
        As :class:`GridCrops` says; `tokens` come from :func:`fitting_tokens`.
    chance : torch.Generator
        What to draw with.

    Notes
    -----
    The large crop lies anywhere; of the small one, at least half of each side is in it. On the
    published lattice of 32 x 32 cells, with 14 x 14 tokens and a scale of 2, that is always so, and
    the small crop lies anywhere too.
    """
    whole, side = torch.tensor(cells), torch.tensor(tokens)
    large = _uniform(torch.zeros(count, 2), (whole - scale * side).expand(count, 2), chance)
    lowest = (large - side // 2).clamp(min=0)
    highest = (large + scale * side - side + side // 2).minimum(whole - side)
    back, forth = (large - lowest) // scale, (highest - large) // scale
    small = large + scale * _uniform(-back, forth, chance)
    return GridCrops(large, small, tokens, scale, cell)


def _uniform(lowest: Tensor, highest: Tensor, chance: torch.Generator) -> Tensor:
    """Whole numbers from lowest to highest, both included."""
    part = torch.rand(lowest.shape, generator=chance)
    return lowest.long() + (part * (highest - lowest + 1)).long()
