"""Collections of embeddings made of arrays, in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch.nn.functional import normalize

from napari_localcl.data.placement import fit
from napari_localcl.models.pyramid import Pyramid
from napari_localcl.tasks.collection import Collection
from napari_localcl.tasks.embedding_store import Embeddings


@dataclass
class Kept:
    """A store of given maps: stride to (N, h, w, D)."""

    maps: dict[int, torch.Tensor]
    size: tuple[int, int]
    vectors: torch.Tensor

    def pyramid(self, rows):
        return Pyramid.of(self.maps, self.size)[torch.tensor(rows, dtype=torch.long)]

    def wholes(self, rows):
        return self.vectors[list(rows)]


def collection_of(maps, *, file_size=None, wholes=None, mirrored=()):
    """Return maps of vectors, stride to (N, h, w, D), as images of files of that size."""
    maps = {stride: normalize(level, dim=3) for stride, level in maps.items()}
    stride, level = next(iter(maps.items()))
    size = (level.shape[1] * stride, level.shape[2] * stride)
    count = len(level)
    if wholes is None:
        wholes = level.mean(dim=(1, 2))
    placement = fit(file_size or size, size)
    return Collection(
        tuple(f"image_{index}.png" for index in range(count)),
        tuple(replace(placement, mirrored=index in mirrored) for index in range(count)),
        Embeddings(Kept(maps, size, normalize(wholes, dim=1)), tuple(range(count))),
    )


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
