"""Images that stand alone, and images that are there twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from napari_localcl.data.progress import Progress
from napari_localcl.models.rarity import closest_pairs, describe, layout, remoteness

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import Tensor

    from napari_localcl.tasks.collection import Collection

NEAREST = 20
"""Images that one is compared with: as many outliers of one kind would pass for usual."""


@dataclass(frozen=True)
class Pair:
    """Two images that look the same.

    Attributes
    ----------
    first, second : str
        Their names.
    similarity : float
        1 is the same; what is usual in a project may be close to it.
    """

    first: str
    second: str
    similarity: float


@dataclass(frozen=True)
class OddImages:
    """What is unusual among the images of a collection.

    Attributes
    ----------
    outliers : tuple of (str, float)
        Images and how far each is from those most like it, farthest first.
    pairs : tuple of Pair
        The most similar first.
    """

    outliers: tuple[tuple[str, float], ...]
    pairs: tuple[Pair, ...]


def find_odd_images(
    collection: Collection, count: int = 100
) -> Generator[Progress, None, OddImages]:
    """Rank images by how far they are from all others, and pairs by how near.

    Parameters
    ----------
    collection : Collection
        The images.
    count : int
        How many images, and how many pairs, to list.

    Returns
    -------
    OddImages
        What the generator returns at its end.
    """
    described = yield from _describe(collection)
    if len(described) < 2:
        return OddImages((), ())
    names = collection.names
    # Of a small project, not all: an image is far if it is so from its nearest half.
    far = remoteness(described, min(NEAREST, max(1, len(described) // 2)))
    farthest = far.argsort(descending=True)[:count].tolist()
    pairs, similar = closest_pairs(described, count)
    return OddImages(
        tuple((names[index], round(float(far[index]), 4)) for index in farthest),
        tuple(
            Pair(names[first], names[second], round(value, 4))
            for (first, second), value in zip(pairs.tolist(), similar.tolist(), strict=True)
        ),
    )


def _describe(collection: Collection) -> Generator[Progress, None, Tensor]:
    layouts = []
    for chosen in collection.batches():
        layouts.append(layout(collection.embeddings[chosen]))
        yield Progress("describe", step=chosen.stop, steps=len(collection), message="comparing")
    return describe(collection.embeddings.wholes(), torch.cat(layouts))
