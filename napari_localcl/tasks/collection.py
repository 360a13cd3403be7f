"""The images of a project with their embeddings, as questions are asked of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_localcl.data.annotations import check_inside
from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import unknown_name
from napari_localcl.data.placement import Placement
from napari_localcl.tasks.cells import cell_box
from napari_localcl.tasks.embedding_store import Embeddings, weights_key
from napari_localcl.tasks.pretraining import load_encoder
from napari_localcl.tasks.zarr_store import ZarrStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.tasks.atlas import Embedded

USUAL_STRIDE = 4  # pixels of the canvas: fine enough for a patch, coarse enough to ask them all
BATCH = 16  # images read at once


@dataclass(frozen=True)
class Collection:
    """Images with their embeddings.

    Attributes
    ----------
    names : tuple of str
        The images.
    placements : tuple of Placement
        Where each lies on the canvas.
    embeddings : Embeddings
        In the same order.
    """

    names: tuple[str, ...]
    placements: tuple[Placement, ...]
    embeddings: Embeddings

    @classmethod
    def of(cls, embedded: Embedded) -> Collection:
        """Images that are open for clicks."""
        return cls(embedded.images.names, embedded.images.placements, embedded.embeddings)

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Return the position of an image; BadInput if there is none of that name."""
        try:
            return self._indices[name]
        except KeyError:
            sentence = unknown_name(name, self.names, "the images embedded")
            raise BadInput(sentence) from None

    @cached_property
    def _indices(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """Strides of the embeddings, finest first."""
        return self.embeddings[[0]].strides

    def stride(self, wanted: int | None = None) -> int:
        """Return the stride asked for, or the usual one: the finest from 4 pixels upwards.

        Raises
        ------
        BadInput
            If the one asked for was not embedded.
        """
        if wanted is None:
            return next((s for s in self.strides if s >= USUAL_STRIDE), self.strides[-1])
        if wanted not in self.strides:
            there = ", ".join(map(str, self.strides))
            raise BadInput(f"there are no embeddings of stride {wanted}; there are {there}")
        return wanted

    def batches(self) -> Iterator[range]:
        """Yield the indices of some images at a time, in order."""
        for start in range(0, len(self), BATCH):
            yield range(start, min(start + BATCH, len(self)))

    def inside(self, images: Sequence[int], stride: int) -> Tensor:
        """Return which cells show something of the images, (n, h, w) bool."""
        height, width = (side // stride for side in self.placements[0].canvas)
        inside = torch.zeros(len(images), height, width, dtype=torch.bool)
        for row, index in enumerate(images):
            top, left, bottom, right = cell_box(self.placements[index], stride)
            inside[row, top:bottom, left:right] = True
        return inside

    def canvas_point(self, mark: Landmark) -> tuple[int, Tensor]:
        """Return the image's index and the place (2,) on the canvas of a point of a file.

        Raises
        ------
        BadInput
            If there is no such image, or the point lies outside of it.
        """
        index = self.index(mark.image)
        check_inside(mark, self.placements[index].file_size)
        place = self.placements[index].to_canvas([mark.y, mark.x])
        return index, torch.from_numpy(place).float()

    def vectors_at(self, images: Tensor, points: Tensor, stride: int) -> Tensor:
        """Read the unit vectors (P, D) at points (P, 2) of the canvases of images (P,)."""
        read: list[Tensor] = [torch.zeros(0)] * len(points)
        for index in np.unique(images.numpy()).tolist():
            own = (images == index).nonzero()[:, 0]
            vectors = self.embeddings[[index]].at(points[own].float()[None])[stride][0]
            for position, vector in zip(own.tolist(), vectors, strict=True):
                read[position] = vector
        return torch.stack(read)

    def file_points(self, images: Tensor, points: Tensor) -> Tensor:
        """Map points (P, 2) on the canvases of images (P,) to pixels of their files, float64."""
        return self._mapped(images, points, Placement.to_file)

    def canvas_points(self, images: Tensor, points: Tensor) -> Tensor:
        """Map points (P, 2) in pixels of the files of images (P,) to their canvases, float64."""
        return self._mapped(images, points, Placement.to_canvas)

    def _mapped(self, images: Tensor, points: Tensor, way: Callable[..., Any]) -> Tensor:
        places, owners = points.double().numpy().copy(), images.numpy()
        for index in np.unique(owners):
            own = owners == index
            places[own] = way(self.placements[index], places[own])
        return torch.from_numpy(places)


def open_collection(store: str | Path, run: str | Path | None = None) -> Collection:
    """Open the images of a store that are embedded so far.

    Parameters
    ----------
    store : str or Path
        A store that `embed` made, or is making.
    run : str, Path or None
        The run that must have made it.

    Raises
    ------
    BadInput
        If there is none, another model made it, or no image is embedded yet.
    """
    kept = ZarrStore(Path(store))
    contents = kept.contents
    if run is not None:
        kept.check_model(weights_key(load_encoder(run)[0]))
    there = kept.complete()
    # A process that goes on meanwhile may have listed more.
    images = [image for image in contents.images if image.row < len(there) and there[image.row]]
    if not images:
        raise BadInput(f"{store} holds no embeddings yet")
    return Collection(
        tuple(image.name for image in images),
        tuple(image.placement(contents.canvas) for image in images),
        Embeddings(kept, tuple(image.row for image in images)),
    )
