"""Rows of a sharded zarr array, mapped from its files.

Zarr, version 3, `sharding_indexed`: a file holds the rows of one shard one after the other and
ends with an index, the offset and length of each as two 64-bit numbers, then a checksum of four
bytes. Where rows are not compressed, a row in a file is a row in memory: mapping it costs nothing,
where decoding it takes a millisecond.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Rows = npt.NDArray[Any]

_CHECKSUM = 4
_RAW = {"name": "bytes", "configuration": {"endian": "little"}}


@dataclass(frozen=True)
class ShardedRows:
    """An array whose chunks are its rows.

    Attributes
    ----------
    folder : Path
        The array's own folder.
    count : int
        Number of rows, written or not.
    shape : tuple of int
        Of one row.
    dtype : numpy dtype
        Of its numbers.
    per_shard : int
        Rows of a file.
    """

    folder: Path
    count: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    per_shard: int

    @classmethod
    def open(cls, folder: Path) -> ShardedRows:
        """Read how an array is laid out.

        Raises
        ------
        BadInput
            If it is not there, or another program has written it in another form.
        """
        try:
            facts = json.loads((folder / "zarr.json").read_text(encoding="utf-8"))
            (codec,) = facts["codecs"]
            count, *shape = facts["shape"]
            form = codec["configuration"]
            # One byte a number has no order of bytes.
            raw = [{**each, "configuration": _RAW["configuration"]} for each in form["codecs"]]
            if raw != [_RAW] or form["chunk_shape"] != [1, *shape]:
                raise ValueError(form)
            per_shard = facts["chunk_grid"]["configuration"]["chunk_shape"][0]
            kind = np.dtype(facts["data_type"]).newbyteorder("<")
            return cls(folder, count, tuple(shape), kind, per_shard)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"{folder} is missing, damaged or not as 'embed' writes it; delete "
                f"{folder.parent} and embed the images again"
            ) from error

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return math.prod(self.shape) * self.dtype.itemsize

    def file(self, shard: int) -> Path:
        """Return where a shard is, whether or not it is written."""
        return self.folder.joinpath("c", str(shard), *["0"] * len(self.shape))

    def starts(self, shard: int) -> npt.NDArray[np.int64]:
        """Return the offsets of the rows of a shard in its file, -1 for rows not written.

        All are -1 where the file is cut short or damaged, for then none can be relied upon.
        """
        length = 16 * self.per_shard
        missing = np.full(self.per_shard, -1, np.int64)
        try:
            with self.file(shard).open("rb") as file:
                size = file.seek(-(length + _CHECKSUM), 2)
                index = np.frombuffer(file.read(length), "<i8").reshape(-1, 2)
        except OSError:
            return missing
        starts, lengths = index.T
        there = starts != -1
        whole = (lengths[there] == self.row_bytes) & (starts[there] % self.row_bytes == 0)
        if not whole.all() or there.sum() * self.row_bytes != size:
            return missing
        return starts.astype(np.int64)

    def written(self) -> npt.NDArray[np.bool_]:
        """Return which rows are there, (count,)."""
        shards = range(-(-self.count // self.per_shard))
        there = [self.starts(shard) >= 0 for shard in shards]
        return np.concatenate([*there, np.zeros(0, bool)])[: self.count]

    def read(self, rows: Sequence[int]) -> Rows:
        """Return rows (n, ...), as a view of a mapped file where they follow each other in it.

        Raises
        ------
        BadInput
            If one of them is not written.
        """
        parts = [self._run(shard, starts) for shard, starts in self._runs(rows)]
        if len(parts) == 1:
            return parts[0]
        return np.concatenate([*parts, np.zeros((0, *self.shape), self.dtype)])

    def _runs(self, rows: Sequence[int]) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
        """Cut rows to those that follow each other in one shard's file."""
        wanted = np.asarray(rows, np.int64)
        shards = wanted // self.per_shard
        index = {int(shard): self.starts(int(shard)) for shard in np.unique(shards)}
        starts = np.array(
            [index[int(s)][row % self.per_shard] for s, row in zip(shards, wanted, strict=True)],
            np.int64,
        )
        breaks = (np.diff(starts) != self.row_bytes) | (np.diff(shards) != 0)
        for part in np.split(np.arange(len(wanted)), np.flatnonzero(breaks) + 1):
            if len(part):
                yield int(shards[part[0]]), starts[part]

    def _run(self, shard: int, starts: npt.NDArray[np.int64]) -> Rows:
        if starts[0] < 0:
            raise BadInput(f"{self.folder.parent} is incomplete; run 'embed' again to complete it")
        shape = (len(starts), *self.shape)
        # Copied when written to, which nobody does: torch warns of arrays that cannot be.
        return np.memmap(self.file(shard), self.dtype, "c", int(starts[0]), shape)
