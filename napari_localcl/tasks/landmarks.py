"""Find in every image the points marked in one template image, or in a few.

Chen et al., arXiv 2108.09440, one-shot landmark localisation; ``PUBLISHED`` is their form of it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_localcl.data.annotations import Landmark, check_inside
from napari_localcl.data.errors import BadInput
from napari_localcl.data.progress import Progress
from napari_localcl.models.finding import Places, Template
from napari_localcl.tasks.atlas import PUBLISHED, Atlas, Embedded, LandmarkSettings, open_atlas
from napari_localcl.tasks.suggestions import suggest_templates

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from torch import Tensor

    from napari_localcl.data.placement import Placement
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.models.alignment import SmoothMap

__all__ = ["PUBLISHED", "LandmarkSettings", "locate", "predict", "suggest_templates"]

CHUNK = 16  # images searched at once


def locate(
    images: str | Path | Sequence[str | Path],
    run: str | Path,
    templates: Sequence[Landmark],
    settings: LandmarkSettings | None = None,
    device: str = "auto",
    cache: Path | None = None,
) -> Generator[Progress, None, tuple[Landmark, ...]]:
    """Find the landmarks of the templates in all images.

    Parameters
    ----------
    templates : sequence of Landmark
        Points that a person placed, on one image or more; every further one improves the result.
    images, run, settings, device, cache
        See :func:`open_atlas`.

    Returns
    -------
    tuple of Landmark
        What the generator returns at its end: the templates' own points with the source `human`,
        all others predicted, with a confidence from 0 to 1.

    Raises
    ------
    BadInput
        If a template's image is not among the images or its point lies outside of it.
    """
    if not templates:
        raise BadInput("there is no landmark in the template: click at least one")
    atlas = yield from open_atlas(images, run, settings, device, cache)
    return (yield from predict(atlas, templates))


def predict(
    atlas: Atlas, templates: Sequence[Landmark]
) -> Generator[Progress, None, tuple[Landmark, ...]]:
    """Find the landmarks of templates in the images of an atlas; see :func:`locate`."""
    rows: list[Landmark] = []
    done, total = 0, len(atlas.coarse.images)
    for batch in predict_batches(atlas, templates):
        rows += batch
        done = min(done + CHUNK, total)
        yield Progress("locate", step=done, steps=total, message="finding landmarks")
    return tuple(rows)


def predict_batches(
    atlas: Atlas, templates: Sequence[Landmark], first: str | None = None
) -> Iterator[tuple[Landmark, ...]]:
    """Yield the landmarks of some images at a time, as :func:`predict` has them.

    Parameters
    ----------
    atlas, templates
        See :func:`predict`.
    first : str or None
        An image that somebody is looking at: it comes first, alone, and again in its place.
    """
    click = Click.of(templates, atlas)
    if first is not None:
        yield _found(click, [atlas.coarse.images.index(first)])
    total = len(atlas.coarse.images)
    for start in range(0, total, CHUNK):
        yield _found(click, range(start, min(start + CHUNK, total)))


def _found(click: Click, chosen: Sequence[int]) -> tuple[Landmark, ...]:
    points, confidence = find(click, chosen)
    return tuple(
        mark
        for row, index in enumerate(chosen)
        for mark in _rows(click.atlas, click.marks, index, points[row], confidence[row])
    )


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
        chosen = embedded.sides[0][self.images]
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


def find(
    click: Click, chosen: Sequence[int]
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], Tensor]:
    """Find the points of a click in some images.

    Returns
    -------
    points : ndarray (B, L, 2)
        File pixels.
    confidence : Tensor (B, L)
        From 0 to 1.
    """
    coarse = click.atlas.coarse
    places, *others = (_on_side(click, side, chosen) for side in range(len(coarse.sides)))
    turned = torch.zeros(len(chosen), dtype=torch.bool)
    for other in others:
        turned = other.score.mean(dim=1) > places.score.mean(dim=1)
        places = _pick(turned, other, places)
    points = _to_file(coarse, chosen, places.points, turned)
    return _closer(click, chosen, points, turned), confidence(places)


def _on_side(click: Click, side: int, chosen: Sequence[int]) -> Places:
    """Where the points are in some images as they are (side 0) or mirrored (side 1)."""
    finder, queries = click.atlas.settings.finder(), click.atlas.coarse.sides[side][chosen]

    def lead(row: int) -> SmoothMap:
        return click.atlas.align(click.marks.images[row], side, tuple(chosen))

    return finder.find(click.coarse, queries, lead)


def _pick(turned: Tensor, other: Places, places: Places) -> Places:
    def choose(first: Tensor, second: Tensor) -> Tensor:
        mask = turned.view(-1, *[1] * (first.dim() - 1))
        return torch.where(mask, first, second)

    both = zip(vars(other).values(), vars(places).values(), strict=True)
    return Places(*(choose(first, second) for first, second in both))


def _closer(
    click: Click,
    chosen: Sequence[int],
    points: np.ndarray[Any, np.dtype[np.float64]],
    turned: Tensor,
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Look again at the higher magnification, if any, near points (B, L, 2) in file pixels."""
    detail, template = click.atlas.detail, click.detail
    if detail is None or template is None:
        return points
    guess = torch.stack(
        [
            torch.from_numpy(detail.placement(i).to_canvas(own)).float()
            for i, own in zip(chosen, points, strict=True)
        ]
    )
    guess = _unturn(guess, turned, detail.images.canvas)
    finder = click.atlas.settings.finder()
    found, *others = (finder.closer(template, side[chosen], guess) for side in detail.sides)
    for other in others:
        found = torch.where(turned[:, None, None], other, found)
    return _to_file(detail, chosen, found, turned)


