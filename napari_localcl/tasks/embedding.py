"""Embed the images of a project into a store that every task and every other program can read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput
from napari_localcl.data.shard import Shard
from napari_localcl.tasks.embedding_store import embedding_shapes, weights_key
from napari_localcl.tasks.filling import fill
from napari_localcl.tasks.one_side import on_one_side
from napari_localcl.tasks.preparing import prepare_as_learned
from napari_localcl.tasks.pretraining import load_encoder
from napari_localcl.tasks.store_contents import Contents
from napari_localcl.tasks.store_making import make_store
from napari_localcl.tasks.zarr_store import ZarrStore
from napari_localcl.training.devices import choose_device, has_bf16

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.progress import Progress
    from napari_localcl.models.encoder import Encoder

FINEST = 4  # of the strides that are kept unless others are asked for


@dataclass(frozen=True)
class Written:
    """What was done.

    Attributes
    ----------
    store : ZarrStore
        Where the embeddings are.
    new : int
        Images that were embedded now.
    lacking : int
        Images that are not there yet: the parts of other processes.
    total : int
        Images listed.
    """

    store: ZarrStore
    new: int
    lacking: int
    total: int


def embed(
    images: str | Path | Sequence[str | Path],
    run: str | Path,
    out: str | Path,
    *,
    strides: Sequence[int] = (),
    part: Shard | None = None,
    device: str = "auto",
    cache: Path | None = None,
) -> Generator[Progress, None, Written]:
    """Embed what a store lacks: new images, changed ones, and what an interruption left out.

    Parameters
    ----------
    images : str, Path or sequence of them
        A folder, a file list, a glob or files.
    run : str or Path
        A run folder with weights.
    out : str or Path
        The store to make or complete.
    strides : sequence of int
        Strides of the embeddings to keep; none is those that the store has, or at first all from
        4 pixels upwards.
    part : Shard or None
        Which of several processes this is, all begun with the same images and store.
    device : {'auto', 'cpu', 'cuda', 'mps'}
        Where to compute.
    cache : Path or None
        Where decoded images are kept; None is the user's cache folder.

    Returns
    -------
    Written
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If the store holds the embeddings of another model, or anything given cannot be used.
    """
    kind = choose_device(device)
    encoder, prepared, store = yield from prepare_store(images, run, out, strides, kind, cache)
    groups = store.lacking(prepared, part or Shard())
    yield from fill(store, encoder, prepared, groups, has_bf16(kind))
    lacking = sum(map(len, store.lacking(prepared, Shard())))
    return Written(store, sum(map(len, groups)), lacking, len(prepared))


def prepare_store(
    images: str | Path | Sequence[str | Path],
    run: str | Path,
    out: str | Path,
    strides: Sequence[int],
    device: str,
    cache: Path | None,
) -> Generator[Progress, None, tuple[Encoder, PreparedImages, ZarrStore]]:
    """Read the images and list them in the store; see :func:`embed`."""
    encoder, record = load_encoder(run)
    encoder.to(device)
    # Before the images are read, which may take long.
    _refuse(Path(out), encoder, strides)
    prepared = yield from prepare_as_learned(images, record, cache)
    prepared = yield from on_one_side(images, prepared, encoder, record, cache)
    store = _open(Path(out), encoder, prepared, Path(run), strides)
    store.list_images(prepared)
    return encoder, prepared, store


def _refuse(out: Path, encoder: Encoder, strides: Sequence[int]) -> None:
    unknown = set(strides) - set(encoder.strides)
    if unknown:
        there = ", ".join(map(str, encoder.strides))
        raise BadInput(f"the model has no stride {min(unknown)}; its strides are {there}")
    if _is_used(out):
        ZarrStore(out).check_model(weights_key(encoder))


def _open(
    out: Path, encoder: Encoder, images: PreparedImages, run: Path, strides: Sequence[int]
) -> ZarrStore:
    shapes, whole = embedding_shapes(encoder, images.channels, images.canvas)
    usual = [s for s in encoder.strides if s >= FINEST] or list(encoder.strides[:1])
    contents = Contents(
        weights=weights_key(encoder),
        run=run.resolve().name,
        channels=images.channels,
        canvas=images.canvas,
        strides=tuple(sorted(set(strides) or usual)),
    )
    store = ZarrStore(out) if _is_used(out) else make_store(out, contents, shapes, whole)
    store.check(contents, strides_asked=bool(strides))
    return store


def _is_used(out: Path) -> bool:
    return out.exists() and any(out.iterdir())
