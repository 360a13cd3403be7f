"""What a training step of LD looks at: views of images, their mixtures, and what corresponds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_localcl.models.sampling import cell_centres

from .correspondences import MinedPairs, draw
from .points import PointPairs, self_pairs, valid_boxes
from .views import GeometryRanges, draw_appearance, draw_geometry

if TYPE_CHECKING:
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.shard import Shard

    from .ld_settings import LDSettings
    from .views import Appearance, Geometry


@dataclass(frozen=True)
class PatchBatch:
    """Two views of each image, and mixtures of the first views.

    Attributes
    ----------
    views : Tensor (4b, C, H, W)
        First views of 2b images, then their second views; images 2i and 2i + 1 are a pair.
    mixed : Tensor (b, C, H, W)
        Mixtures of the first views of the pairs.
    share : Tensor (b,)
        The first image's part in its mixture.
    lattice : Tensor (2, 2b, h * w, 2)
        Where the pixels of the first view's embedding lie in the first and in the second view.
    points : PointPairs
        Corresponding points of first and second views.
    """

    views: Tensor
    mixed: Tensor
    share: Tensor
    lattice: Tensor
    points: PointPairs


@dataclass(frozen=True)
class PairBatch:
    """Views (4b, C, H, W) of corresponding images, first ones first, and their points."""

    views: Tensor
    points: PointPairs


@dataclass(frozen=True)
class Sampler:
    """Draws batches; what it draws for the global batch depends on ``chance`` alone."""

    settings: LDSettings
    images: PreparedImages
    chance: torch.Generator
    shard: Shard
    device: torch.device

    def patches(self) -> PatchBatch:
        """A batch for the stages ``patches`` and ``regions``."""
        count = 2 * self.settings.pairs
        chosen = torch.randint(len(self.images), (count,), generator=self.chance)
        geometries = self._geometries(count, self.settings.shared_geometry())
        points = self_pairs(
            geometries,
            torch.from_numpy(self.images.batch(chosen.tolist())).float() / 255,
            valid_boxes(self.images, chosen),
            self.settings.points.count,
            self.chance,
        )
        lattice = self._lattice(geometries)
        share = torch.rand(self.settings.pairs, generator=self.chance) * 0.6 + 0.2
        share = self.shard.take(share).to(self.device)
        first, second = (self._views(chosen, geometry) for geometry in geometries)
        part = share.view(-1, 1, 1, 1)
        return PatchBatch(
            views=torch.cat([first, second]),
            mixed=part * first[0::2] + (1 - part) * first[1::2],
            share=share,
            lattice=torch.stack([self.shard.take(side) for side in lattice]).to(self.device),
            points=points.part(self.shard, self.device),
        )

    def pairs(self, mined: MinedPairs) -> PairBatch:
        """A batch for the stage ``correspondences``."""
        count = 2 * self.settings.pairs
        drawn = draw(mined, count, self.images, self.settings.correspondences, self.chance)
        # Magnified alike, two images need not show the same part of the anatomy.
        geometries = self._geometries(count, GeometryRanges())
        points = drawn.in_views(geometries, self.settings.points.count, self.chance)
        views = [self._views(drawn.images[:, side], geometries[side]) for side in range(2)]
        return PairBatch(torch.cat(views), points.part(self.shard, self.device))

    def _geometries(self, count: int, ranges: GeometryRanges) -> tuple[Geometry, Geometry]:
        size, given = self.images.canvas, self.settings
        shared = draw_geometry(count, size, ranges, self.chance)
        first = draw_geometry(count, size, given.view_geometry(), self.chance)
        turned = given.view_geometry(given.quarter_turns)
        second = draw_geometry(count, size, turned, self.chance)
        return first.after(shared), second.after(shared)

    def _views(self, chosen: Tensor, geometry: Geometry) -> Tensor:
        look = draw_appearance(len(chosen), self.settings.appearance(), self.chance)
        mine: Appearance = self.shard.take(look)
        here: Geometry = self.shard.take(geometry)
        pixels = torch.from_numpy(self.images.batch(self.shard.take(chosen).tolist()))
        return mine.apply(here.to(self.device).warp(pixels.to(self.device).float() / 255))

    def _lattice(self, geometries: tuple[Geometry, Geometry]) -> tuple[Tensor, Tensor]:
        first, second = geometries
        places = cell_centres(first.size, self.settings.patch_stride)
        places = places.expand(len(first), -1, -1)
        if self.settings.random_offset:
            patch = torch.tensor(first.size) / self.settings.grid
            places = places + (torch.rand(len(first), 1, 2, generator=self.chance) - 0.5) * patch
        return places, second.to_view(first.to_image(places))
