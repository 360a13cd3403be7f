"""LD's second stage of segmentation: a fresh network learns from what the first one is sure of.

The paper's figure shows a pseudo label and a map of its uncertainty going into a segmentation
network; its formula is not known. Here a pixel counts as much as its label is certain,
``1 - H(p)`` with the binary entropy ``H`` in bits, so that what is undecided is left to the
network's own generalisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_localcl.data.progress import Progress
from napari_localcl.losses.reduction import shared_mean
from napari_localcl.losses.shape import weighted_disagreement

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from napari_localcl.data.prepared import PreparedImages

    from .knowledge import ShapeKnowledge

    Predict = Callable[[Tensor], Tensor]

STAGE = "refine"
CHUNK = 8


@dataclass(frozen=True)
class PseudoLabels:
    """What the first network said of some images.

    Attributes
    ----------
    images : Tensor (P,), int
        Which images.
    maps : Tensor (P, 1, H, W), uint8
        255 times the probability of the structure.
    """

    images: Tensor
    maps: Tensor

    @property
    def area(self) -> float:
        """Mean part of an image that is labelled as structure."""
        return float((self.maps > 127).float().mean())

    def tensors(self) -> dict[str, Tensor]:
        """For saving."""
        return {"pseudo_images": self.images, "pseudo_maps": self.maps}

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> PseudoLabels:
        """From :meth:`tensors`."""
        return cls(tensors["pseudo_images"], tensors["pseudo_maps"])


@dataclass(frozen=True)
class RefineBatch:
    """Views of images and of what labels them.

    Attributes
    ----------
    views : Tensor (n, C, H, W)
        The images.
    maps : Tensor (n, 1, H, W)
        Probabilities of the structure.
    field : Tensor (n, 1, H, W)
        1 where a view shows what the camera saw.
    """

    views: Tensor
    maps: Tensor
    field: Tensor


def label(
    images: PreparedImages, predict: Predict, pool: int, chance: torch.Generator
) -> Generator[Progress, bool | None, PseudoLabels]:
    """Ask the first network about up to ``pool`` images."""
    chosen = torch.randperm(len(images), generator=chance)[:pool]
    maps: list[Tensor] = []
    for rows in torch.split(chosen, CHUNK):
        asked = rows.tolist()
        found = predict(torch.from_numpy(images.batch(asked)).float() / 255).cpu()
        found = found * torch.from_numpy(images.fields(asked)).unsqueeze(1)
        maps.append((found * 255).round().to(torch.uint8))
        done = min(len(maps) * CHUNK, len(chosen))
        if (yield Progress("label", STAGE, done, len(chosen), message="labelling the images")):
            break
    return PseudoLabels(chosen[: len(maps) * CHUNK], torch.cat(maps))


def trusted(labels: PseudoLabels, knowledge: ShapeKnowledge) -> PseudoLabels:
    """Prefer the first guesses to a first network that has hardly learned.

    That is told without labels: its masks are less than half or more than twice as large as the
    prior's, on average. Without guesses its word is all there is.
    """
    wanted = float(knowledge.masks.float().mean() / 255)
    has_learned = 0.5 * wanted <= labels.area <= 2 * wanted
    guessed = (knowledge.guess_of >= 0).nonzero().flatten()
    if has_learned or not len(guessed):
        return labels
    return PseudoLabels(guessed, knowledge.guesses[knowledge.guess_of[guessed]])


def certainty(probability: Tensor) -> Tensor:
    """``1 - H(p)``: 1 where a label is certain, 0 where it is as good as its opposite."""
    p = probability.clamp(1e-6, 1 - 1e-6)
    return 1 + p * p.log2() + (1 - p) * torch.log2(1 - p)


def refine_terms(logits: Tensor, batch: RefineBatch, weighted: bool) -> dict[str, Tensor]:
    """Cross-entropy and Dice of logits (n, 1, H, W) against the hard pseudo labels."""
    hard = (batch.maps > 0.5).float()
    weight = batch.field * certainty(batch.maps) if weighted else batch.field
    return {STAGE: shared_mean(weighted_disagreement(logits.float().sigmoid(), hard, weight))}
