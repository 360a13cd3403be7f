"""Corresponding points of two views, and the contrast between them at every level.

This is how a method learns *where* something is: a point of one view is to be told from all other
places of the other view. The points correspond by the known geometry of two views of one image, or
by correspondences mined across images (:mod:`napari_localcl.methods.correspondences`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn.functional import avg_pool2d, normalize

from napari_localcl.losses.contrast import point_contrast
from napari_localcl.losses.reduction import weighted_mean
from napari_localcl.models.sampling import cell_centres, sample_at

from .views import inside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.shard import Shard


LEAST_SPREAD = 0.01  # of grey levels within 9 pixels, part of the full range


class PointSettings(BaseModel):
    """How points are contrasted; all lengths are in pixels of the working image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = Field(64, ge=4, le=1024, description="points per pair of views")
    places: int = Field(1536, ge=16, le=16384, description="negative places per view and level")
    near_places: int = Field(48, ge=0, le=512, description="negative places close to each point")
    near_cells: int = Field(
        6, ge=1, le=32, description="how far those reach, in cells of the level"
    )
    exclusion: float = Field(
        1.5, gt=0, le=16, description="cells around a point that are no negative"
    )
    temperature: float = Field(0.1, gt=0, le=1, description="softmax temperature")


@dataclass(frozen=True)
class PointPairs:
    """Corresponding points of two views.

    Attributes
    ----------
    first, second : Tensor (B, P, 2)
        (y, x) in pixels of the views.
    weight : Tensor (B, P)
        0 where there is no correspondence.
    error : Tensor (B,)
        How exact the correspondences of a pair are, in pixels; nearer places are no negatives.
    chance : int
        Seeds the choice of the negative places.
    """

    first: Tensor
    second: Tensor
    weight: Tensor
    error: Tensor
    chance: int

    def part(self, shard: Shard, device: torch.device) -> PointPairs:
        """A process's part of the pairs, on its device."""

        def mine(tensor: Tensor) -> Tensor:
            return shard.take(tensor).to(device)

        first, second, weight, error = map(mine, (self.first, self.second, self.weight, self.error))
        return PointPairs(first, second, weight, error, self.chance)


def draw_points(count: int, boxes: Tensor, chance: torch.Generator) -> Tensor:
    """Points (B, count, 2) uniform in the boxes (B, 4) as (y0, x0, y1, x1)."""
    low, high = boxes[:, None, :2], boxes[:, None, 2:] - 1
    return low + torch.rand(len(boxes), count, 2, generator=chance) * (high - low)


def valid_boxes(images: PreparedImages, chosen: Tensor) -> Tensor:
    """Boxes (B, 4) as (y0, x0, y1, x1) that images fill on the canvas."""
    return torch.tensor([images.placements[index].valid_box() for index in chosen.tolist()])


