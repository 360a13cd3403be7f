"""What can be a point of a scatter plot: images, patches, landmarks, regions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_localcl.data.errors import BadInput
from napari_localcl.data.progress import Progress
from napari_localcl.models.nearest import cells_of
from napari_localcl.tasks.sampling import sample_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from torch import Tensor

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.tasks.collection import Collection

    Labels = np.ndarray[Any, np.dtype[np.integer[Any]]]
    Reader = Callable[[Collection, int, Labels, Tensor], Labels]

MOST_PATCHES = 100_000


@dataclass(frozen=True)
class PointCloud:
    """Things with a vector each.

    Attributes
    ----------
    collection : Collection
        The images they are of.
    images : Tensor (P,), int
        Which image each is of.
    places : Tensor (P, 2), float64
        Where, (y, x) in pixels of the file; the middle of a whole image.
    vectors : Tensor (P, D)
        Unit vectors.
    labels : tuple of str
        The landmark, or the number of the region; else empty.
    """

    collection: Collection
    images: Tensor
    places: Tensor
    vectors: Tensor
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)


def image_points(collection: Collection) -> PointCloud:
    """One point for each image."""
    sizes = torch.tensor([placement.file_size for placement in collection.placements])
    count = len(collection)
    wholes = collection.embeddings.wholes()
    return PointCloud(
        collection, torch.arange(count), (sizes.double() - 1) / 2, wholes, ("",) * count
    )


def patch_points(
    collection: Collection, count: int = MOST_PATCHES, stride: int | None = None, seed: int = 0
) -> Generator[Progress, None, PointCloud]:
    """Some patches of every image, chosen by chance; see :func:`sample_cells`."""
    cells = yield from sample_cells(collection, count, collection.stride(stride), seed)
    places = collection.file_points(cells.images, cells.points)
    return PointCloud(collection, cells.images, places, cells.vectors, ("",) * len(places))


def landmark_points(
    collection: Collection, landmarks: Sequence[Landmark], stride: int | None = None
) -> PointCloud:
    """One point for each landmark of each image.

    Raises
    ------
    BadInput
        If there are none, or one is not on an image of the collection.
    """
    if not landmarks:
        raise BadInput("there are no landmarks yet to show as points")
    step = collection.stride(stride)
    indices, points = zip(*map(collection.canvas_point, landmarks), strict=True)
    images = torch.tensor(indices)
    return PointCloud(
        collection,
        images,
        torch.tensor([(mark.y, mark.x) for mark in landmarks], dtype=torch.float64),
        collection.vectors_at(images, torch.stack(points), step),
        tuple(mark.landmark for mark in landmarks),
    )


def region_points(
    collection: Collection,
    regions: Callable[[str], Labels | None],
    stride: int | None = None,
    on_canvas: bool = False,
) -> Generator[Progress, None, PointCloud]:
    """One point for each region of each image: a superpixel, a cell, an organ.

    Parameters
    ----------
    collection : Collection
        The images.
    regions : callable
        Name of an image to its label map in pixels of the file, 0 outside; None if it has none.
    stride : int or None
        Of the cells averaged; None is the usual one.
    on_canvas : bool
        Whether the label maps are of the canvas instead, at its size or smaller.

    Returns
    -------
    PointCloud
        What the generator returns at its end; regions between all cells are left out.

    Raises
    ------
    BadInput
        If no image has regions, or a label map has not the size of its image.
    """
    step = collection.stride(stride)
    found: list[tuple[int, int, Tensor, Tensor]] = []
    for index, name in enumerate(collection.names):
        labels = regions(name)
        if labels is not None:
            read = _read_canvas if on_canvas else _read_file
            found += [(index, *one) for one in _regions(collection, index, labels, step, read)]
        yield Progress("regions", step=index + 1, steps=len(collection), message="reading regions")
    if not found:
        raise BadInput("no image has regions to show as points")
    images, numbers, places, vectors = zip(*found, strict=True)
    return PointCloud(
        collection,
        torch.tensor(images),
        torch.stack(places),
        torch.nn.functional.normalize(torch.stack(vectors), dim=1),
        tuple(map(str, numbers)),
    )


def _regions(
    collection: Collection, index: int, labels: Labels, stride: int, read: Reader
) -> list[tuple[int, Tensor, Tensor]]:
    """Number, middle and mean vector of each region of an image."""
    pyramid = collection.embeddings[[index]]
    cells = collection.inside([index], stride)[0].nonzero()
    vectors = cells_of(pyramid, stride)[0][cells[:, 0], cells[:, 1]].float() / pyramid.length
    owners, points = torch.full((len(cells),), index), cells * stride + (stride - 1) / 2
    places = collection.file_points(owners, points)
    numbers = read(collection, index, labels, points)
    there = torch.from_numpy(numbers > 0)
    unique, inverse = np.unique(numbers[numbers > 0], return_inverse=True)
    group = torch.from_numpy(inverse)
    count = torch.bincount(group, minlength=len(unique))[:, None]
    means = [
        torch.zeros(len(unique), one.shape[1], dtype=one.dtype).index_add_(0, group, one) / count
        for one in (places[there], vectors[there])
    ]
    return list(zip(unique.tolist(), *means, strict=True))


def _read_file(collection: Collection, index: int, labels: Labels, points: Tensor) -> Labels:
    """Labels in pixels of the file at points of the canvas."""
    size = collection.placements[index].file_size
    if labels.shape != size:
        raise BadInput(
            f"the regions of {collection.names[index]} are {labels.shape[0]} x {labels.shape[1]} "
            f"pixels, the image {size[0]} x {size[1]}"
        )
    return _at(labels, collection.placements[index].to_file(points.numpy()))


def _read_canvas(collection: Collection, index: int, labels: Labels, points: Tensor) -> Labels:
    """Labels of the canvas, which may be smaller than it, at points of it."""
    smaller = collection.placements[index].canvas[0] / labels.shape[0]
    return _at(labels, (points.double().numpy() + 0.5) / smaller - 0.5)


def _at(labels: Labels, points: np.ndarray[Any, np.dtype[np.float64]]) -> Labels:
    pixels = points.round().astype(int).clip(0, np.array(labels.shape) - 1)
    found: Labels = labels[pixels[:, 0], pixels[:, 1]]
    return found
