"""What a person clicked, ready to be found in the images of an atlas."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_localcl.data.annotations import check_inside
from napari_localcl.models.finding import Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.tasks.atlas import Atlas, Embedded


@dataclass(frozen=True)
class Marks:
    """Template points as arrays.

    Attributes
    ----------
    names : tuple of str
        The landmarks.
    images : tuple of int
        Indices of the template images.
    points : ndarray (T, L, 2)
        File pixels; 0 where not annotated.
    known : ndarray (T, L), bool
        Which are annotated.
    """

    names: tuple[str, ...]
    images: tuple[int, ...]
    points: np.ndarray[Any, np.dtype[np.float64]]
    known: np.ndarray[Any, np.dtype[np.bool_]]

    @classmethod
    def of(cls, templates: Sequence[Landmark], images: PreparedImages) -> Marks:
        """Gather the landmarks of template images; each must lie in an image that is there."""
        by_image: dict[int, list[Landmark]] = defaultdict(list)
        for mark in templates:
            index = images.index(mark.image)
            check_inside(mark, images.placements[index].file_size)
            by_image[index].append(mark)
        names = tuple(dict.fromkeys(mark.landmark for mark in templates))
        points = np.zeros((len(by_image), len(names), 2))
        known = np.zeros((len(by_image), len(names)), bool)
        for row, marks in enumerate(by_image.values()):
            for mark in marks:
                column = names.index(mark.landmark)
                points[row, column] = mark.y, mark.x
                known[row, column] = True
        return cls(names, tuple(by_image), points, known)

    def template(self, embedded: Embedded) -> Template:
        """Return the points on the canvas, with the embeddings of their images."""
        points = [
            embedded.placement(index).to_canvas(own)
            for index, own in zip(self.images, self.points, strict=True)
        ]
        chosen = embedded.embeddings[self.images]
        return Template(chosen, torch.tensor(np.array(points)).float(), torch.tensor(self.known))


@dataclass(frozen=True)
class Click:
    """Points of template images, ready to be found in the images of an atlas.

    Attributes
    ----------
    atlas : Atlas
        Where to look.
    marks : Marks
        The points.
    coarse : Template
        What to find.
    detail : Template or None
        What to find at the higher magnification.
    """

    atlas: Atlas
    marks: Marks
    coarse: Template
    detail: Template | None

    @classmethod
    def of(cls, templates: Sequence[Landmark], atlas: Atlas) -> Click:
        """Read what the points look like; see :meth:`Marks.of`."""
        marks = Marks.of(templates, atlas.coarse.images)
        detail = marks.template(atlas.detail) if atlas.detail else None
        return cls(atlas, marks, marks.template(atlas.coarse), detail)
