"""Which image to click first: a ranking without labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_localcl.data.progress import Progress
from napari_localcl.models.alignment import coarse_matches
from napari_localcl.tasks.atlas import LandmarkSettings, open_atlas

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from torch import Tensor

    from napari_localcl.models.pyramid import Pyramid
    from napari_localcl.tasks.atlas import Atlas

CANDIDATES, OTHERS = 200, 64
STRIDE = 16


def suggest_templates(
    images: str | Path | Sequence[str | Path],
    run: str | Path,
    settings: LandmarkSettings | None = None,
    device: str = "auto",
    cache: Path | None = None,
) -> Generator[Progress, None, tuple[tuple[str, float], ...]]:
    """Rank images by how well they would serve as template.

    The score of an image is the mean, over its places and over other images, of the similarity of
    the match, where matching back returns; it needs no landmark. Of a large folder, at most 200
    evenly spaced images are ranked, each against 64.

    Parameters
    ----------
    images, run, settings, device, cache
        See :func:`napari_localcl.tasks.atlas.open_atlas`.

    Returns
    -------
    tuple of (str, float)
        What the generator returns at its end: image names and scores from 0 to 1, best first.
    """
    settings = (settings or LandmarkSettings()).model_copy(update={"detail": 1.0})
    atlas = yield from open_atlas(images, run, settings, device, cache)
    return (yield from rank_templates(atlas))


def rank_templates(atlas: Atlas) -> Generator[Progress, None, tuple[tuple[str, float], ...]]:
    """Rank the images of an atlas; see :func:`suggest_templates`."""
    embeddings, names = atlas.coarse.embeddings, atlas.coarse.images.names
    candidates, others = (_spread(len(names), most) for most in (CANDIDATES, OTHERS))
    compared = _coarse(embeddings[others.tolist()])
    ranking = []
    for done, index in enumerate(candidates.tolist(), 1):
        own = _coarse(embeddings[[index]])
        ranking.append((names[index], _score(own, compared[others != index])))
        yield Progress("suggest", step=done, steps=len(candidates), message="ranking templates")
    return tuple(sorted(ranking, key=lambda entry: -entry[1]))


def _spread(count: int, most: int) -> Tensor:
    return torch.linspace(0, count - 1, min(count, most)).round().long()


def _coarse(pyramid: Pyramid) -> Tensor:
    return pyramid.coarse(max(STRIDE, pyramid.strides[0]))


def _score(own: Tensor, others: Tensor) -> float:
    """Mean trust in the matches of one image (1, h, w, C) in others (N, h, w, C)."""
    if not len(others):
        return 1.0
    found = coarse_matches(own.expand_as(others), others, STRIDE)
    return round(float(found.weights.mean()), 4)
