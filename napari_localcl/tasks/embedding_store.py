"""Embeddings of images as clicks need them: computed once and kept in the cache.

A store belongs to one set of weights and one canvas. For every stride there is one file of rows,
one row per image, each an (h, w, D) map of unit vectors as signed bytes (127 is length one); one
more file holds the embeddings of whole images, and ``rows.json`` says which image is which row.
Files are mapped, so that memory holds what is looked at only, and rows are added at the end, so
that new images cost only themselves. Those that people keep and share, twice as large, are in
:mod:`napari_localcl.tasks.zarr_store`.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_localcl.data.atomic import replacing
from napari_localcl.data.cache import default_cache, writable
from napari_localcl.models.pyramid import Pyramid
from napari_localcl.tasks.filling import BATCH, fill, image_keys

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.progress import Progress
    from napari_localcl.models.encoder import Encoder
    from napari_localcl.tasks.filling import Store

LENGTH = 127


@dataclass(frozen=True)
class EmbeddingStore:
    """Where the embeddings of one encoder at one canvas are kept.

    Attributes
    ----------
    folder : Path
        The store's own folder.
    shapes : mapping of int to tuple of int
        Stride to (h, w, D) of one image's map.
    whole : int
        Length of the embedding of a whole image.
    canvas : tuple of int
        Height and width of the images.
    """

    folder: Path
    shapes: Mapping[int, tuple[int, int, int]]
    whole: int
    canvas: tuple[int, int]

    def rows(self) -> dict[str, int]:
        """Return which image, by its key, is which row; empty where the store is not usable."""
        try:
            keys = json.loads((self.folder / "rows.json").read_text())
            kept = [file.stat().st_size // size for file, size in self._row_bytes.items()]
        except (OSError, ValueError):
            return {}
        return {key: row for row, key in enumerate(keys)} if min(kept) >= len(keys) else {}

    def packed(self, maps: Mapping[int, Tensor]) -> dict[int, Tensor]:
        """See :meth:`Store.packed`: as signed bytes."""
        return {
            stride: (maps[stride] * LENGTH).round().to(torch.int8).movedim(1, 3).contiguous().cpu()
            for stride in self.shapes
        }

    def add(self, keys: Sequence[str], maps: Mapping[int, Tensor], wholes: Tensor) -> None:
        """See :meth:`Store.add`.

        The keys are written last: after a kill in between, the rows without a key are overwritten.
        """
        known = list(self.rows())
        self.folder.mkdir(parents=True, exist_ok=True)
        added = [*(maps[stride] for stride in self.shapes), wholes]
        with writable(self.folder):
            for (file, size), rows in zip(self._row_bytes.items(), added, strict=True):
                with file.open("r+b" if known else "wb") as stream:
                    stream.seek(len(known) * size)
                    stream.write(rows.contiguous().numpy().tobytes())
            with replacing(self.folder / "rows.json") as part:
                part.write_text(json.dumps([*known, *keys]))

    def pyramid(self, rows: Sequence[int]) -> Pyramid:
        """Map the embeddings of some rows; nothing is read before it is looked at."""
        count = max(rows, default=-1) + 1
        maps = {stride: self._map(stride, count) for stride in self.shapes}
        return Pyramid(maps, self.canvas, torch.tensor(rows, dtype=torch.long), LENGTH)

    def wholes(self, rows: Sequence[int]) -> Tensor:
        """Read the embeddings of the whole images of some rows, (N, D)."""
        kept = np.fromfile(self._wholes, "<f4").reshape(-1, self.whole)
        return torch.from_numpy(kept[np.asarray(rows, int)])

    @property
    def _wholes(self) -> Path:
        return self.folder / "whole.f4"

    def _file(self, stride: int) -> Path:
        return self.folder / f"stride_{stride}.i8"

    @cached_property
    def _row_bytes(self) -> dict[Path, int]:
        """All files, with the bytes of their rows."""
        maps = {self._file(stride): math.prod(shape) for stride, shape in self.shapes.items()}
        return {**maps, self._wholes: 4 * self.whole}

    def _map(self, stride: int, count: int) -> Tensor:
        shape = (count, *self.shapes[stride])
        # Not shared: the file is never written.
        return torch.from_file(
            str(self._file(stride)), shared=False, size=math.prod(shape), dtype=torch.int8
        ).view(shape)


@dataclass(frozen=True)
class Embeddings:
    """Embeddings of a folder's images.

    Attributes
    ----------
    store : Store
        Where they are kept.
    rows : tuple of int
        The store's row of every image, in order.
    """

    store: Store
    rows: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, images: Sequence[int]) -> Pyramid:
        # Mapped anew: pages that were looked at leave memory with the pyramid, so that a pass over
        # many images, a few at a time, takes the memory of a few.
        return self.store.pyramid([self.rows[image] for image in images])

    def wholes(self) -> Tensor:
        """Read the embeddings of the whole images, (N, D)."""
        return self.store.wholes(self.rows)


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
    shapes, whole = embedding_shapes(encoder, channels, canvas)
    height, width = canvas
    folder = (cache or default_cache()) / "embeddings"
    return EmbeddingStore(
        folder / f"{weights_key(encoder)}-{height}x{width}", shapes, whole, canvas
    )


def embedding_shapes(
    encoder: Encoder, channels: int, canvas: tuple[int, int]
) -> tuple[dict[int, tuple[int, int, int]], int]:
    """Return the shape (h, w, D) of a map by stride, and the length of a whole image's vector."""
    device = next(encoder.parameters()).device
    with torch.no_grad():
        maps, whole = encoder.embed_all(torch.zeros(1, channels, *canvas, device=device))
    return {s: (m.shape[2], m.shape[3], m.shape[1]) for s, m in maps.items()}, whole.shape[1]


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
    keys = image_keys(images)
    known = store.rows()
    lacking = list({key: i for i, key in enumerate(keys) if key not in known}.values())
    groups = [lacking[start : start + BATCH] for start in range(0, len(lacking), BATCH)]
    yield from fill(store, encoder, images, groups, bf16)
    rows = store.rows()
    return Embeddings(store, tuple(rows[key] for key in keys))
