"""The places of a whole project that look like some points, and unlike others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from napari_localcl.data.errors import BadInput
from napari_localcl.data.progress import Progress
from napari_localcl.models.nearest import against, peaks, similarity
from napari_localcl.tasks.cells import on_image

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from torch import Tensor

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.heat_map import HeatMap
    from napari_localcl.tasks.collection import Collection

APART = 16  # pixels of the canvas between two places of one image


@dataclass(frozen=True)
class Place:
    """A place that looks like what was asked for.

    Attributes
    ----------
    image : str
        Name of the image.
    y, x : float
        Pixels of the file.
    similarity : float
        From 0 to 1.
    """

    image: str
    y: float
    x: float
    similarity: float


@dataclass(frozen=True)
class Example:
    """What to look for, and what to keep away from.

    Attributes
    ----------
    collection : Collection
        Where to look.
    wanted : mapping of int to Tensor (Q, D)
        Stride to the vectors at the points.
    positive : Tensor (Q,), bool
        Which of them are looked for.
    stride : int
        Of the cells looked at, pixels of the canvas.
    """

    collection: Collection
    wanted: dict[int, Tensor]
    positive: Tensor
    stride: int

    @classmethod
    def of(
        cls,
        collection: Collection,
        positive: Sequence[Landmark],
        negative: Sequence[Landmark] = (),
        stride: int | None = None,
    ) -> Example:
        """Read what points look like.

        Parameters
        ----------
        collection : Collection
            The images; the points are on some of them.
        positive, negative : sequence of Landmark
            What to look for, and what to keep away from.
        stride : int or None
            Of the cells to look at; None is the usual one.

        Raises
        ------
        BadInput
            If nothing is looked for, or a point is not on its image.
        """
        if not positive:
            raise BadInput("click at least one place to look for")
        read: list[dict[int, Tensor]] = []
        for mark in (*positive, *negative):
            index, place = collection.canvas_point(mark)
            read.append(collection.embeddings[[index]].at(place.view(1, 1, 2)))
        wanted = {s: torch.cat([one[s][0] for one in read]) for s in collection.strides}
        sign = torch.tensor([True] * len(positive) + [False] * len(negative))
        return cls(collection, wanted, sign, collection.stride(stride))

    def similarity(self, images: Sequence[int]) -> Tensor:
        """Return how well the cells of some images fit, (n, h, w), from 0 to 1."""
        pyramid = self.collection.embeddings[images]
        return against(similarity(pyramid, self.wanted, self.stride), self.positive)


def map_of(example: Example, image: str) -> HeatMap:
    """Return how well the places of an image fit; BadInput if it is not in the collection."""
    index = example.collection.index(image)
    with torch.inference_mode():
        values = example.similarity([index])[0].numpy()
    return on_image(image, values, example.collection.placements[index])


def find_places(
    example: Example, count: int = 60, each: int = 2
) -> Generator[Progress, None, tuple[Place, ...]]:
    """Find the places that fit best in the whole collection; nothing is left out.

    Parameters
    ----------
    example : Example
        What to look for.
    count : int
        How many places.
    each : int
        Of one image at most so many, some distance apart.

    Returns
    -------
    tuple of Place
        What the generator returns at its end, best first.
    """
    collection, stride = example.collection, example.stride
    best, images = torch.zeros(0), torch.zeros(0, dtype=torch.long)
    cells = torch.zeros(0, 2, dtype=torch.long)
    for chosen in collection.batches():
        with torch.inference_mode():
            values = example.similarity(chosen)
            values[~collection.inside(chosen, stride)] = -torch.inf
            heights, places = peaks(values, each, max(1, APART // stride))
            best = torch.cat([best, heights.flatten()])
            images = torch.cat([images, torch.tensor(chosen).repeat_interleave(each)])
            cells = torch.cat([cells, places.flatten(0, 1)])
            kept = best.topk(min(count, len(best))).indices
            best, images, cells = best[kept], images[kept], cells[kept]
        yield Progress("search", step=chosen.stop, steps=len(collection), message="looking")
    points = collection.file_points(images, cells * stride + (stride - 1) / 2)
    return tuple(
        Place(collection.names[image], round(y, 2), round(x, 2), round(value, 4))
        for image, (y, x), value in zip(
            images.tolist(), points.tolist(), best.tolist(), strict=True
        )
        if value > 0
    )
