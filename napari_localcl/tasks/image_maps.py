"""Maps over an image that mean the same in all images: colours, clusters, rarity, change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_localcl.data.progress import Progress
from napari_localcl.models.components import Components, Spread
from napari_localcl.models.nearest import cells_of
from napari_localcl.models.rarity import change, uniqueness
from napari_localcl.tasks.cells import on_image
from napari_localcl.tasks.sampling import sample_cells

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import Tensor

    from napari_localcl.data.heat_map import HeatMap
    from napari_localcl.tasks.collection import Collection
    from napari_localcl.tasks.sampling import Cells

CLUSTERED = 100_000  # cells that clusters are made of
REFERENCES = 4096  # cells that stand for all others


@dataclass(frozen=True)
class Colouring:
    """The first three principal components of all images, as red, green and blue.

    Attributes
    ----------
    collection : Collection
        The images.
    components : Components
        Of all their cells.
    stride : int
        Of the cells, pixels of the canvas.
    """

    collection: Collection
    components: Components
    stride: int

    def map(self, image: str) -> HeatMap:
        """Return the colours (h, w, 3) of an image, from 0 to 1."""
        vectors, index = _vectors(self.collection, image, self.stride)
        colours = self.components.colours(vectors).numpy()
        return on_image(image, colours, self.collection.placements[index])


def learn_colours(
    collection: Collection, stride: int | None = None
) -> Generator[Progress, None, Colouring]:
    """Find the principal components of all cells of all images.

    Parameters
    ----------
    collection : Collection
        The images.
    stride : int or None
        Of the cells; None is the usual one.

    Returns
    -------
    Colouring
        What the generator returns at its end.
    """
    step = collection.stride(stride)
    spread: Spread | None = None
    for chosen in collection.batches():
        pyramid = collection.embeddings[chosen]
        cells, inside = cells_of(pyramid, step), collection.inside(chosen, step)
        spread = spread or Spread(cells.shape[3])
        for own, shown in zip(cells, inside, strict=True):
            spread.add(own[shown].float() / pyramid.length)
        yield Progress("components", step=chosen.stop, steps=len(collection), message="colouring")
    assert spread is not None
    return Colouring(collection, spread.components(3), step)


@dataclass(frozen=True)
class Kinds:
    """Clusters of vectors.

    Attributes
    ----------
    centres : Tensor (K, D)
        Of the largest cluster first.
    """

    centres: Tensor

    def of(self, vectors: Tensor) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Return the clusters of vectors (P, D), from 1."""
        kinds: np.ndarray[Any, np.dtype[np.int64]] = (
            torch.cdist(vectors.float(), self.centres).argmin(dim=1).numpy()
        )
        return kinds + 1


def cluster_vectors(vectors: Tensor, count: int, seed: int = 0) -> Kinds:
    """Divide vectors (P, D) into kinds by k-means; of fewer vectors, as many kinds."""
    from sklearn.cluster import MiniBatchKMeans

    model = MiniBatchKMeans(min(count, len(vectors)), n_init=3, batch_size=4096, random_state=seed)
    sizes = np.bincount(model.fit_predict(vectors.numpy()), minlength=model.n_clusters)
    order = np.argsort(-sizes, kind="stable")
    return Kinds(torch.from_numpy(np.asarray(model.cluster_centers_[order], np.float32)))


