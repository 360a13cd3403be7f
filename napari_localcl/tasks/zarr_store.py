"""Embeddings of a project's images in one zarr store, for every task and every other program.

The store is a zarr group, version 3. Its attribute ``napari_localcl`` says which model made the
embeddings, which images they are of, and which row of the arrays each image is:

=================== ============== ==========================================================
array               row            what
=================== ============== ==========================================================
``stride_<s>``      (h, w, D)      float16 unit vectors of the cells of one image
``whole``           (D,)           float32 unit vector of one whole image
``content``         (32,)          uint8, SHA-256 of what the row is of; written last
=================== ============== ==========================================================

A file (a shard) holds some rows. Files take their place when they are whole, and a row counts when
its ``content`` is what the list of images says: so a store can be read while it is written, several
processes can write different files, and one cut off anywhere is completed by embedding again.
Rows are not compressed, for vectors of noise-like bits gain nothing, and are mapped into memory.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from pydantic import ValidationError

from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.data.shard_file import ShardedRows
from napari_localcl.models.pyramid import Pyramid
from napari_localcl.tasks.filling import image_keys
from napari_localcl.tasks.store_contents import Contents, StoredImage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    from torch import Tensor

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.shard import Shard
    from napari_localcl.data.shard_file import Rows

ATTRIBUTE = "napari_localcl"


@dataclass(frozen=True)
class ZarrStore:
    """A store that is there; see the module.

    Parameters
    ----------
    path : Path
        Its folder.
    """

    path: Path

    @property
    def contents(self) -> Contents:
        """What the store says of itself, read anew.

        Raises
        ------
        BadInput
            If it is none, damaged, or of a newer form.
        """
        try:
            return Contents.model_validate(self._attributes()["attributes"][ATTRIBUTE])
        except FileNotFoundError as error:
            raise BadInput(f"there is no store of embeddings at {self.path}") from error
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
            raise BadInput(
                f"{self.path} is not a store of embeddings that this version can read; "
                "choose another, or delete it"
            ) from error

    def check_model(self, weights: str) -> None:
        """Refuse a store that another model made.

        Parameters
        ----------
        weights : str
            Hash of the weights of the model asked for.

        Raises
        ------
        BadInput
            If the store's are others, or there is none that can be read.
        """
        own = self.contents
        if own.weights != weights:
            raise BadInput(
                f"{self.path} holds the embeddings of another model, that of the run {own.run!r}; "
                "choose another store, or delete this one and embed again"
            )

    def check(self, wanted: Contents, *, strides_asked: bool = True) -> None:
        """Refuse a store that was made by another model, or otherwise.

        Parameters
        ----------
        wanted : Contents
            What the store would say if it were made now.
        strides_asked : bool
            Whether other strides matter.

        Raises
        ------
        BadInput
            Says what is different.
        """
        self.check_model(wanted.weights)
        own = self.contents
        if (own.canvas, own.channels) != (wanted.canvas, wanted.channels):
            raise BadInput(f"{self.path} holds images of another working size; choose another")
        if strides_asked and own.strides != wanted.strides:
            strides = ", ".join(map(str, own.strides))
            raise BadInput(
                f"{self.path} was made with the strides {strides}; leave --strides out to go on "
                "with these, or choose another store"
            )

    def list_images(self, images: PreparedImages) -> None:
        """Say which images are to be there; rows of those that are there already stay theirs.

        Several processes may do so at once, with the same images: they say the same.
        """
        contents = self.contents
        keys = image_keys(images)
        rows = {key: row for row, key in enumerate(contents.keys)}
        for key in keys:
            rows.setdefault(key, len(rows))
        listed = tuple(
            StoredImage.of(name, rows[key], placement)
            for name, key, placement in zip(images.names, keys, images.placements, strict=True)
        )
        new = contents.model_copy(update={"keys": tuple(rows), "images": listed})
        if new != contents:
            self._resize(len(rows))
            self._say(new)

    def lacking(self, images: PreparedImages, part: Shard) -> list[list[int]]:
        """Return which images have no row yet, those of one file together.

        Parameters
        ----------
        images : PreparedImages
            The images listed.
        part : Shard
            Which of several equal processes asks: files are dealt out to them.
        """
        per_shard = self.array("content").per_shard
        row_of = {key: row for row, key in enumerate(self.contents.keys)}
        there = self.complete()
        files: dict[int, dict[int, int]] = {}
        for index, key in enumerate(image_keys(images)):
            row = row_of[key]
            # The same pixels under two names have one row.
            if not there[row] and row // per_shard % part.world == part.rank:
                files.setdefault(row // per_shard, {}).setdefault(row, index)
        return [[rows[row] for row in sorted(rows)] for _, rows in sorted(files.items())]

    def packed(self, maps: Mapping[int, Tensor]) -> dict[int, Tensor]:
        """See :meth:`Store.packed`: as float16."""
        return {
            stride: maps[stride].half().movedim(1, 3).contiguous().cpu()
            for stride in self._fixed.strides
        }

    def add(self, keys: Sequence[str], maps: Mapping[int, Tensor], wholes: Tensor) -> None:
        """See :meth:`Store.add`; the keys have been listed, and their rows are of one file."""
        row_of = {key: row for row, key in enumerate(self.contents.keys)}
        rows = np.array([row_of[key] for key in keys])
        content = np.stack([_digest(key) for key in keys])
        for stride in self._fixed.strides:
            self._write(f"stride_{stride}", rows, maps[stride].numpy())
        self._write("whole", rows, wholes.numpy())
        self._write("content", rows, content)

    def complete(self) -> npt.NDArray[np.bool_]:
        """Return which rows hold what the list says, (rows,)."""
        keys = self.contents.keys
        names = ["content", "whole", *(f"stride_{stride}" for stride in self._fixed.strides)]
        written = [self.array(name).written()[: len(keys)] for name in names]
        there: npt.NDArray[np.bool_] = np.logical_and.reduce(written)
        rows = np.flatnonzero(there)
        said = self.array("content").read(rows.tolist())
        expected = np.stack([_digest(keys[row]) for row in rows] or [said[:0]])
        there[rows] = (said == expected.reshape(said.shape)).all(axis=1)
        return there

    def pyramid(self, rows: Sequence[int]) -> Pyramid:
        """Map the embeddings of some rows."""
        maps = {s: torch.from_numpy(array.read(rows)) for s, array in self._maps.items()}
        return Pyramid(maps, self._fixed.canvas, torch.arange(len(rows)))

    def wholes(self, rows: Sequence[int]) -> Tensor:
        """Read the embeddings of the whole images of some rows, (N, D)."""
        return torch.from_numpy(np.array(self.array("whole").read(rows)))

    def array(self, name: str) -> ShardedRows:
        """Return an array's rows."""
        return ShardedRows.open(self.path / name)

    @cached_property
    def _fixed(self) -> Contents:
        """The contents as they were at first: the list of images may grow, the rest does not."""
        return self.contents

    @cached_property
    def _maps(self) -> dict[int, ShardedRows]:
        return {stride: self.array(f"stride_{stride}") for stride in self._fixed.strides}

    def _write(self, name: str, rows: Rows, values: Rows) -> None:
        """Write rows of one shard, beside those that are in it already."""
        import zarr

        array = self.array(name)
        shard = int(rows[0]) // array.per_shard
        first = shard * array.per_shard
        last = min(first + array.per_shard, array.count)
        there = first + np.flatnonzero(array.starts(shard) >= 0)
        # Zarr leaves rows out that are zero, and would stumble over a damaged file.
        block = np.zeros((last - first, *array.shape), array.dtype)
        block[there - first] = array.read(there.tolist())
        block[rows - first] = values
        if not len(there):
            array.file(shard).unlink(missing_ok=True)
        zarr.open_array(self.path / name, mode="r+")[first:last] = block

    def _resize(self, rows: int) -> None:
        import zarr

        for _, array in zarr.open_group(self.path, mode="r+").arrays():
            if array.shape[0] < rows:
                array.resize((rows, *array.shape[1:]))

    def _attributes(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.path / "zarr.json").read_text(encoding="utf-8"))
        return facts

    def _say(self, contents: Contents) -> None:
        facts = self._attributes()
        facts["attributes"][ATTRIBUTE] = contents.model_dump(mode="json")
        with replacing(self.path / "zarr.json") as part:
            part.write_text(json.dumps(facts), encoding="utf-8")


def _digest(key: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(hashlib.sha256(key.encode()).digest(), np.uint8)