def choose(
    first: Tensor, second: Tensor, weight: Tensor, count: int, chance: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Keep ``count`` of the pairs, or all; those with weight if there are enough."""
    chosen = torch.multinomial(weight + 1e-6, min(count, weight.shape[1]), generator=chance)
    places = chosen.unsqueeze(2).expand(-1, -1, 2)
    return first.gather(1, places), second.gather(1, places), weight.gather(1, chosen)


def within(points: Tensor, boxes: Tensor) -> Tensor:
    """Which points (B, P, 2) lie in boxes (B, 4) as (y0, x0, y1, x1)."""
    low, high = boxes[:, None, :2], boxes[:, None, 2:] - 1
    return ((points >= low) & (points <= high)).all(dim=2)


def textured(images: Tensor, points: Tensor) -> Tensor:
    """Which points (B, P, 2) of images (B, C, H, W) in [0, 1] lie where there is anything to see.

    A plain background looks the same everywhere: all that could be learned there is the distance to
    the border.
    """
    mean, square = (
        avg_pool2d(values, 9, 4, 4, count_include_pad=False) for values in (images, images**2)
    )
    spread = (square - mean**2).clamp(min=0).mean(dim=1, keepdim=True).sqrt()
    size = (images.shape[2], images.shape[3])
    return sample_at(spread, points, size).squeeze(2) > LEAST_SPREAD


def draw_seed(chance: torch.Generator) -> int:
    """A seed for what is drawn later, on the device."""
    return int(torch.randint(2**31, (1,), generator=chance))


def contrast_levels(
    first: Mapping[int, Tensor],
    second: Mapping[int, Tensor],
    pairs: PointPairs,
    settings: PointSettings,
) -> Tensor:
    """The loss of every level that two views share, summed.

    Parameters
    ----------
    first, second : mapping of int to Tensor (B, D, h, w)
        Stride to embeddings of the two views, of any length.
    pairs : PointPairs
        What corresponds.
    settings : PointSettings
        How to contrast.
    """
    chance = torch.Generator().manual_seed(pairs.chance)
    total = torch.zeros((), device=pairs.first.device)
    for stride in first:
        height, width = first[stride].shape[2:]
        size = (height * stride, width * stride)
        level = _Level(first[stride], second[stride], pairs, stride, size, settings, chance)
        total = total + weighted_mean(level.loss(), pairs.weight)
    return total


@dataclass(frozen=True)
class _Level:
    first: Tensor  # (B, D, h, w)
    second: Tensor  # (B, D, h, w)
    pairs: PointPairs
    stride: int
    size: tuple[int, int]
    settings: PointSettings
    chance: torch.Generator

    def loss(self) -> Tensor:
        """The loss of every point, (B, P): against places anywhere, and against near ones."""
        count = len(self.first)
        here = self.pairs.second  # (B, P, 2)
        anywhere = self._anywhere().to(here).expand(count, -1, -1)  # (B, M, 2)
        offsets = self._near_offsets().to(here)  # (K, 2)
        near = here.unsqueeze(2) + offsets  # (B, P, K, 2)
        query = self._read(self.first, self.pairs.first)
        # Reading a map once, at all places, halves the time of the backward pass.
        parts = [here.shape[1], anywhere.shape[1], near[0, :, :, 0].numel()]
        places = torch.cat([here, anywhere, near.flatten(1, 2)], dim=1)
        positive, others, close = torch.split(self._read(self.second, places), parts, dim=1)
        excluded = torch.cdist(here, anywhere) < self._exclusion
        temperature = self.settings.temperature
        loss = point_contrast(query, positive, others, excluded, temperature)
        if len(offsets):
            known = (offsets.norm(dim=1) >= self._exclusion) & inside(near, self.size)
            loss = loss + near_contrast(query, positive, close, ~known, temperature)
        return loss

    def _read(self, maps: Tensor, points: Tensor) -> Tensor:
        return normalize(sample_at(maps, points, self.size), dim=2)

    @property
    def _exclusion(self) -> Tensor:
        cells = self.settings.exclusion * self.stride
        return self.pairs.error.clamp(min=cells)[:, None, None]  # (B, 1, 1)

    def _anywhere(self) -> Tensor:
        centres = cell_centres(self.size, self.stride)
        return centres[self._some(len(centres), self.settings.places)]

    def _near_offsets(self) -> Tensor:
        if self.second[0, 0].numel() <= self.settings.places:
            return torch.zeros(0, 2)  # every place is looked at already
        reach = torch.arange(-self.settings.near_cells, self.settings.near_cells + 1)
        grid = torch.stack(torch.meshgrid(reach, reach, indexing="ij"), dim=-1).view(-1, 2)
        return grid[self._some(len(grid), self.settings.near_places)] * float(self.stride)

    def _some(self, count: int, wanted: int) -> Tensor:
        return torch.randperm(count, generator=self.chance)[:wanted]


def near_contrast(
    query: Tensor, positive: Tensor, near: Tensor, excluded: Tensor, temperature: float
) -> Tensor:
    """:func:`point_contrast` of every point (B, P, D) with places (B, P * K, D) of its own."""
    count, points, width = query.shape
    loss = point_contrast(
        query.reshape(count * points, 1, width),
        positive.reshape(count * points, 1, width),
        near.reshape(count * points, -1, width),
        excluded.reshape(count * points, 1, -1),
        temperature,
    )
    return loss.view(count, points)
