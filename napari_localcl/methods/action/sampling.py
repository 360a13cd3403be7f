"""What a training step of ACTION looks at: weak and strong views, with labels and without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_localcl.data.errors import BadInput
from napari_localcl.methods.appearance import draw_appearance
from napari_localcl.methods.filtering import blurred
from napari_localcl.methods.views import draw_geometry

from .mixing import Pasting, draw_blur, draw_pasting

if TYPE_CHECKING:
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.shard import Batch, Shard
    from napari_localcl.methods.views import Geometry

    from .knowledge import LabelKnowledge
    from .settings import ActionSettings, LookSettings


@dataclass(frozen=True)
class LabelledViews:
    """Views (l, C, H, W) and the labels (l, H, W) of their pixels, 255 where there is none."""

    views: Tensor
    labels: Tensor


@dataclass(frozen=True)
class TwoViews:
    """Weak and strong views (n, C, H, W) of the same images."""

    weak: Tensor
    strong: Tensor


@dataclass(frozen=True)
class UnlabelledViews(TwoViews):
    """The same, alike in geometry.

    Attributes
    ----------
    field : Tensor (u, H, W), bool
        Where the views show the image itself.
    pasting : Pasting
        Where each is to show its partner.
    """

    field: Tensor
    pasting: Pasting


@dataclass(frozen=True)
class ActionBatch:
    """The views of one step; those that a stage has no use for are None.

    Attributes
    ----------
    distilled : TwoViews or None
        For distillation.
    labelled : LabelledViews or None
        For supervision.
    unlabelled : UnlabelledViews or None
        For pseudo labels.
    seeds : Tensor (l + u,), int
        One for the choice of pixels of each image of the last stage.
    """

    distilled: TwoViews | None = None
    labelled: LabelledViews | None = None
    unlabelled: UnlabelledViews | None = None
    seeds: Tensor | None = None


@dataclass(frozen=True)
class Sampler:
    """Draws batches; what it draws for the global batch depends on ``chance`` alone."""

    settings: ActionSettings
    images: PreparedImages
    chance: torch.Generator
    shard: Shard
    device: torch.device

    def whole(self) -> ActionBatch:
        """A batch for the stage ``global``: each view has a geometry of its own."""
        chosen = self._any(self.settings.batch)
        return ActionBatch(self._two(chosen, self._geometry(chosen), self._geometry(chosen)))

    def windows(self, knowledge: LabelKnowledge) -> ActionBatch:
        """A batch for the stage ``local``: windows of both views show the same."""
        chosen = self._any(self.settings.batch)
        geometry = self._geometry(chosen)
        return ActionBatch(self._two(chosen, geometry, geometry), self.labelled(knowledge))

    def anatomy(self, knowledge: LabelKnowledge) -> ActionBatch:
        """A batch for the stage ``anatomical``."""
        given = self.settings
        with_teacher = given.pseudo.weight > 0
        labelled = self.labelled(knowledge)
        unlabelled = self.unlabelled(knowledge) if with_teacher else None
        halves = [given.labelled, given.unlabelled] if with_teacher else [given.labelled]
        drawn = [self._share(self._seeds(count)) for count in halves]
        return ActionBatch(None, labelled, unlabelled, torch.cat(drawn))

    def labelled(self, knowledge: LabelKnowledge) -> LabelledViews:
        """Views of images with labels, in which the student sees what is strong."""
        rows = knowledge.draw(self.settings.labelled, self.settings.rare, self.chance)
        chosen = knowledge.images[rows]
        geometry = self._geometry(chosen)
        views = self._views(chosen, geometry, self.settings.strong)
        labels = self._share(knowledge.maps[rows]).unsqueeze(1).to(self.device)
        warped = self._share(geometry).to(self.device).warp_labels(labels)
        return LabelledViews(views, warped.squeeze(1).long())

    def unlabelled(self, knowledge: LabelKnowledge) -> UnlabelledViews:
        """Views of images without labels, or of any where all have them."""
        pool = knowledge.without_labels(len(self.images))
        chosen = pool[torch.randint(len(pool), (self.settings.unlabelled,), generator=self.chance)]
        geometry = self._geometry(chosen)
        both = self._two(chosen, geometry, geometry)
        if len(self._share(chosen)) % 2:
            raise BadInput(
                f"unlabelled={len(chosen)} images cannot be divided in pairs among "
                f"{self.shard.world} processes: set a multiple of {2 * self.shard.world}"
            )
        pasting = draw_pasting(len(chosen), geometry.size, knowledge.classes + 1, self.chance)
        mine = Pasting(self._share(pasting.boxes), self._share(pasting.order))
        mine = Pasting(mine.boxes.to(self.device), mine.order.to(self.device))
        return UnlabelledViews(both.weak, both.strong, self._field(chosen, geometry), mine)

    def _any(self, count: int) -> Tensor:
        return torch.randint(len(self.images), (count,), generator=self.chance)

    def _seeds(self, count: int) -> Tensor:
        return torch.randint(2**31, (count,), generator=self.chance)

    def _geometry(self, chosen: Tensor) -> Geometry:
        canvas = self.images.canvas
        size = self.settings.view_size(canvas)
        return draw_geometry(len(chosen), size, self.settings.geometry(), self.chance, canvas)

    def _two(self, chosen: Tensor, weak: Geometry, strong: Geometry) -> TwoViews:
        given = self.settings
        first = self._views(chosen, weak, given.weak)
        return TwoViews(first, self._views(chosen, strong, given.strong))

    def _views(self, chosen: Tensor, geometry: Geometry, look: LookSettings) -> Tensor:
        looks = draw_appearance(len(chosen), look.ranges(), self.chance)
        sigma = draw_blur(len(chosen), look.blur, self.chance)
        pixels = torch.from_numpy(self.images.batch(self._share(chosen).tolist()))
        warped = self._share(geometry).to(self.device).warp(pixels.to(self.device).float() / 255)
        return self._share(looks).apply(blurred(warped, self._share(sigma)))

    def _field(self, chosen: Tensor, geometry: Geometry) -> Tensor:
        seen = torch.from_numpy(self.images.valid(self._share(chosen).tolist()))
        labels = torch.where(seen, 1, 255).to(torch.uint8).unsqueeze(1).to(self.device)
        return self._share(geometry).to(self.device).warp_labels(labels).squeeze(1) == 1

    def _share(self, batch: Batch) -> Batch:
        """The part of a batch that belongs to this process."""
        return self.shard.take(batch)
