"""Whether the embedding of a whole goes with those of its parts.

Zhou et al. (ACE) and, before them, Taher et al. (Adam, Adam-v2) ask so of anatomy. A *whole* is a
random part of an image, from which a smaller *part* is cut out; what is left is the whole with the
part blacked out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from napari_localcl.methods.views import Geometry
from napari_localcl.models.agreement import retrieval_ranks
from napari_localcl.tasks.probe.figures import Figure, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_localcl.tasks.probe.subject import Subject

GALLERY = 32  # images at most, of which one is the right one
DRAWS = 4  # wholes of each image
WHOLE, PART = (0.4, 0.98), (0.3, 0.8)  # sides, as a part of the image's and of the whole's

_TOP1 = "share of the {0} that are found among those of at most {1} images; control: one in as many"
_MRR = "mean reciprocal rank of the {0} among those of at most {1} images; control: chance"

COMPOSITION_TOP1 = Kind(
    "composition_top1",
    "composition, first",
    _TOP1.format("wholes made of a part and the rest", GALLERY),
    "parts",
)
COMPOSITION_MRR = Kind(
    "composition_mrr",
    "composition, rank",
    _MRR.format("right whole, looked for by the mean of part and rest,", GALLERY),
    "parts",
    is_ranked=True,
)
DECOMPOSITION_TOP1 = Kind(
    "decomposition_top1",
    "decomposition, first",
    _TOP1.format("parts found by whole less rest", GALLERY),
    "parts",
)
DECOMPOSITION_MRR = Kind(
    "decomposition_mrr",
    "decomposition, rank",
    _MRR.format("right part, looked for by whole less rest,", GALLERY),
    "parts",
    is_ranked=True,
)
TOP1, MRR = (COMPOSITION_TOP1, DECOMPOSITION_TOP1), (COMPOSITION_MRR, DECOMPOSITION_MRR)
COMPOSITIONALITY = Kind(
    "compositionality",
    "compositionality",
    "cosine of a whole and the mean of its quarters; control: the whole of another image",
    "parts",
    is_ranked=True,
)


def whole_figures(subject: Subject, seed: int) -> Iterator[Figure]:
    """Compose and decompose random wholes of each image."""
    if len(subject.images) < 2:
        return
    chance = subject.chance(seed, "wholes")
    # Of one whole, where it was cut counts for more than what sees it.
    draws = [_compared(*_embedded(subject, chance)) for _ in range(DRAWS)]
    figures = torch.stack(draws).mean(dim=0).numpy()
    count = figures.shape[1]
    by_rank = float((1 / torch.arange(1, count + 1)).mean())
    first, rank = figures[0:2], figures[2:4]
    for kinds, values, control in ((TOP1, first, 1 / count), (MRR, rank, by_rank)):
        for kind, one in zip(kinds, values, strict=True):
            yield Figure.of(kind, one, control)
    yield Figure.of(COMPOSITIONALITY, figures[4], figures[5])


def _compared(whole: Tensor, rest: Tensor, part: Tensor, quarters: Tensor) -> Tensor:
    """What is measured of wholes (N, D) and their parts, (6, N).

    Composition and decomposition: whether the right one came first, and one by its rank; then the
    cosine of the quarters with their own whole, and with that of another image.
    """
    ranks = torch.stack([retrieval_ranks(part + rest, whole), retrieval_ranks(whole - rest, part)])
    cosines = [cosine_similarity(whole.roll(by, 0), quarters) for by in (0, 1)]
    return torch.cat([(ranks == 1).float(), 1 / ranks, torch.stack(cosines)])


def _embedded(subject: Subject, chance: torch.Generator) -> tuple[Tensor, ...]:
    """Whole, rest, part, and mean of the whole's quarters, each (N, D)."""
    parts: list[tuple[Tensor, ...]] = []
    for chosen in subject.batches(GALLERY):
        pixels = subject.pixels(chosen)
        bounds = [subject.images.placements[index].valid_box() for index in chosen]
        whole = _draw(torch.tensor(bounds).float(), WHOLE, chance)
        part = _draw(whole, PART, chance)
        seen = _cut(subject, pixels, whole)
        rest = seen * ~_within(part, whole, seen.shape[2]).to(seen.device)
        quarters = [subject.whole(_cut(subject, pixels, one)) for one in _quarters(whole)]
        alone = subject.whole(_cut(subject, pixels, part))
        embedded = (subject.whole(seen), subject.whole(rest), alone, sum(quarters) / 4)
        parts.append(tuple(torch.as_tensor(one).cpu() for one in embedded))
    return tuple(torch.cat(rows) for rows in zip(*parts, strict=True))


def _draw(around: Tensor, sides: tuple[float, float], chance: torch.Generator) -> Tensor:
    """Squares (B, 4) as y0, x0, y1, x1, anywhere within others, of a random part of their side."""
    low, high = sides
    room = around[:, 2:] - around[:, :2]
    part = torch.rand(len(around), 1, generator=chance) * (high - low) + low
    side = room.amin(dim=1, keepdim=True) * part
    corner = around[:, :2] + torch.rand(len(around), 2, generator=chance) * (room - side)
    return torch.cat([corner, corner + side], dim=1)


def _quarters(boxes: Tensor) -> list[Tensor]:
    y0, x0, y1, x1 = boxes.unbind(dim=1)
    y, x = (y0 + y1) / 2, (x0 + x1) / 2
    corners = [(y0, x0, y, x), (y0, x, y, x1), (y, x0, y1, x), (y, x, y1, x1)]
    return [torch.stack(corner, dim=1) for corner in corners]


def _cut(subject: Subject, pixels: Tensor, boxes: Tensor) -> Tensor:
    """Boxes of images, each made a square of half the working size."""
    side = max(64, round(max(subject.size) / 64) * 32)
    scale = (boxes[:, 2:] - boxes[:, :2]) / side
    offset = boxes[:, :2] + (scale - 1) / 2
    matrix = torch.cat([torch.diag_embed(scale), offset.unsqueeze(2)], dim=2)
    return Geometry(matrix, None, (side, side), subject.size).to(subject.device).warp(pixels)


def _within(part: Tensor, whole: Tensor, side: int) -> Tensor:
    """Which pixels (B, 1, side, side) of a square made of the whole show the part."""
    scale = side / (whole[:, 2:] - whole[:, :2])
    first, last = ((corner - whole[:, :2]) * scale for corner in (part[:, :2], part[:, 2:]))
    centres = torch.arange(side) + 0.5
    rows, columns = (
        (centres >= first[:, axis, None]) & (centres <= last[:, axis, None]) for axis in (0, 1)
    )
    return (rows.unsqueeze(2) & columns.unsqueeze(1)).unsqueeze(1)
