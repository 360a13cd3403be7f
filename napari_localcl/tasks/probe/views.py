"""Whether a place is found again when its image is changed, and how its mirror image looks."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from napari_localcl.methods.appearance import AppearanceRanges, draw_appearance
from napari_localcl.methods.views import GeometryRanges, draw_geometry, inside
from napari_localcl.models.agreement import masked_mean, nearest
from napari_localcl.tasks.probe.figures import Figure, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_localcl.tasks.probe.subject import Subject

MOST = 24  # images
REACH = 1.0  # cells of the grid within which a place counts as found
GEOMETRY = GeometryRanges(rotation=20, zoom=(0.8, 1.25), aspect=0.1, shift=0.1, elastic=0.01)
APPEARANCE = AppearanceRanges(0.3, 0.3, 0.3, gamma=0.4, noise=0.05, grey=0.0)

HITS = Kind(
    "view_hits",
    "places found in another view",
    "share of the places of a turned, bent and recoloured view that are found in their image "
    "within one cell of a grid of 24; control: the target shifted by half the image",
    "places",
    is_ranked=True,
)
ERROR = Kind(
    "view_error",
    "error in another view",
    "mean distance of the place found, in cells of the grid; control: the shifted target",
    "places",
    best=0.0,
    unit="cells",
)
ALIGNMENT = Kind(
    "alignment",
    "alignment",
    "mean squared distance of the embeddings of one place in two views (Wang and Isola, 2020); "
    "control: of different places",
    "places",
    best=0.0,
)
SYMMETRY = Kind(
    "symmetry",
    "likeness of mirror images",
    "mean cosine of a place and the same in the mirror image; control: other places. Not ranked: "
    "where sides differ, they should be told apart",
    "places",
)


def view_figures(subject: Subject, seed: int) -> Iterator[Figure]:
    """Match views with their images, and images with their mirror images."""
    chance = subject.chance(seed, "views")
    rows: dict[Kind, list[tuple[Tensor, Tensor]]] = defaultdict(list)
    for chosen in subject.batches(MOST):
        for kind, both in _batch(subject, chosen, chance).items():
            rows[kind].append(both)
    for kind, parts in rows.items():
        values, controls = (
            np.concatenate([np.asarray(x) for x in s]) for s in zip(*parts, strict=True)
        )
        yield Figure.of(kind, values, controls)


def _batch(
    subject: Subject, chosen: list[int], chance: torch.Generator
) -> dict[Kind, tuple[Tensor, Tensor]]:
    """For each kind the values and controls (B,) of some images."""
    pixels, count = subject.pixels(chosen), len(chosen)
    grid = subject.grid.expand(count, -1, -1)
    there = subject.shows(chosen)
    geometry = draw_geometry(count, subject.size, GEOMETRY, chance)
    look = draw_appearance(count, APPEARANCE, chance)
    target = geometry.to_image(grid)  # where the places of the view lie in the image
    counted = inside(target, subject.size) & there.gather(1, _cell_of(target, subject))
    view = look.apply(geometry.to(subject.device).warp(pixels)).clamp(0, 1)
    of_view = subject.describe(view, grid).cpu()
    of_image = subject.describe(pixels, torch.cat([grid, target], dim=1)).cpu()
    of_grid, of_target = torch.split(of_image, grid.shape[1], dim=1)
    found = subject.grid[nearest(of_view, of_grid, there)]
    away, astray = (
        (found - aim).norm(dim=2) / subject.step for aim in (target, _shifted(target, subject))
    )
    mirrored = subject.describe(pixels.flip(3), _mirrored(grid, subject)).cpu()
    other = grid.shape[1] // 2
    like = [(of_grid * mirrored.roll(by, 1)).sum(2) for by in (0, other)]
    apart = [(of_view - of_target.roll(by, 1)).square().sum(2) for by in (0, other)]
    return {
        HITS: _means(counted, (away <= REACH).float(), (astray <= REACH).float()),
        ERROR: _means(counted, away, astray),
        ALIGNMENT: _means(counted, *apart),
        SYMMETRY: _means(there, *like),
    }


def _means(counted: Tensor, values: Tensor, controls: Tensor) -> tuple[Tensor, Tensor]:
    return masked_mean(values, counted), masked_mean(controls, counted)


def _cell_of(points: Tensor, subject: Subject) -> Tensor:
    """Index (B, P) of the cell of the grid that each point lies in."""
    sides = torch.tensor([round(n / subject.step) for n in subject.size])
    cells = ((points + 0.5) / subject.step).floor().long().clamp(min=0).minimum(sides - 1)
    return cells[..., 0] * sides[1] + cells[..., 1]


def _shifted(points: Tensor, subject: Subject) -> Tensor:
    extent = torch.tensor(subject.size)
    return (points + extent / 2) % extent


def _mirrored(points: Tensor, subject: Subject) -> Tensor:
    return torch.stack([points[..., 0], subject.size[1] - 1 - points[..., 1]], dim=-1)
