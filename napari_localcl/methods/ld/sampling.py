"""What a training step of LD looks at: views of images, their mixtures, and what corresponds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_localcl.methods.appearance import draw_apertures, draw_appearance
from napari_localcl.methods.correspondences import MinedPairs, draw
from napari_localcl.methods.points import (
    PointPairs,
    choose,
    draw_points,
    draw_seed,
    textured,
    valid_boxes,
    within,
)
from napari_localcl.methods.views import draw_geometry, inside
from napari_localcl.models.sampling import cell_centres

from .refine import RefineBatch
from .shape import PENALISED, ShapeBatch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.shard import Shard
    from napari_localcl.methods.appearance import Apertures, Appearance
    from napari_localcl.methods.views import Geometry, GeometryRanges

    from .knowledge import ShapeKnowledge
    from .refine import PseudoLabels
    from .settings import LDSettings


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
    shown : Tensor (2b, h * w), bool
        Which of them both views show.
    points : PointPairs
        Corresponding points of first and second views.
    """

    views: Tensor
    mixed: Tensor
    share: Tensor
    lattice: Tensor
    shown: Tensor
    points: PointPairs


@dataclass(frozen=True)
class PairBatch:
    """Views (4b, C, H, W) of corresponding images, first ones first, and their points."""

    views: Tensor
    points: PointPairs


