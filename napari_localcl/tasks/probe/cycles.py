"""Whether a place is found again when one goes from image to image and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_localcl.models.agreement import masked_mean, nearest
from napari_localcl.tasks.probe.figures import Figure, Kind
from napari_localcl.tasks.probe.views import REACH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from napari_localcl.tasks.probe.subject import Subject

CHUNK = 8  # images at once

CYCLES = Kind(
    "cycle_hits",
    "places found again by way of other images",
    "share of the places that one comes back to, within one cell, by the nearest embedding in a "
    "second image, then in a third, then in the first; control: from a random place of the third",
    "places",
    is_ranked=True,
)


def cycle_figures(subject: Subject, places: Tensor, shown: Tensor, seed: int) -> Iterator[Figure]:
    """Go around in cycles of three images, or of two where there are no more.

    Parameters
    ----------
    places : Tensor (N, P, D)
        Embeddings of the grid in all images.
    shown : Tensor (N, P), bool
        Places that count.
    """
    count = len(places)
    if count < 2:
        return
    chance = subject.chance(seed, "cycles")
    order = torch.randperm(count, generator=chance)
    starts = shown.float() + 1e-9  # a blank image has to start somewhere
    lost = torch.multinomial(starts, shown.shape[1], replacement=True, generator=chance)
    values: list[Tensor] = []
    controls: list[Tensor] = []
    for start in range(0, count, CHUNK):
        here = torch.arange(start, min(start + CHUNK, count))
        way = [order[(here + by) % count] for by in (0, *range(1, min(count, 3)))]
        found = torch.arange(shown.shape[1]).expand(len(here), -1)
        for first, second in zip(way, [*way[1:], way[0]], strict=True):
            found = _step(places, shown, first, second, found)
        astray = _step(places, shown, way[-1], way[0], lost[way[-1]])
        for into, end in ((values, found), (controls, astray)):
            away = (subject.grid[end] - subject.grid).norm(dim=2) / subject.step
            into.append(masked_mean((away <= REACH).float(), shown[way[0]]))
    yield Figure.of(CYCLES, *(np.concatenate(parts) for parts in (values, controls)))


def _step(places: Tensor, shown: Tensor, first: Tensor, second: Tensor, cells: Tensor) -> Tensor:
    """From cells (B, P) of images to the nearest of other images."""
    queries = places[first].gather(1, cells.unsqueeze(2).expand(-1, -1, places.shape[2]))
    return nearest(queries, places[second], shown[second])
