"""Correspondences mined across images, as supervision of any method's encoder.

Views of one image teach an encoder to recognise a place again, and, trained for long, also to tell
individuals apart. So an encoder that already finds most places in other images is asked for
correspondences between random images; those that survive a forward-backward check then serve as
pairs of points, beside views of one image, for the next stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from napari_localcl.data.progress import Progress
from napari_localcl.models.matching import Correspondences, correspond
from napari_localcl.models.pyramid import Pyramid
from napari_localcl.models.sides import STRIDE as SIDES_STRIDE
from napari_localcl.models.sides import LearnedSides, reflect

from .points import draw_points, textured, valid_boxes, within

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from napari_localcl.data.prepared import PreparedImages

    Embed = Callable[[PreparedImages, list[int]], Pyramid]

STAGE = "correspondences"
CHUNK = 8  # images embedded, and pairs matched, at once


class CorrespondenceSettings(BaseModel):
    """How correspondences are mined and used; lengths in pixels of the working image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rounds: int = Field(2, ge=1, le=8, description="times that the stage mines anew")
    pairs: int = Field(120, ge=2, le=100_000, description="image pairs matched per round")
    pool: int = Field(400, ge=2, le=10_000, description="images that a round draws its pairs from")
    spacing: float = Field(20.0, ge=4, le=128, description="spacing of the points matched")
    cycle_error: float = Field(2.0, gt=0, le=32, description="largest error after matching back")
    exactness: float = Field(
        5.0, ge=0, le=64, description="places nearer than this are no negative"
    )
    self_share: float = Field(
        0.25, ge=0, le=1, description="part of a batch that is one image twice"
    )


@dataclass(frozen=True)
class MinedPairs:
    """Correspondences of M pairs of images.

    Attributes
    ----------
    images : Tensor (M, 2), int
        Indices of the images of each pair.
    first, second : Tensor (M, G, 2)
        Corresponding points, in canvas pixels.
    trusted : Tensor (M, G), bool
        Which survived the forward-backward check.
    mirrored : Tensor (M, 2), bool
        Which images must be mirrored for both of a pair to show the same side.
    """

    images: Tensor
    first: Tensor
    second: Tensor
    trusted: Tensor
    mirrored: Tensor

    def tensors(self) -> dict[str, Tensor]:
        """For saving."""
        return dict(vars(self))

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> MinedPairs:
        """From :meth:`tensors`."""
        return cls(**tensors)


def mine(
    images: PreparedImages,
    embed: Embed,
    settings: CorrespondenceSettings,
    chance: torch.Generator,
    two_sides: bool = False,
) -> Generator[Progress, bool | None, MinedPairs]:
    """Match random pairs of images; the generator returns :class:`MinedPairs`.

    Told to hurry (by a true value sent to the generator), it stops with the pairs it has.
    Where left and right organs are mixed (``two_sides``), the sides are told first, by what the
    encoder knows, and those of one side are matched mirrored.
    """
    pool = torch.randperm(len(images), generator=chance)[: settings.pool]
    turned = torch.zeros(len(images), dtype=torch.bool)
    if two_sides:
        turned[pool] = yield from _tell_sides(images, embed, pool)
        images = images.mirrored(turned.tolist())
    pyramids = []
    for chosen in torch.split(pool, CHUNK):
        pyramids.append(embed(images, chosen.tolist()))
        yield Progress("mine", STAGE, message="embedding the images to match")
    pyramid = _join(pyramids)
    pairs = _draw_pairs(len(pool), settings.pairs, chance)
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    for rows in torch.split(pairs, CHUNK):
        points = _grid(len(rows), pyramid.size, settings.spacing, chance)
        there = points.to(pyramid.rows.device)
        matched = correspond(pyramid[rows[:, 0]], pyramid[rows[:, 1]], there)
        found.append(_trusted(images, pool[rows], matched, settings.cycle_error))
        done = min(len(found) * CHUNK, len(pairs))
        if (yield Progress("mine", STAGE, done, len(pairs), message="matching pairs of images")):
            break
    first, second, trusted = (torch.cat(part) for part in zip(*found, strict=True))
    rows = pool[pairs[: len(first)]]
    first, second = (
        reflect(points, turned[rows[:, column]], images.canvas[1])
        for column, points in enumerate((first, second))
    )
    return MinedPairs(rows, first, second, trusted, turned[rows])


