"""Images of organs that come left and right, all shown from one side, as a run learned them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_localcl.data.sides import Sides, evenly_chosen
from napari_localcl.models.sides import STRIDE, LearnedSides
from napari_localcl.tasks.embedding_store import embed_images
from napari_localcl.tasks.preparing import prepare_small
from napari_localcl.training.devices import has_bf16

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from napari_localcl.data.folder import Listing
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.progress import Progress
    from napari_localcl.models.encoder import Encoder
    from napari_localcl.tasks.embedding_store import Embeddings
    from napari_localcl.training.record import RunRecord

CHUNK = 64  # images told at once


def on_one_side(
    images: str | Path | Sequence[str | Path] | Listing,
    prepared: PreparedImages,
    encoder: Encoder,
    record: RunRecord,
    cache: Path | None,
) -> Generator[Progress, None, PreparedImages]:
    """Mirror the images of one side, where the run told sides apart.

    Parameters
    ----------
    images, cache
        As for :func:`open_atlas`.
    prepared : PreparedImages
        The images at the size that the encoder learned at, none mirrored.
    encoder : Encoder
        The run's.
    record : RunRecord
        The run's: by what rule sides are told.

    Returns
    -------
    PreparedImages
        What the generator returns at its end.
    """
    if record.sides is not None:
        small = yield from prepare_small(images, prepared, cache)
        return Sides(record.sides.direction, record.sides.threshold).mirror(prepared, small)
    if record.settings["sides"] != "learned" or len(prepared) < 2:
        return prepared
    bf16 = has_bf16(next(encoder.parameters()).device.type)
    straight = yield from embed_images(encoder, prepared, cache, bf16)
    turned = prepared.mirrored([True] * len(prepared))
    mirrored = yield from embed_images(encoder, turned, cache, bf16)
    return prepared.mirrored(_tell(straight, mirrored).tolist())


def mirrored_like(images: PreparedImages, others: PreparedImages) -> PreparedImages:
    """Mirror the same images as others, which have been told already."""
    told = (others.placements[others.index(name)] for name in images.names)
    return images.mirrored([placement.mirrored for placement in told])


def _tell(straight: Embeddings, mirrored: Embeddings) -> torch.Tensor:
    """Which images show the side that fewer of them show, (N,) bool."""

    def coarse(chosen: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        return straight[chosen].coarse(STRIDE), mirrored[chosen].coarse(STRIDE)

    count = len(straight)
    rule = LearnedSides.of(*coarse(evenly_chosen(count)))
    starts = range(0, count, CHUNK)
    return torch.cat([rule.tell(*coarse(range(n, min(n + CHUNK, count)))) for n in starts])
