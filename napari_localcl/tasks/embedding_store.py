"""Embeddings of images, computed once and kept on the disk.

A store belongs to one set of weights and one canvas. For every stride there is one file of rows,
one row per image, each an (h, w, D) map of unit vectors as signed bytes (127 is length one); the
file ``rows.json`` says which image is which row. Files are mapped, so that memory holds what is
looked at only, and rows are added at the end, so that new images cost only themselves.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_localcl.data.atomic import replacing
from napari_localcl.data.cache import default_cache, writable
from napari_localcl.data.progress import Progress
from napari_localcl.models.pyramid import Pyramid

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.models.encoder import Encoder

LENGTH = 127
BATCH = 8  # images embedded at once


@dataclass(frozen=True)
class EmbeddingStore:
    """Where the embeddings of one encoder at one canvas are kept.

    Attributes
    ----------
    folder : Path
        The store's own folder.
    shapes : mapping of int to tuple of int
        Stride to (h, w, D) of one image's map.
    canvas : tuple of int
        Height and width of the images.
    """

    folder: Path
    shapes: Mapping[int, tuple[int, int, int]]
    canvas: tuple[int, int]

    def rows(self) -> dict[str, int]:
        """Return which image, by its key, is which row; empty where the store is not usable."""
        try:
            keys = json.loads((self.folder / "rows.json").read_text())
        except (OSError, ValueError):
            return {}
        if any(self._kept(stride) < len(keys) for stride in self.shapes):
            return {}
        return {key: row for row, key in enumerate(keys)}

    def add(self, keys: Sequence[str], maps: Mapping[int, Tensor]) -> None:
        """Add images' maps, stride to unit vectors (N, D, h, w).

        The keys are written last: after a kill in between, the rows without a key are overwritten.
        """
        known = list(self.rows())
        self.folder.mkdir(parents=True, exist_ok=True)
        with writable(self.folder):
            for stride, shape in self.shapes.items():
                rows = (maps[stride] * LENGTH).round().to(torch.int8).movedim(1, 3).contiguous()
                with self._file(stride).open("r+b" if known else "wb") as file:
                    file.seek(len(known) * int(np.prod(shape)))
                    file.write(rows.cpu().numpy().tobytes())
            with replacing(self.folder / "rows.json") as part:
                part.write_text(json.dumps([*known, *keys]))

    def pyramid(self, rows: Sequence[int]) -> Pyramid:
        """Map the embeddings of some rows; nothing is read before it is looked at."""
        count = max(rows, default=-1) + 1
        maps = {stride: self._map(stride, count) for stride in self.shapes}
        return Pyramid(maps, self.canvas, torch.tensor(rows, dtype=torch.long), LENGTH)

    def _file(self, stride: int) -> Path:
        return self.folder / f"stride_{stride}.i8"

    def _kept(self, stride: int) -> int:
        file = self._file(stride)
        return file.stat().st_size // int(np.prod(self.shapes[stride])) if file.exists() else 0

    def _map(self, stride: int, count: int) -> Tensor:
        shape = (count, *self.shapes[stride])
        # Not shared: the file is never written.
        return torch.from_file(
            str(self._file(stride)), shared=False, size=int(np.prod(shape)), dtype=torch.int8
        ).view(shape)


@dataclass(frozen=True)
class Embeddings:
    """Embeddings of a folder's images.

    Attributes
    ----------
    store : EmbeddingStore
        Where they are kept.
    rows : tuple of int
        The store's row of every image, in order.
    """

    store: EmbeddingStore
    rows: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, images: Sequence[int]) -> Pyramid:
        # Mapped anew: pages that were looked at leave memory with the pyramid, so that a pass over
        # many images, a few at a time, takes the memory of a few.
        return self.store.pyramid([self.rows[image] for image in images])


def weights_key(encoder: Encoder) -> str:
    """Return a hash of an encoder's weights."""
    digest = hashlib.sha256()
    for name, tensor in encoder.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:24]


def open_store(
    encoder: Encoder, channels: int, canvas: tuple[int, int], cache: Path | None
) -> EmbeddingStore:
    """Return the store of an encoder's embeddings at a canvas."""
    with torch.no_grad():
        device = next(encoder.parameters()).device
        maps = encoder.embed(torch.zeros(1, channels, *canvas, device=device))
    shapes = {s: (m.shape[2], m.shape[3], m.shape[1]) for s, m in maps.items()}
    height, width = canvas
    folder = (cache or default_cache()) / "embeddings"
    return EmbeddingStore(folder / f"{weights_key(encoder)}-{height}x{width}", shapes, canvas)


def embed_images(
    encoder: Encoder,
    images: PreparedImages,
    cache: Path | None = None,
    bf16: bool = False,
) -> Generator[Progress, None, Embeddings]:
    """Embed what the store lacks; the generator returns the embeddings of all images, in order.

    Parameters
    ----------
    encoder : Encoder
        In evaluation mode, on its device.
    images : PreparedImages
        What to embed.
    cache : Path or None
        Where the store is; None is the user's cache folder.
    bf16 : bool
        Compute in bfloat16 where that is possible.
    """
    store = open_store(encoder, images.channels, images.canvas, cache)
    keys = [
        file.stem + ("-mirrored" if placement.mirrored else "")
        for file, placement in zip(images.files, images.placements, strict=True)
    ]
    known = store.rows()
    lacking = list({key: i for i, key in enumerate(keys) if key not in known}.values())
    for start in range(0, len(lacking), BATCH):
        chosen = lacking[start : start + BATCH]
        maps = _embed(encoder, torch.from_numpy(images.batch(chosen)), bf16)
        store.add([keys[i] for i in chosen], maps)
        yield Progress("embed", step=start + len(chosen), steps=len(lacking), message="embedding")
    rows = store.rows()
    return Embeddings(store, tuple(rows[key] for key in keys))


def _embed(encoder: Encoder, pixels: Tensor, bf16: bool) -> dict[int, Tensor]:
    device = next(encoder.parameters()).device
    given = pixels.to(device).float() / 255
    given = given.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        return encoder.embed(given)