def _tell_sides(
    images: PreparedImages, embed: Embed, pool: Tensor
) -> Generator[Progress, bool | None, Tensor]:
    """Which images of the pool show the side that fewer of them show, (N,) bool."""
    both: list[Tensor] = []
    for mirrored in (False, True):
        shown = images.mirrored([mirrored] * len(images))
        parts = []
        for chosen in torch.split(pool, CHUNK):
            parts.append(embed(shown, chosen.tolist()).coarse(SIDES_STRIDE).cpu())
            yield Progress("mine", STAGE, message="telling left from right")
        both.append(torch.cat(parts))
    return LearnedSides.of(*both).tell(*both)


def _join(parts: list[Pyramid]) -> Pyramid:
    strides = parts[0].strides
    maps = {stride: torch.cat([part.maps[stride] for part in parts]) for stride in strides}
    return Pyramid.of(maps, parts[0].size)


def _draw_pairs(count: int, pairs: int, chance: torch.Generator) -> Tensor:
    first = torch.randint(count, (pairs,), generator=chance)
    further = 1 + torch.randint(max(count - 1, 1), (pairs,), generator=chance)
    return torch.stack([first, (first + further) % count], dim=1)


def _grid(count: int, size: tuple[int, int], spacing: float, chance: torch.Generator) -> Tensor:
    rows, columns = (torch.arange(spacing / 2, n, spacing) for n in size)
    nodes = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1).view(-1, 2)
    return nodes + (torch.rand(count, len(nodes), 2, generator=chance) - 0.5) * spacing


def _trusted(
    images: PreparedImages, rows: Tensor, matched: Correspondences, tolerance: float
) -> tuple[Tensor, Tensor, Tensor]:
    """First points, second points, and which of them survive, of pairs of images (B, 2)."""
    sides = [matched.first.cpu(), matched.second.cpu()]
    trusted = matched.cycle_error.cpu() <= tolerance
    for column, points in enumerate(sides):
        pixels = torch.from_numpy(images.batch(rows[:, column].tolist())).float() / 255
        trusted &= within(points, valid_boxes(images, rows[:, column])) & textured(pixels, points)
    return sides[0], sides[1], trusted


@dataclass(frozen=True)
class Draw:
    """What a batch shows: two images a row, the same one twice or a mined pair.

    Attributes
    ----------
    images : Tensor (B, 2), int
        Which images.
    first, second : Tensor (B, G, 2)
        Corresponding points in canvas pixels.
    trusted : Tensor (B, G)
        1 where they correspond.
    error : Tensor (B,)
        How exact they are, pixels.
    mirrored : Tensor (B, 2), bool
        Which images are shown mirrored.
    """

    images: Tensor
    first: Tensor
    second: Tensor
    trusted: Tensor
    error: Tensor
    mirrored: Tensor


def draw(
    mined: MinedPairs,
    count: int,
    images: PreparedImages,
    settings: CorrespondenceSettings,
    chance: torch.Generator,
) -> Draw:
    """Draw the rows of a batch: ``self_share`` of them are one image twice."""
    rows = torch.randint(len(mined.images), (count,), generator=chance)
    alone = torch.arange(count) < round(settings.self_share * count)
    shown = mined.images[rows]
    shown = torch.where(alone[:, None], shown[:, :1], shown)
    mirrored = mined.mirrored[rows]
    mirrored = torch.where(alone[:, None], mirrored[:, :1], mirrored)
    own = draw_points(mined.first.shape[1], valid_boxes(images, shown[:, 0]), chance)
    first = torch.where(alone[:, None, None], own, mined.first[rows])
    second = torch.where(alone[:, None, None], own, mined.second[rows])
    trusted = (mined.trusted[rows] | alone[:, None]).float()
    error = settings.exactness * (~alone).float()
    return Draw(shown, first, second, trusted, error, mirrored)