@dataclass(frozen=True)
class Clustering:
    """Kinds of places, the same in all images.

    Attributes
    ----------
    collection : Collection
        The images.
    kinds : Kinds
        What tells them.
    stride : int
        Of the cells, pixels of the canvas.
    """

    collection: Collection
    kinds: Kinds
    stride: int

    def of(self, vectors: Tensor) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Return the clusters of vectors (P, D), from 1."""
        return self.kinds.of(vectors)

    def map(self, image: str) -> HeatMap:
        """Return the clusters (h, w) of an image, from 1."""
        vectors, index = _vectors(self.collection, image, self.stride)
        kinds = self.of(vectors.flatten(0, 1)).reshape(vectors.shape[:2])
        placement = self.collection.placements[index]
        return on_image(image, kinds.astype(np.float32), placement)


def learn_clusters(
    collection: Collection, count: int = 8, stride: int | None = None, seed: int = 0
) -> Generator[Progress, None, Clustering]:
    """Divide the cells of all images into kinds, by k-means on a sample of all.

    Parameters
    ----------
    collection : Collection
        The images.
    count : int
        How many kinds, at least 2; the largest is number 1.
    stride, seed : int or None, int
        See :func:`learn_colours` and :func:`sample_cells`.

    Returns
    -------
    Clustering
        What the generator returns at its end.
    """
    step = collection.stride(stride)
    sample = yield from sample_cells(collection, CLUSTERED, step, seed)
    yield Progress("clusters", message="finding clusters")
    return Clustering(collection, cluster_vectors(sample.vectors, count, seed), step)


@dataclass(frozen=True)
class Rarity:
    """How rare the places of an image are in the other images.

    Attributes
    ----------
    collection : Collection
        The images.
    references : Cells
        A sample that stands for all of them.
    stride : int
        Of the cells, pixels of the canvas.
    """

    collection: Collection
    references: Cells
    stride: int

    def map(self, image: str) -> HeatMap:
        """Return how unlike an image's places are to any of other images, from 0 to 1."""
        vectors, index = _vectors(self.collection, image, self.stride)
        allowed = self.references.images != index
        if not bool(allowed.any()):
            allowed = ~allowed
        found = uniqueness(vectors.flatten(0, 1), self.references.vectors, allowed)
        placement = self.collection.placements[index]
        return on_image(image, found.view(vectors.shape[:2]).numpy(), placement)


def learn_rarity(
    collection: Collection, stride: int | None = None, seed: int = 0
) -> Generator[Progress, None, Rarity]:
    """Sample what is usual; see :func:`learn_colours`, :func:`sample_cells`."""
    step = collection.stride(stride)
    return Rarity(collection, (yield from sample_cells(collection, REFERENCES, step, seed)), step)


@dataclass(frozen=True)
class Change:
    """How differently two models see the places of an image.

    Attributes
    ----------
    before, after : Collection
        The same images by either model.
    known : (Tensor, Tensor)
        Vectors (R, D) and (R, E) of the same reference places.
    stride : int
        Of the cells looked at, pixels of the first canvas.
    """

    before: Collection
    after: Collection
    known: tuple[Tensor, Tensor]
    stride: int

    def map(self, image: str) -> HeatMap:
        """Return the change at the places of an image, from 0 to 1."""
        vectors, index = _vectors(self.before, image, self.stride)
        height, width = vectors.shape[:2]
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        cells = torch.stack([rows, columns], dim=2).flatten(0, 1)
        points = cells * self.stride + (self.stride - 1) / 2
        owners = torch.full((len(points),), index)
        others = _at_same_places(self.before, self.after, owners, points)
        found = change(vectors.flatten(0, 1), others, self.known).view(height, width)
        return on_image(image, found.numpy(), self.before.placements[index])


def compare_models(
    before: Collection, after: Collection, stride: int | None = None, seed: int = 0
) -> Generator[Progress, None, Change]:
    """Sample the places that two models are compared by.

    Parameters
    ----------
    before, after : Collection
        The images by either model; the second may have more.
    stride, seed : int or None, int
        See :func:`learn_colours`, :func:`sample_cells`.

    Returns
    -------
    Change
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If an image of the first is not in the second.
    """
    step = before.stride(stride)
    sample = yield from sample_cells(before, REFERENCES // 4, step, seed)
    others = _at_same_places(before, after, sample.images, sample.points)
    return Change(before, after, (sample.vectors, others), step)


def _at_same_places(
    before: Collection, after: Collection, images: Tensor, points: Tensor
) -> Tensor:
    """Vectors (P, E) by the second model at points (P, 2) of the first model's canvases."""
    files = before.file_points(images, points)
    others = torch.tensor([after.index(name) for name in before.names])[images]
    return after.vectors_at(others, after.canvas_points(others, files), after.stride())


def _vectors(collection: Collection, image: str, stride: int) -> tuple[Tensor, int]:
    """Unit vectors (h, w, D) of an image's cells, and its index."""
    index = collection.index(image)
    pyramid = collection.embeddings[[index]]
    return cells_of(pyramid, stride)[0].float() / pyramid.length, index
