"""Some cells of every image of a project, to stand for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from napari_localcl.data.progress import Progress
from napari_localcl.models.nearest import cells_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import Tensor

    from napari_localcl.tasks.collection import Collection


@dataclass(frozen=True)
class Cells:
    """Cells of images.

    Attributes
    ----------
    images : Tensor (P,), int
        Which image each is of.
    points : Tensor (P, 2)
        Their centres, pixels of the canvas.
    vectors : Tensor (P, D)
        Their unit vectors.
    """

    images: Tensor
    points: Tensor
    vectors: Tensor


def sample_cells(
    collection: Collection, total: int, stride: int, seed: int = 0
) -> Generator[Progress, None, Cells]:
    """Choose cells by chance, as many of every image.

    Parameters
    ----------
    collection : Collection
        The images.
    total : int
        About how many cells; at least one of every image, at most all.
    stride : int
        Of the cells, pixels of the canvas.
    seed : int
        What chance depends on.

    Returns
    -------
    Cells
        What the generator returns at its end.
    """
    chance = torch.Generator().manual_seed(seed)
    each = max(1, total // len(collection))
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    for chosen in collection.batches():
        pyramid = collection.embeddings[chosen]
        level, inside = cells_of(pyramid, stride), collection.inside(chosen, stride)
        for image, own, shown in zip(chosen, level, inside, strict=True):
            there = shown.nonzero()
            rows, columns = there[torch.randperm(len(there), generator=chance)[:each]].T
            vectors = own[rows, columns].float() / pyramid.length
            found.append((torch.full_like(rows, image), torch.stack([rows, columns], 1), vectors))
        yield Progress("sample", step=chosen.stop, steps=len(collection), message="reading")
    images, cells, vectors = (torch.cat(parts) for parts in zip(*found, strict=True))
    return Cells(images, cells * stride + (stride - 1) / 2, vectors)
