"""Passing images through an encoder into whatever keeps its embeddings."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

import torch

from napari_localcl.data.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from concurrent.futures import Future

    from torch import Tensor

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.models.encoder import Encoder
    from napari_localcl.models.pyramid import Pyramid

BATCH = 8  # images embedded at once


class Store(Protocol):
    """What keeps embeddings, in a row for each image, known by the image's key."""

    def packed(self, maps: Mapping[int, Tensor]) -> dict[int, Tensor]:
        """Unit vectors (N, D, h, w) by stride -> the maps (N, h, w, D) to keep, on the CPU."""

    def add(self, keys: Sequence[str], maps: Mapping[int, Tensor], wholes: Tensor) -> None:
        """Keep packed maps by stride, and the embeddings of the whole images (N, D), float32."""

    def pyramid(self, rows: Sequence[int]) -> Pyramid:
        """Map the embeddings of some rows; nothing is read before it is looked at."""

    def wholes(self, rows: Sequence[int]) -> Tensor:
        """Read the embeddings of the whole images of some rows, (N, D)."""


def image_keys(images: PreparedImages) -> list[str]:
    """Return what the embeddings of images are known by, besides the encoder: all their pixels.

    The hash of the file, the slice, the canvas and how it was put there; mirror images are others.
    """
    return [
        file.stem + ("-mirrored" if placement.mirrored else "")
        for file, placement in zip(images.files, images.placements, strict=True)
    ]


def fill(
    store: Store,
    encoder: Encoder,
    images: PreparedImages,
    groups: Sequence[Sequence[int]],
    bf16: bool = False,
) -> Generator[Progress, None, None]:
    """Embed images and keep what the encoder says; one group is written while the next is made.

    Parameters
    ----------
    store : Store
        Where to.
    encoder : Encoder
        In evaluation mode, on its device.
    images : PreparedImages
        The images.
    groups : sequence of sequence of int
        Which images to embed; those of a group are kept together, and memory holds two groups.
    bf16 : bool
        Compute in bfloat16 where that is possible.
    """
    keys = image_keys(images)
    done, total = 0, sum(map(len, groups))
    with ThreadPoolExecutor(1, thread_name_prefix="embed") as writer:
        writing: Future[None] | None = None
        for group in groups:
            parts = []
            for start in range(0, len(group), BATCH):
                chosen = group[start : start + BATCH]
                dense, whole = _embed(encoder, torch.from_numpy(images.batch(chosen)), bf16)
                parts.append((store.packed(dense), whole.float().cpu()))
                done += len(chosen)
                yield Progress("embed", step=done, steps=total, message="embedding")
            if writing is not None:
                writing.result()
            writing = writer.submit(store.add, [keys[i] for i in group], *_joined(parts))
        if writing is not None:
            writing.result()


def _joined(parts: Sequence[tuple[dict[int, Tensor], Tensor]]) -> tuple[dict[int, Tensor], Tensor]:
    maps = {stride: torch.cat([dense[stride] for dense, _ in parts]) for stride in parts[0][0]}
    return maps, torch.cat([whole for _, whole in parts])


def _embed(encoder: Encoder, pixels: Tensor, bf16: bool) -> tuple[dict[int, Tensor], Tensor]:
    device = next(encoder.parameters()).device
    given = pixels.to(device).float() / 255
    given = given.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        return encoder.embed_all(given)
