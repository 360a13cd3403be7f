"""What a run of ACTION is told by labels, and how often it looks at which of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from napari_localcl.data.labels import DrawnLabels


@dataclass(frozen=True)
class LabelKnowledge:
    """Labels on the working canvas.

    Attributes
    ----------
    images : Tensor (L,), int
        Which images have labels.
    maps : Tensor (L, H, W), uint8
        0 background, 1 to K the classes, 255 not labelled.
    alike : Tensor (L,)
        Chance of each, such that every volume is as likely as another.
    by_class : Tensor (C, L)
        The same among those that show a class, for the C classes that any shows.
    complete : Tensor (L,), bool
        Which are labelled in every pixel that the image has.
    classes : int
        K.
    """

    images: Tensor
    maps: Tensor
    alike: Tensor
    by_class: Tensor
    complete: Tensor
    classes: int

    @classmethod
    def of(cls, labels: DrawnLabels) -> LabelKnowledge:
        """From labels as the lowest floor draws them."""
        maps, volumes = torch.from_numpy(labels.maps), torch.from_numpy(labels.volumes)
        shows = torch.stack(
            [(maps == one).flatten(1).any(dim=1) for one in range(1, labels.classes + 1)]
        )
        everywhere = torch.ones(len(maps), dtype=torch.bool)
        return cls(
            images=torch.from_numpy(labels.images),
            maps=maps,
            alike=_by_volume(everywhere, volumes),
            by_class=torch.stack([_by_volume(one, volumes) for one in shows if one.any()]),
            complete=torch.from_numpy(labels.complete),
            classes=labels.classes,
        )

    def draw(self, count: int, rare: float, chance: torch.Generator) -> Tensor:
        """Rows (count,) of labels: the part `rare` of them by class, each class alike."""
        weights = (1 - rare) * self.alike + rare * self.by_class.mean(dim=0)
        return torch.multinomial(weights, count, replacement=True, generator=chance)

    def without_labels(self, count: int) -> Tensor:
        """Which of `count` images are not wholly labelled; all, where there are none."""
        wanting = torch.ones(count, dtype=torch.bool)
        wanting[self.images[self.complete]] = False
        return wanting.nonzero().flatten() if wanting.any() else torch.arange(count)


def _by_volume(among: Tensor, volumes: Tensor) -> Tensor:
    """Chances (L,) of some planes: volumes alike, and in each its planes alike; they sum to 1."""
    counts = torch.zeros(int(volumes.max()) + 1).index_add(0, volumes, among.float())
    chances = among / counts[volumes].clamp(min=1)
    return chances / chances.sum()
