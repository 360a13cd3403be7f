"""``pretrain``: learn from a folder of images, without labels."""

from pathlib import Path
from typing import Annotated

import typer

from napari_localcl.cli.entry import STARTED
from napari_localcl.cli.options import Cache, Device, Events, Images, Set, images_argument


def pretrain(
    images: Images,
    run: Annotated[
        Path, typer.Option(metavar="DIR", help="The run folder to make.", show_default=False)
    ],
    minutes: Annotated[
        float | None,
        typer.Option(help="Minutes for everything, reading included; or --steps."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Training steps over all stages; or --minutes.")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A published system; see 'methods'.", show_default="ld"),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="One of its presets.", show_default="small"),
    ] = None,
    settings: Set = None,
    start_from: Annotated[
        Path | None,
        typer.Option("--from", metavar="RUN0", help="An earlier run whose weights to begin with."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="What chance depends on.", show_default="0")
    ] = None,
    device: Device = "auto",
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the run if it is there and unfinished."),
    ] = False,
    cache: Cache = None,
    events: Events = False,
) -> None:
    """Learn from IMAGES, without labels, into a run folder.

    Ctrl-C saves everything: go on with --resume. A file named 'stop' in the run folder ends the
    training early and keeps the model. Started by torchrun, several processes share the work.
    """
    from napari_localcl.cli.reporter import drain, report_skipped, reporter
    from napari_localcl.tasks import pretraining
    from napari_localcl.tasks.settings import parse_assignments
    from napari_localcl.training.budget import Budget
    from napari_localcl.training.devices import leads

    given = minutes is not None or steps is not None
    work = pretraining.pretrain(
        images_argument(images),
        run,
        budget=Budget(steps, minutes) if given or not resume else None,
        method=method,
        preset=preset,
        settings=parse_assignments(settings or []),
        seed=seed,
        device=device,
        resume=resume,
        start_from=start_from,
        cache=cache,
        started=STARTED,
    )
    show = reporter(events)
    finished = drain(work, show)
    if leads():
        record = finished.record
        report_skipped(show, [(skipped.name, skipped.reason) for skipped in record.skipped])
        show.result(f"learned from {len(record.images)} images: {finished.path}", run=str(run))
