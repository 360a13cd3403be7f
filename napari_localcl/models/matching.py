"""From pyramids of embeddings to corresponding points, by looking near a guess.

All points are (y, x) in pixels of the canvas that the pyramids cover.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from .alignment import ALIGNMENT_STRIDE, smooth_map
from .sampling import cell_centres

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .pyramid import Pyramid

SIMILARITY_FLOOR = 1e-2
"""Similarities below this count alike, so that one level alone cannot veto a place."""

WIDE_REACH, CLOSE_REACH = 6, 3
"""Cells looked at to each side of a guess, on the first and on the later levels."""


@dataclass(frozen=True)
class Found:
    """Where points were found: (B, P, 2), and how well: (B, P)."""

    points: Tensor
    score: Tensor  # mean log similarity over the levels looked at
    margin: Tensor  # score above the best place outside the peak


def search(
    embeddings: Mapping[int, Tensor],
    pyramid: Pyramid,
    guess: Tensor,
    strides: Sequence[int],
    reach: int,
    sigma: float,
) -> Found:
    """Look for points near a guess, by the product of the similarities of several levels.

    Parameters
    ----------
    embeddings : mapping of int to Tensor (B, P, D)
        What to look for, per stride.
    pyramid : Pyramid of B images
        Where to look.
    guess : Tensor (B, P, 2)
        Where to begin.
    strides : sequence of int
        Levels to use; the finest sets the step.
    reach : int
        Steps to each side.
    sigma : float
        Standard deviation, in pixels, of the Gaussian prior around the guess.
    """
    step = min(strides)
    centre = _nearest_cell(guess, step, pyramid.size)
    offsets = torch.arange(-reach, reach + 1, device=guess.device)
    rows = centre[..., 0, None] + offsets  # (B, P, K)
    columns = centre[..., 1, None] + offsets
    windows = [_window(embeddings[s], pyramid, s, rows, columns, step) for s in strides]
    score = torch.stack(windows).mean(dim=0)
    places = _grid(rows, columns)
    distance = (places * step + (step - 1) / 2 - guess[:, :, None, None]).square().sum(dim=-1)
    height, width = (n // step for n in pyramid.size)
    out = (places < 0).any(-1) | (places[..., 0] >= height) | (places[..., 1] >= width)
    score = (score - distance / (2 * sigma**2)).masked_fill(out, -torch.inf)
    peak, best = sub_cell_peak(score)
    found = (peak + centre - reach) * step + (step - 1) / 2
    return Found(found, best, best - _runner_up(score, peak))


def _grid(rows: Tensor, columns: Tensor) -> Tensor:
    """Rows (..., i) and columns (..., j) -> their pairs (..., i, j, 2)."""
    tall = rows.unsqueeze(-1).expand(*rows.shape, columns.shape[-1])
    return torch.stack([tall, columns.unsqueeze(-2).expand_as(tall)], dim=-1)


def _nearest_cell(points: Tensor, step: int, size: tuple[int, int]) -> Tensor:
    cells = ((points - (step - 1) / 2) / step).round().long()
    last = torch.tensor([n // step - 1 for n in size], device=points.device)
    return cells.clamp(min=0).minimum(last)


def _window(
    query: Tensor, pyramid: Pyramid, stride: int, rows: Tensor, columns: Tensor, step: int
) -> Tensor:
    """Log similarity of embeddings (B, P, D) to a window of cells of the size ``step``.

    The rows (B, P, K) and columns (B, P, K) of the window are consecutive; a coarser level is
    interpolated between its cells.
    """
    height, width = (n // stride for n in pyramid.size)
    above, row_share = _between(rows, step, stride, height)
    left, column_share = _between(columns, step, stride, width)
    cells = pyramid.cells(stride, _covered(above), _covered(left))
    similarity = torch.einsum("bpd,bpijd->bpij", query, cells)
    similarity = _interpolate(similarity, above, row_share)
    similarity = _interpolate(similarity.transpose(2, 3), left, column_share).transpose(2, 3)
    return similarity.clamp(min=SIMILARITY_FLOOR).log()


def _between(cells: Tensor, step: int, stride: int, count: int) -> tuple[Tensor, Tensor]:
    """The last cell of a level at or before each cell of the size ``step``, and how far past it."""
    places = (cells * step + (step - stride) / 2) / stride
    places = places.clamp(0, count - 1)
    before = places.floor().long()
    return before, places - before


def _covered(before: Tensor) -> Tensor:
    """All cells from the first to one past the last of (B, P, K), the same number everywhere."""
    most = int((before[..., -1] - before[..., 0]).max()) + 2
    return before[..., :1] + torch.arange(most, device=before.device)


def _interpolate(values: Tensor, before: Tensor, share: Tensor) -> Tensor:
    """Interpolate (B, P, M, N) along M, whose first row is that of ``before`` (B, P, K)."""
    index = (before - before[..., :1]).unsqueeze(3).expand(-1, -1, -1, values.shape[3])
    upper, lower = values.gather(2, index), values.gather(2, index + 1)
    return torch.lerp(upper, lower, share.unsqueeze(3).to(values.dtype))


def sub_cell_peak(score: Tensor) -> tuple[Tensor, Tensor]:
    """Maximum of maps (B, P, h, w): position (B, P, 2) in cells by a parabola, and its value."""
    height, width = score.shape[2:]
    best, index = score.flatten(2).max(dim=2)
    row, column = index // width, index % width
    flat = score.flatten(2)

    def value(r: Tensor, c: Tensor) -> Tensor:
        place = r.clamp(0, height - 1) * width + c.clamp(0, width - 1)
        return flat.gather(2, place.unsqueeze(2)).squeeze(2)

    vertical = _vertex(value(row - 1, column), best, value(row + 1, column))
    horizontal = _vertex(value(row, column - 1), best, value(row, column + 1))
    return torch.stack([row + vertical, column + horizontal], dim=2), best


def best_peaks(response: Tensor, count: int, apart: int = 5) -> tuple[Tensor, Tensor]:
    """The highest local maxima of maps (B, L, h, w): (B, L, K, 2) in cells, values (B, L, K).

    The first is exact to a fraction of a cell, the others to a cell; ``apart`` is the side of the
    neighbourhood in which a maximum must be the highest, in cells.
    """
    peak, value = sub_cell_peak(response)
    if count == 1:
        return peak.unsqueeze(2), value.unsqueeze(2)
    tallest = max_pool2d(response, (apart, 1), stride=1, padding=(apart // 2, 0))
    highest = max_pool2d(tallest, (1, apart), stride=1, padding=(0, apart // 2)) == response
    values, index = response.masked_fill(~highest, -torch.inf).flatten(2).topk(count, dim=2)
    # Where a map has fewer maxima than asked for, the first stands in.
    index = torch.where(values.isinf(), index[..., :1], index)
    values = torch.where(values.isinf(), values[..., :1], values)
    width = response.shape[3]
    peaks = torch.stack([index // width, index % width], dim=3).float()
    peaks[:, :, 0] = peak
    return peaks, values


def _vertex(before: Tensor, here: Tensor, after: Tensor) -> Tensor:
    bend = before - 2 * here + after
    shift = ((before - after) / (2 * bend.clamp(max=-1e-6))).clamp(-0.5, 0.5)
    # At a border there is no parabola.
    return torch.where(before.isfinite() & after.isfinite(), shift, 0)


def _runner_up(score: Tensor, peak: Tensor, radius: float = 2.0) -> Tensor:
    height, width = score.shape[2:]
    cells = cell_centres((height, width), 1).to(score.device)
    away = (cells - peak.unsqueeze(2)).norm(dim=3) > radius
    return score.flatten(2).masked_fill(~away, -20.0).max(dim=2).values


def refine(
    embeddings: Mapping[int, Tensor], pyramid: Pyramid, guess: Tensor, sigma: float
) -> Found:
    """From coarse to fine: a wide look at stride 4 (or the finest there is), then closer ones."""
    wide = max((stride for stride in pyramid.strides if stride <= 4), default=pyramid.strides[0])
    found = search(embeddings, pyramid, guess, _levels(pyramid, wide), WIDE_REACH, sigma)
    for stride in reversed([s for s in pyramid.strides if s < wide]):
        levels = _levels(pyramid, stride)
        found = search(embeddings, pyramid, found.points, levels, CLOSE_REACH, sigma / 2)
    return found


def _levels(pyramid: Pyramid, finest: int) -> list[int]:
    return [
        stride for stride in pyramid.strides if finest <= stride <= 2 * finest * (1 + (finest < 4))
    ]


@dataclass(frozen=True)
class Correspondences:
    """Points of first images, where they lie in second images, and how far back they miss."""

    first: Tensor  # (B, P, 2)
    second: Tensor  # (B, P, 2)
    score: Tensor  # (B, P)
    cycle_error: Tensor  # (B, P) pixels


def correspond(
    first: Pyramid, second: Pyramid, points: Tensor, reach: float = 24.0
) -> Correspondences:
    """Find points (B, P, 2) of the first images of pairs in the second images, and back."""
    stride = max(ALIGNMENT_STRIDE, first.strides[0])
    one, other = first.coarse(stride), second.coarse(stride)
    forth = smooth_map(one, other, stride, first.size, reach)
    back = smooth_map(other, one, stride, first.size, reach)
    found = refine(first.at(points), second, forth(points), sigma=32.0)
    home = refine(second.at(found.points), first, back(found.points), sigma=32.0)
    cycle = (home.points - points).norm(dim=2)
    return Correspondences(points, found.points, found.score, cycle)
