"""``embed``: what a run says of every place of every image, in a store."""

from pathlib import Path
from typing import Annotated

import typer

from napari_localcl.cli.options import Cache, Device, Events, Images, images_argument
from napari_localcl.data.errors import BadInput
from napari_localcl.data.shard import Shard


def embed(
    images: Images,
    run: Annotated[
        Path, typer.Option(metavar="DIR", help="The run that learned them.", show_default=False)
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="ZARR",
            help="The store to make or complete: zarr 3, float16 maps 'stride_<s>' and float32 "
            "vectors 'whole', one row per image.",
            show_default=False,
        ),
    ],
    strides: Annotated[
        str | None,
        typer.Option(
            metavar="S,S",
            help="Strides of the maps to keep, pixels of the working image.",
            show_default="those of the store; at first all from 4 upwards",
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            help="Do the I-th of N parts; start the others elsewhere, at any time, with the same "
            "IMAGES.",
            show_default="all",
        ),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Let the workers of this dask scheduler do it; they need the same paths.",
            show_default="this process",
        ),
    ] = None,
    device: Device = "auto",
    cache: Cache = None,
    events: Events = False,
) -> None:
    """Embed what the store lacks of IMAGES: new images, changed ones, what was interrupted.

    It can be read meanwhile. A store that another model made is refused.
    """
    if shard is not None and dask is not None:
        raise BadInput("give --shard or --dask, not both")
    chosen, part = _strides(strides), _part(shard)

    from napari_localcl.cli.reporter import drain, reporter
    from napari_localcl.tasks.embedding import embed as here
    from napari_localcl.tasks.embedding_workers import embed_on_workers

    folder = images_argument(images)
    if dask is not None:
        work = embed_on_workers(folder, run, out, dask, strides=chosen, device=device, cache=cache)
    else:
        work = here(folder, run, out, strides=chosen, part=part, device=device, cache=cache)
    show = reporter(events)
    done = drain(work, show)
    left = f", {done.lacking} are left to other parts" if done.lacking else ""
    show.result(
        f"embedded {done.new} of {done.total} images{left}: {out}",
        out=str(out),
        new=done.new,
        lacking=done.lacking,
        total=done.total,
    )


def _strides(text: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in (text or "").split(",") if part.strip())
    except ValueError:
        raise BadInput(f"--strides {text} is not a list of numbers such as 4,8,16") from None


def _part(text: str | None) -> Shard | None:
    if text is None:
        return None
    try:
        number, total = map(int, text.split("/"))
        return Shard(number - 1, total)
    except ValueError:
        raise BadInput(f"--shard {text} is not a part such as 2/4") from None
