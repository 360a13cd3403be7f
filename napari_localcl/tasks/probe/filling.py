"""How the embeddings of all places fill the sphere that they lie on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_localcl.models.spread import effective_rank, token_spread, uniformity
from napari_localcl.tasks.probe.figures import Figure, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from napari_localcl.tasks.probe.subject import Subject

MOST = 2000  # places measured

SPREAD = Kind(
    "spread",
    "spread",
    "root mean squared distance of all embeddings from their mean: near 0, learning has collapsed",
    "filling",
    best=None,
)
RANK = Kind(
    "effective_rank",
    "effective rank",
    "how many dimensions the embeddings fill (RankMe, Garrido et al., 2023). Not ranked: noise "
    "fills all",
    "filling",
    best=None,
)
UNIFORMITY = Kind(
    "uniformity",
    "uniformity",
    "log mean potential of pairs (Wang and Isola, 2020): 0 is one point, lower is wider. Not "
    "ranked: noise is widest",
    "filling",
    best=None,
)


def filling_figures(subject: Subject, places: Tensor, shown: Tensor, seed: int) -> Iterator[Figure]:
    """Measure the embeddings (N, P, D) of the places shown (N, P)."""
    rows = places[shown] if shown.any() else places.flatten(0, 1)
    drawn = torch.randperm(len(rows), generator=subject.chance(seed, "filling"))[:MOST]
    for kind, measure in ((SPREAD, token_spread), (RANK, effective_rank), (UNIFORMITY, uniformity)):
        yield Figure.of(kind, measure(rows[drawn]))