@dataclass(frozen=True)
class Side:
    """How the first or the second views of a batch are made.

    Attributes
    ----------
    geometry, apertures, looks
        One of each per view.
    """

    geometry: Geometry
    apertures: Apertures
    looks: Appearance

    def shows(self, points: Tensor) -> Tensor:
        """Which points (B, P, 2) of the views lie inside and are open."""
        return inside(points, self.geometry.size) & self.apertures.shows(points)


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
        return self._patches(
            *self._two_views(self.settings.shared_geometry(), 2 * self.settings.pairs)
        )

    def shapes(self, knowledge: ShapeKnowledge) -> ShapeBatch:
        """A batch for the stage ``shape``."""
        given = self.settings
        with_patches = given.patch_weight or given.mixup_weight or given.point_weight
        # Only patches need two views of an image; a game learns more from as many images.
        count = given.views // 2 if with_patches else given.views
        chosen, both = self._two_views(given.shape_geometry(), count)
        sides = both if with_patches else both[:1]
        patches = self._patches(chosen, both) if with_patches else None
        guesses, guessed = knowledge.guess(chosen)
        field = self._fields(chosen)
        masks, poses = self._masks(knowledge, given.views)
        views = patches.views if patches else self._both(self._views(chosen, s) for s in sides)
        return ShapeBatch(
            views=views,
            field=self._both(self._warped(field, side) for side in sides),
            guesses=self._both(self._warped(guesses, side) for side in sides),
            guessing=len(knowledge.guesses) > 0,
            guessed=self.shard.take(guessed).float().repeat(len(sides)).to(self.device),
            shapes=self._warped(masks, poses),
            penalised=bool(torch.rand((), generator=self.chance) < PENALISED),
            patches=patches,
        )

    def labelled(self, labels: PseudoLabels) -> RefineBatch:
        """A batch for the stage ``refine``."""
        count = self.settings.shape.refine.batch
        rows = torch.randint(len(labels.images), (count,), generator=self.chance)
        chosen = labels.images[rows]
        side, _ = self._sides(count, self.settings.shape_geometry())
        maps = self._warped(labels.maps[rows].float() / 255, side)
        return RefineBatch(
            self._views(chosen, side), maps, self._warped(self._fields(chosen), side)
        )

    def _two_views(self, shared: GeometryRanges, count: int) -> tuple[Tensor, tuple[Side, Side]]:
        chosen = torch.randint(len(self.images), (count,), generator=self.chance)
        return chosen, self._sides(count, shared)

    def _fields(self, chosen: Tensor) -> Tensor:
        """What the camera saw of images, (n, 1, H, W)."""
        return torch.from_numpy(self.images.fields(chosen.tolist())).float().unsqueeze(1)

    def _masks(self, knowledge: ShapeKnowledge, count: int) -> tuple[Tensor, Side]:
        """Masks of the prior, and how they are viewed: as the images are."""
        rows = torch.randint(len(knowledge.masks), (count,), generator=self.chance)
        side, _ = self._sides(count, self.settings.shape_geometry())
        return knowledge.shapes(rows), side

    def _warped(self, maps: Tensor, side: Side) -> Tensor:
        geometry = self.shard.take(side.geometry).to(self.device)
        return geometry.warp(self.shard.take(maps).to(self.device))

    @staticmethod
    def _both(parts: Iterable[Tensor]) -> Tensor:
        return torch.cat(list(parts))

    def _patches(self, chosen: Tensor, sides: tuple[Side, Side]) -> PatchBatch:
        given = self.settings
        points = self._self_pairs(chosen, sides)
        lattice = self._lattice(sides)
        shown = sides[0].shows(lattice[0]) & sides[1].shows(lattice[1])
        share = torch.rand(given.pairs, generator=self.chance) * 0.6 + 0.2
        share = self.shard.take(share).to(self.device)
        first, second = (self._views(chosen, side) for side in sides)
        part = share.view(-1, 1, 1, 1)
        return PatchBatch(
            views=torch.cat([first, second]),
            mixed=part * first[0::2] + (1 - part) * first[1::2],
            share=share,
            lattice=torch.stack([self.shard.take(places) for places in lattice]).to(self.device),
            shown=self.shard.take(shown).to(self.device),
            points=points.part(self.shard, self.device),
        )

    def pairs(self, mined: MinedPairs) -> PairBatch:
        """A batch for the stage ``correspondences``."""
        count = 2 * self.settings.pairs
        drawn = draw(mined, count, self.images, self.settings.correspondences, self.chance)
        # Around the centre, and rather whole: the two images must show the same anatomy.
        sides = self._sides(count, self.settings.pair_geometry(), drawn.mirrored)
        first, second = (
            sides[0].geometry.to_view(drawn.first),
            sides[1].geometry.to_view(drawn.second),
        )
        weight = drawn.trusted * sides[0].shows(first) * sides[1].shows(second)
        kept = choose(first, second, weight, self.settings.points.count, self.chance)
        points = PointPairs(*kept, drawn.error, draw_seed(self.chance))
        views = [self._views(drawn.images[:, column], side) for column, side in enumerate(sides)]
        return PairBatch(torch.cat(views), points.part(self.shard, self.device))

    def _sides(
        self, count: int, ranges: GeometryRanges, mirrored: Tensor | None = None
    ) -> tuple[Side, Side]:
        """First and second views of images of which some, (count, 2), are shown mirrored."""
        canvas, given = self.images.canvas, self.settings
        size = given.view_size(canvas)
        shared = draw_geometry(count, size, ranges, self.chance, canvas)
        if mirrored is None:
            mirrored = torch.zeros(count, 2, dtype=torch.bool)

        def side(column: int, quarter_turns: bool) -> Side:
            own = draw_geometry(count, size, given.view_geometry(quarter_turns), self.chance)
            apertures = draw_apertures(count, size, given.aperture, self.chance)
            looks = draw_appearance(count, given.appearance(), self.chance)
            return Side(own.after(shared.mirrored(mirrored[:, column])), apertures, looks)

        return side(0, False), side(1, given.quarter_turns)

    def _self_pairs(self, chosen: Tensor, sides: tuple[Side, Side]) -> PointPairs:
        """Points that correspond because both views show the same image."""
        count = self.settings.points.count
        frame = torch.tensor([0.0, 0.0, *sides[0].geometry.size]).expand(len(chosen), 4)
        first = draw_points(4 * count, frame, self.chance)
        places = sides[0].geometry.to_image(first)
        second = sides[1].geometry.to_view(places)
        pixels = torch.from_numpy(self.images.batch(chosen.tolist())).float() / 255
        known = within(places, valid_boxes(self.images, chosen)) & textured(pixels, places)
        weight = (known & sides[0].shows(first) & sides[1].shows(second)).float()
        kept = choose(first, second, weight, count, self.chance)
        return PointPairs(*kept, torch.zeros(len(chosen)), draw_seed(self.chance))

    def _views(self, chosen: Tensor, side: Side) -> Tensor:
        geometry = self.shard.take(side.geometry).to(self.device)
        pixels = torch.from_numpy(self.images.batch(self.shard.take(chosen).tolist()))
        views = geometry.warp(pixels.to(self.device).float() / 255)
        return self.shard.take(side.apertures).apply(self.shard.take(side.looks).apply(views))

    def _lattice(self, sides: tuple[Side, Side]) -> tuple[Tensor, Tensor]:
        first, second = (side.geometry for side in sides)
        places = cell_centres(first.size, self.settings.patch_stride)
        places = places.expand(len(first), -1, -1)
        if self.settings.random_offset:
            patch = torch.tensor(first.size) / self.settings.grid
            places = places + (torch.rand(len(first), 1, 2, generator=self.chance) - 0.5) * patch
        return places, second.to_view(first.to_image(places))
