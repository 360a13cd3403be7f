"""From pyramids of embeddings to corresponding points: coarse matches, a smooth map, refinement.

All points are (y, x) in pixels of the canvas that the pyramids cover.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from .sampling import cell_centres, sample_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SIMILARITY_FLOOR = 1e-2
"""Similarities below this count alike, so that one level alone cannot veto a place."""

WIDE_REACH, CLOSE_REACH = 6, 3
"""Cells looked at to each side of a guess, on the first and on the later levels."""


@dataclass(frozen=True)
class Pyramid:
    """Embeddings of N images at several strides.

    Attributes
    ----------
    maps : mapping of int to Tensor (M, h, w, D)
        Stride to vectors of every cell, of any type; may lie in a mapped file.
    size : tuple of int
        Height and width of the canvas.
    rows : Tensor (N,), int
        Which rows of the maps are the images: choosing images copies nothing.
    length : float
        Length of the vectors, 127 where they are kept as bytes.
    """

    maps: Mapping[int, Tensor]
    size: tuple[int, int]
    rows: Tensor
    length: float = 1.0

    @classmethod
    def of(cls, maps: Mapping[int, Tensor], size: tuple[int, int]) -> Pyramid:
        """All images of maps of unit vectors."""
        first = next(iter(maps.values()))
        return cls(maps, size, torch.arange(len(first), device=first.device))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, images: Tensor | slice) -> Pyramid:
        return replace(self, rows=self.rows[images])

    def without_position(self) -> Pyramid:
        """Subtract from every cell what all images have there.

        What is left says nothing of where a cell lies on the canvas, only what it shows: needed
        where the same place shows now one and now another part, as in left and right eyes.
        """
        maps = {stride: _without_mean(self.level(stride)) for stride in self.strides}
        return Pyramid.of(maps, self.size)

    @property
    def strides(self) -> tuple[int, ...]:
        """Finest first."""
        return tuple(sorted(self.maps))

    def level(self, stride: int) -> Tensor:
        """Return the unit vectors of one level as (N, D, h, w)."""
        return self.maps[stride][self.rows].movedim(3, 1).float() / self.length

    def cells(self, stride: int, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the vectors (N, P, i, j, D) of cells: rows (N, P, i), columns (N, P, j)."""
        maps = self.maps[stride]
        rows = rows.clamp(0, maps.shape[1] - 1)
        columns = columns.clamp(0, maps.shape[2] - 1)
        images = self.rows[:, None, None, None]
        return maps[images, rows[..., :, None], columns[..., None, :]].float() / self.length

    def at(self, points: Tensor) -> dict[int, Tensor]:
        """Read the embeddings (N, P, D) at points (N, P, 2) bilinearly, one per stride."""
        return {
            stride: normalize(sample_at(self.level(stride), points, self.size), dim=2)
            for stride in self.strides
        }

    def coarse(self, stride: int) -> Tensor:
        """Join the levels from `stride` upwards to unit vectors (N, h, w, C) of its cells."""
        levels = [self.level(s) for s in self.strides if s >= stride]
        size = (levels[0].shape[2], levels[0].shape[3])
        larger = [levels[0], *(enlarge(level, size) for level in levels[1:])]
        return normalize(torch.cat(larger, dim=1), dim=1).movedim(1, 3)


def _without_mean(level: Tensor) -> Tensor:
    rest = level - level.mean(dim=0, keepdim=True)
    return normalize(rest, dim=1).movedim(1, 3).bfloat16()


