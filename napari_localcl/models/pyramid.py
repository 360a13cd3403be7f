"""Embeddings of images at several strides, and how to read them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, normalize

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Pyramid:
    """Embeddings of N images at several strides.

    Attributes
    ----------
    maps : mapping of int to Tensor (M, h, w, D)
        Stride to vectors of every cell, of any type; may lie in a mapped file.
    size : tuple of int
        Height and width of the canvas.
    rows : Tensor (N,), int
        Which rows of the maps are the images: choosing images copies nothing.
    length : float
        Length of the vectors, 127 where they are kept as bytes.
    """

    maps: Mapping[int, Tensor]
    size: tuple[int, int]
    rows: Tensor
    length: float = 1.0

    @classmethod
    def of(cls, maps: Mapping[int, Tensor], size: tuple[int, int]) -> Pyramid:
        """All images of maps of unit vectors."""
        first = next(iter(maps.values()))
        return cls(maps, size, torch.arange(len(first), device=first.device))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, images: Tensor | slice) -> Pyramid:
        return replace(self, rows=self.rows[images])

    @property
    def strides(self) -> tuple[int, ...]:
        """Finest first."""
        return tuple(sorted(self.maps))

    def level(self, stride: int) -> Tensor:
        """Return the unit vectors of one level as (N, D, h, w)."""
        chosen = self.maps[stride].index_select(0, self.rows)
        return chosen.movedim(3, 1).float().div_(self.length)

    def cells(self, stride: int, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the vectors (N, P, i, j, D) of cells: rows (N, P, i), columns (N, P, j)."""
        maps = self.maps[stride]
        rows = rows.clamp(0, maps.shape[1] - 1)
        columns = columns.clamp(0, maps.shape[2] - 1)
        images = self.rows[:, None, None, None]
        return maps[images, rows[..., :, None], columns[..., None, :]].float() / self.length

    def at(self, points: Tensor) -> dict[int, Tensor]:
        """Read the embeddings (N, P, D) at points (N, P, 2) bilinearly, one per stride."""
        return {stride: self._at(stride, points) for stride in self.strides}

    def _at(self, stride: int, points: Tensor) -> Tensor:
        # By the four cells around each point only: maps are large and points are few.
        last = torch.tensor(self.maps[stride].shape[1:3], device=points.device) - 1
        places = ((points + 0.5) / stride - 0.5).clamp(min=0).minimum(last)
        before = places.floor().long()
        pair = torch.arange(2, device=points.device)
        cells = self.cells(stride, before[..., :1] + pair, before[..., 1:] + pair)
        down, right = (places - before).view(*points.shape, 1, 1).unbind(dim=2)
        rows = torch.lerp(cells[:, :, 0], cells[:, :, 1], down)
        return normalize(torch.lerp(rows[:, :, 0], rows[:, :, 1], right.squeeze(3)), dim=2)

    def coarse(self, stride: int) -> Tensor:
        """Join the levels from `stride` upwards to unit vectors (N, h, w, C) of its cells."""
        levels = [self.level(s) for s in self.strides if s >= stride]
        if not levels:
            coarsest = self.strides[-1]
            levels = [avg_pool2d(self.level(coarsest), stride // coarsest)]
        size = (levels[0].shape[2], levels[0].shape[3])
        larger = [levels[0], *(enlarge(level, size) for level in levels[1:])]
        return normalize(torch.cat([level.movedim(1, 3) for level in larger], dim=3), dim=3)


def enlarge(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Interpolate maps (N, C, h, w) bilinearly to a larger size."""
    return interpolate(maps, size=size, mode="bilinear", align_corners=False)
