"""Find in every image the points marked in one template image, or in a few.

Chen et al., arXiv 2108.09440, one-shot landmark localisation; ``PUBLISHED`` is their form of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.data.point_sources import HUMAN_SOURCE
from napari_localcl.data.progress import Progress
from napari_localcl.tasks.atlas import PUBLISHED, LandmarkSettings, open_atlas
from napari_localcl.tasks.click import Click
from napari_localcl.tasks.suggestions import suggest_templates

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from torch import Tensor

    from napari_localcl.data.placement import Placement
    from napari_localcl.models.alignment import SmoothMap
    from napari_localcl.models.finding import Finder, Places
    from napari_localcl.tasks.atlas import Atlas, Embedded
    from napari_localcl.tasks.click import Marks

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
    coarse, finder = click.atlas.coarse, click.atlas.settings.finder()

    def lead(row: int) -> SmoothMap:
        return click.atlas.align(click.marks.images[row], tuple(chosen))

    places = finder.find(click.coarse, coarse.embeddings[chosen], lead)
    points = _to_file(coarse, chosen, places.points)
    return _closer(click, finder, chosen, points), confidence(places)


def _closer(
    click: Click,
    finder: Finder,
    chosen: Sequence[int],
    points: np.ndarray[Any, np.dtype[np.float64]],
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
    found = finder.closer(template, detail.embeddings[chosen], guess)
    return _to_file(detail, chosen, found)


def _to_file(
    embedded: Embedded, chosen: Sequence[int], points: Tensor
) -> np.ndarray[Any, np.dtype[np.float64]]:
    places = points.double().numpy()
    return np.stack(
        [_in_file(embedded.placement(i), own) for i, own in zip(chosen, places, strict=True)]
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
            rows.append(Landmark(image, name, y, x, None, HUMAN_SOURCE))
        else:
            y, x = points[column].round(2).tolist()
            value = round(float(sure[column]), 4)
            rows.append(Landmark(image, name, y, x, value, atlas.source))
    return rows