def _unturn(points: Tensor, turned: Tensor, canvas: tuple[int, int]) -> Tensor:
    """Mirror the points of the images that were mirrored."""
    mirrored = torch.stack([points[..., 0], canvas[1] - 1 - points[..., 1]], dim=-1)
    return torch.where(turned[:, None, None], mirrored, points)


def _to_file(
    embedded: Embedded, chosen: Sequence[int], points: Tensor, turned: Tensor
) -> np.ndarray[Any, np.dtype[np.float64]]:
    straight = _unturn(points, turned, embedded.images.canvas).double().numpy()
    return np.stack(
        [_in_file(embedded.placement(i), own) for i, own in zip(chosen, straight, strict=True)]
    )


def _in_file(
    placement: Placement, points: np.ndarray[Any, np.dtype[np.float64]]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    last = np.array(placement.file_size) - 1
    return np.clip(placement.to_file(points), 0, last)


def confidence(places: Places) -> Tensor:
    """How sure each point is, from 0 to 1: similar, ahead of its rivals, and found back.

    Not a probability: it ranks.
    """
    similar = places.score.exp().clamp(0, 1)
    ahead = 1 - torch.exp(-places.margin.clamp(min=0) / 0.1)
    found_back = 1 / (1 + (places.cycle_error / 8) ** 2)
    return (similar * (0.5 + 0.5 * ahead) * found_back).clamp(0, 1)


def _rows(
    atlas: Atlas,
    marks: Marks,
    index: int,
    points: np.ndarray[Any, np.dtype[np.float64]],
    sure: Tensor,
) -> list[Landmark]:
    image = atlas.coarse.images.names[index]
    own = marks.images.index(index) if index in marks.images else None
    rows = []
    for column, name in enumerate(marks.names):
        if own is not None and marks.known[own, column]:
            y, x = marks.points[own, column].tolist()
            rows.append(Landmark(image, name, y, x, None, "human"))
        else:
            y, x = points[column].round(2).tolist()
            value = round(float(sure[column]), 4)
            rows.append(Landmark(image, name, y, x, value, atlas.source))
    return rows
