"""Embedding by the workers of a dask cluster, on this machine or on many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_localcl.data.errors import BadInput
from napari_localcl.data.progress import Progress
from napari_localcl.data.shard import Shard
from napari_localcl.tasks.embedding import Written, embed, prepare_store
from napari_localcl.training.devices import choose_device

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from napari_localcl.tasks.zarr_store import ZarrStore

PARTS_EACH = 4  # pieces of work for each worker, so that a fast one does more of them
CONNECT_SECONDS = 30


def embed_on_workers(
    images: str | Path | Sequence[str | Path],
    run: str | Path,
    out: str | Path,
    address: str,
    *,
    strides: Sequence[int] = (),
    device: str = "auto",
    cache: Path | None = None,
) -> Generator[Progress, None, Written]:
    """Embed as :func:`napari_localcl.tasks.embedding.embed` does, by the workers of a cluster.

    Parameters
    ----------
    images, run, out, strides, device, cache
        See there; the workers must find images, run and store under the same paths, and find the
        images decoded already where the cache is shared, too.
    address : str
        Of dask's scheduler, such as ``tcp://host:8786``.

    Returns
    -------
    Written
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If dask.distributed is not installed, there is no scheduler at that address, it has no
        workers, or as in :func:`embed`.
    """
    # Here and not by the first worker, so that what is wrong is said before work is dealt out.
    kind = choose_device("cpu" if device == "auto" else device)
    _, prepared, store = yield from prepare_store(images, run, out, strides, kind, cache)
    before = _lacking(store, prepared)
    with _client(address) as client:
        workers = len(client.nthreads())
        if not workers:
            raise BadInput(f"the scheduler at {address} has no workers; start some first")
        given = (images, run, out, tuple(strides), device, cache)
        yield from _deal_out(client, given, min(PARTS_EACH * workers, max(before, 1)))
    lacking = _lacking(store, prepared)
    return Written(store, before - lacking, lacking, len(prepared))


def _deal_out(client: Any, given: tuple[Any, ...], parts: int) -> Generator[Progress, None, None]:
    from distributed import as_completed

    yield Progress("embed", step=0, steps=parts, message="embedding on workers")
    # A piece that a lost worker began is done again by another: what is there is not done twice.
    jobs = [
        client.submit(_embed_part, *given, rank, parts, pure=False, retries=2)
        for rank in range(parts)
    ]
    for done, job in enumerate(as_completed(jobs, loop=client.loop), 1):
        job.result()
        yield Progress("embed", step=done, steps=parts, message="embedding on workers")


def _embed_part(
    images: Any,
    run: Any,
    out: Any,
    strides: tuple[int, ...],
    device: str,
    cache: Path | None,
    rank: int,
    parts: int,
) -> None:
    """What a worker does."""
    part = Shard(rank, parts)
    for _ in embed(images, run, out, strides=strides, part=part, device=device, cache=cache):
        pass


def _lacking(store: ZarrStore, prepared: Any) -> int:
    return sum(map(len, store.lacking(prepared, Shard())))


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise BadInput(
            "dask.distributed is not installed; install it by pip install 'napari-localcl[dask]'"
        ) from error
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BadInput(f"no dask scheduler answers at {address}: {error}") from error
