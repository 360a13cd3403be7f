"""Making an empty store of embeddings."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING
from uuid import uuid4

from napari_localcl.tasks.zarr_store import ATTRIBUTE, ZarrStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_localcl.tasks.store_contents import Contents

SHARD_BYTES = 2**26  # of the largest array; memory holds a few times as much
MOST_PER_SHARD = 64


def make_store(
    path: Path, contents: Contents, shapes: Mapping[int, tuple[int, int, int]], whole: int
) -> ZarrStore:
    """Make an empty store, unless another process has just done so.

    Parameters
    ----------
    path : Path
        Where to; the folder above is made if needed.
    contents : Contents
        What it says of itself.
    shapes, whole
        See :class:`napari_localcl.tasks.embedding_store.EmbeddingStore`.
    """
    import zarr

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{uuid4().hex}.part")
    try:
        attributes = {ATTRIBUTE: contents.model_dump(mode="json")}
        group = zarr.create_group(part, zarr_format=3, attributes=attributes)
        rows: dict[str, tuple[tuple[int, ...], str]] = {
            **{f"stride_{s}": (shapes[s], "float16") for s in contents.strides},
            "whole": ((whole,), "float32"),
            "content": ((32,), "uint8"),
        }
        per_shard = _per_shard(math.prod(shape) * 2 for shape, _ in rows.values())
        for name, (shape, kind) in rows.items():
            group.create_array(
                name,
                shape=(0, *shape),
                dtype=kind,
                chunks=(1, *shape),
                shards=(per_shard, *shape),
                compressors=None,
                fill_value=0,
            )
        part.rename(path)
    except OSError:
        shutil.rmtree(part, ignore_errors=True)
        # Otherwise another process was faster, and its store is as good.
        if not (path / "zarr.json").exists():
            raise
    return ZarrStore(path)


def _per_shard(row_bytes: Iterable[int]) -> int:
    return max(1, min(SHARD_BYTES // max(row_bytes), MOST_PER_SHARD))