def enlarge(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Interpolate maps (N, C, h, w) bilinearly to a larger size."""
    return interpolate(maps, size=size, mode="bilinear", align_corners=False)


@dataclass(frozen=True)
class Matches:
    """Where places of first images lie in second images, and how far that can be trusted.

    Attributes
    ----------
    sources, targets : Tensor (B, G, 2)
        (y, x) in canvas pixels.
    weights : Tensor (B, G)
        Similarity squared where matching back returns to within one cell, else 0.
    """

    sources: Tensor
    targets: Tensor
    weights: Tensor


def coarse_matches(first: Tensor, second: Tensor, stride: int, every: int = 1) -> Matches:
    """Match cells of first images to their most similar cells of second images.

    Parameters
    ----------
    first, second : Tensor (B, h, w, C)
        Unit vectors of pairs of images.
    stride : int
        Stride of both.
    every : int
        Match only every so many rows and columns of the first images.
    """
    count, height, width, _ = first.shape
    cells = cell_centres((height * stride, width * stride), stride).to(first.device)
    asked = torch.arange(height * width, device=first.device).view(height, width)
    asked = asked[::every, ::every].flatten()
    best, forth = (first.flatten(1, 2)[:, asked] @ second.flatten(1, 2).mT).max(dim=2)
    places = forth.unsqueeze(2).expand(-1, -1, second.shape[3])
    matched = second.flatten(1, 2).gather(1, places)
    returned = (matched @ first.flatten(1, 2).mT).argmax(dim=2)
    cycle = (cells[returned] - cells[asked]).norm(dim=2)
    weights = best.clamp(min=0) ** 2 * (cycle <= 1.5 * stride)
    return Matches(cells[asked].expand(count, -1, -1), cells[forth], weights)


@dataclass(frozen=True)
class SmoothMap:
    """A robust affine map with smoothly varying corrections, fitted to matches of image pairs."""

    affine: Tensor  # (B, 3, 2), acts on centred points
    sources: Tensor  # (B, G, 2)
    corrections: Tensor  # (B, G, 2)
    weights: Tensor  # (B, G)
    reach: float
    scale: float

    def __call__(self, points: Tensor) -> Tensor:
        """Points (B, P, 2) of the first images, in the second images."""
        near = torch.cdist(points, self.sources).square() / (-2 * self.reach**2)
        share = near.exp() * self.weights.unsqueeze(1)  # (B, P, G)
        # The constant pulls the correction to zero where no match is near.
        total = share.sum(dim=2, keepdim=True) + 0.05
        return self._straight(points) + share @ self.corrections / total

    def _straight(self, points: Tensor) -> Tensor:
        return _homogeneous(points, self.scale) @ self.affine


def fit_smooth_map(
    sources: Tensor, targets: Tensor, weights: Tensor, size: tuple[int, int], reach: float
) -> SmoothMap:
    """Fit an affine map by iteratively reweighted least squares, keep the residuals.

    Parameters
    ----------
    sources, targets : Tensor (B, G, 2)
        Matches.
    weights : Tensor (B, G)
        Trust in each; 0 leaves a match out.
    size : tuple of int
        Canvas height and width, for the conditioning of the fit.
    reach : float
        Standard deviation, in pixels, of the neighbourhood that shares a correction.
    """
    scale = float(max(size))
    basis = _homogeneous(sources, scale)  # (B, G, 3)
    robust = weights
    for _ in range(12):
        affine = _weighted_least_squares(basis, targets, robust)
        residual = (basis @ affine - targets).norm(dim=2)
        robust = weights * _geman_mcclure(residual, weights > 0)
    corrections = targets - basis @ affine
    return SmoothMap(affine, sources, corrections, robust, reach, scale)


def _homogeneous(points: Tensor, scale: float) -> Tensor:
    return torch.cat([points / scale, torch.ones_like(points[..., :1])], dim=-1)


def _weighted_least_squares(basis: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    weighted = basis.transpose(1, 2) * weights.unsqueeze(1)  # (B, 3, G)
    ridge = 1e-4 * torch.eye(3, device=basis.device)
    solution: Tensor = torch.linalg.solve(weighted @ basis + ridge, weighted @ targets)
    return solution


def _geman_mcclure(residual: Tensor, known: Tensor) -> Tensor:
    typical = residual.masked_fill(~known, torch.nan).nanmedian(dim=1, keepdim=True).values
    width = 1.5 * torch.nan_to_num(typical, nan=1.0).clamp(min=2.0)
    return (1 + (residual / width) ** 2) ** -2


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
    score = torch.stack(
        [
            _window(embeddings[s], pyramid, s, rows // (s // step), columns // (s // step))
            for s in strides
        ]
    ).mean(dim=0)
    places = _grid(rows, columns)
    distance = (places * step + (step - 1) / 2 - guess[:, :, None, None]).square().sum(dim=-1)
    height, width = (n // step for n in pyramid.size)
    out = (places < 0).any(-1) | (places[..., 0] >= height) | (places[..., 1] >= width)
    score = (score - distance / (2 * sigma**2)).masked_fill(out, -20.0)
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


def _window(query: Tensor, pyramid: Pyramid, stride: int, rows: Tensor, columns: Tensor) -> Tensor:
    """Log similarity (B, P, K, K) of embeddings (B, P, D) to the cells of a window."""
    cells = pyramid.cells(stride, rows, columns)
    similarity = torch.einsum("bpd,bpijd->bpij", query, cells)
    return similarity.clamp(min=SIMILARITY_FLOOR).log()


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


def _vertex(before: Tensor, here: Tensor, after: Tensor) -> Tensor:
    bend = before - 2 * here + after
    shift = (before - after) / (2 * bend.clamp(max=-1e-6))
    return shift.clamp(-0.5, 0.5)


def _runner_up(score: Tensor, peak: Tensor, radius: float = 2.0) -> Tensor:
    height, width = score.shape[2:]
    cells = cell_centres((height, width), 1).to(score.device)
    away = (cells - peak.unsqueeze(2)).norm(dim=3) > radius
    return score.flatten(2).masked_fill(~away, -20.0).max(dim=2).values


def refine(
    embeddings: Mapping[int, Tensor], pyramid: Pyramid, guess: Tensor, sigma: float
) -> Found:
    """From coarse to fine: a wide look at stride 4 (or the finest there is), then closer ones."""
    wide = max(4, pyramid.strides[0])
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
    first: Pyramid, second: Pyramid, points: Tensor, stride: int = 8, reach: float = 24.0
) -> Correspondences:
    """Find points (B, P, 2) of the first images of pairs in the second images, and back."""
    one, other = first.coarse(stride), second.coarse(stride)
    forth = smooth_map(one, other, stride, first.size, reach)
    back = smooth_map(other, one, stride, first.size, reach)
    found = refine(first.at(points), second, forth(points), sigma=32.0)
    home = refine(second.at(found.points), first, back(found.points), sigma=32.0)
    cycle = (home.points - points).norm(dim=2)
    return Correspondences(points, found.points, found.score, cycle)


def smooth_map(
    first: Tensor, second: Tensor, stride: int, size: tuple[int, int], reach: float
) -> SmoothMap:
    """The smooth map from first to second images by their coarse embeddings (B, h, w, C)."""
    # Every second cell is enough for a smooth map, and a quarter of the work.
    found = coarse_matches(first, second, stride, every=2)
    return fit_smooth_map(found.sources, found.targets, found.weights, size, reach)
