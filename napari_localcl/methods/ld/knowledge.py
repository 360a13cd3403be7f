"""What a run is told of a structure: masks of a prior, and first guesses where it lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_localcl.data.progress import Progress
from napari_localcl.models.shape_matching import ShapeMatcher

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from napari_localcl.data.prepared import PreparedImages

    from .shape_settings import ShapeSettings


@dataclass(frozen=True)
class ShapeKnowledge:
    """Everything a shape-guided stage knows beyond images and weights.

    Attributes
    ----------
    masks : Tensor (M, 1, H, W), uint8
        Drawn from the prior: 255 times the part of a pixel that the shape covers.
    located : Tensor (), bool
        Whether where a mask lies means where the structure lies in an image.
    guesses : Tensor (G, 1, H, W), uint8
        First guesses, 255 times the certainty that a pixel belongs to the structure.
    guess_of : Tensor (N,), int
        Which guess is an image's; -1 where it has none.
    """

    masks: Tensor
    located: Tensor
    guesses: Tensor
    guess_of: Tensor

    @classmethod
    def of_prior(cls, masks: Tensor, located: bool) -> ShapeKnowledge:
        """Know the prior's masks (M, 1, H, W), 0 to 1, and no image yet."""
        nothing = torch.zeros(0, *masks.shape[1:], dtype=torch.uint8)
        known = torch.zeros(0, dtype=torch.long)
        return cls(_in_bytes(masks), torch.tensor(located), nothing, known)

    def shapes(self, rows: Tensor | slice) -> Tensor:
        """Some of the prior's masks, (m, 1, H, W) in [0, 1]."""
        return self.masks[rows].float() / 255

    def guess(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """First guesses (n, 1, H, W) in [0, 1] of some images, and which of them have one (n,)."""
        if not len(self.guesses):
            none = torch.zeros(len(chosen), dtype=torch.bool)
            return torch.zeros(len(chosen), *self.masks.shape[1:]), none
        rows = self.guess_of[chosen]
        return self.guesses[rows.clamp(min=0)].float() / 255, rows >= 0

    def tensors(self) -> dict[str, Tensor]:
        """For saving."""
        return dict(vars(self))

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> ShapeKnowledge:
        """From :meth:`tensors`."""
        return cls(**{name: tensors[name] for name in cls.__dataclass_fields__})


def first_guesses(
    knowledge: ShapeKnowledge,
    images: PreparedImages,
    settings: ShapeSettings,
    chance: torch.Generator,
) -> Generator[Progress, bool | None, ShapeKnowledge]:
    """Guess where the structure lies, by fitting masks or by where they lie mostly.

    Without a known appearance nothing can be fitted; without a place, nothing can be averaged.
    """
    if settings.guess_weight and settings.matching and settings.sign:
        return (yield from _fitted(knowledge, images, settings, chance))
    if settings.guess_weight and bool(knowledge.located):
        mean = _in_bytes(knowledge.shapes(slice(None)).mean(dim=0, keepdim=True))
        return _knowing(knowledge, mean, torch.zeros(len(images), dtype=torch.long))
    return knowledge


def _fitted(
    knowledge: ShapeKnowledge,
    images: PreparedImages,
    settings: ShapeSettings,
    chance: torch.Generator,
) -> Generator[Progress, bool | None, ShapeKnowledge]:
    chosen = torch.randperm(len(images), generator=chance)[: settings.matched].tolist()
    masks = knowledge.shapes(slice(settings.masks_fitted))
    reach = settings.reach if bool(knowledge.located) else None
    matcher = ShapeMatcher.of(masks, reach, settings.surroundings)
    found: list[Tensor] = []
    for done, index in enumerate(chosen, 1):
        pixels = torch.from_numpy(images.batch([index])).float() / 255
        seen = torch.from_numpy(images.fields([index])[0]).float()
        guess, _ = matcher.fit(
            settings.sign * settings.brightness(pixels)[0, 0], seen, settings.best
        )
        found.append(_in_bytes(guess))
        late = yield Progress("match", "shape", done, len(chosen), message="fitting the shape")
        if late:
            break
    return _knowing(knowledge, torch.stack(found), _rows(chosen[: len(found)], len(images)))


def _in_bytes(parts: Tensor) -> Tensor:
    return (parts * 255).round().to(torch.uint8)


def _rows(chosen: Sequence[int], count: int) -> Tensor:
    rows = torch.full((count,), -1)
    rows[list(chosen)] = torch.arange(len(chosen))
    return rows


def _knowing(knowledge: ShapeKnowledge, guesses: Tensor, guess_of: Tensor) -> ShapeKnowledge:
    return ShapeKnowledge(knowledge.masks, knowledge.located, guesses, guess_of)
