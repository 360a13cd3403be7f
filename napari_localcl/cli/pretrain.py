"""``pretrain``: learn from a folder of images, without labels."""

from typing import Annotated

import typer

from napari_localcl.cli.entry import STARTED
from napari_localcl.cli.options import (
    Cache,
    Device,
    Events,
    Images,
    Minutes,
    NewRun,
    Resume,
    Seed,
    Set,
    StartFrom,
    Steps,
    images_argument,
)

Method = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="A published system; see 'methods'.", show_default="ld"),
]
Preset = Annotated[
    str | None, typer.Option(metavar="NAME", help="One of its presets.", show_default="small")
]


def pretrain(
    images: Images,
    run: NewRun,
    minutes: Minutes = None,
    steps: Steps = None,
    method: Method = None,
    preset: Preset = None,
    settings: Set = None,
    start_from: StartFrom = None,
    seed: Seed = None,
    device: Device = "auto",
    resume: Resume = False,
    cache: Cache = None,
    events: Events = False,
) -> None:
    """Learn from IMAGES, without labels, into a run folder.

    Ctrl-C saves everything: go on with --resume. A file named 'stop' in the run folder ends the
    training early and keeps the model. Started by torchrun, several processes share the work.
    """
    from napari_localcl.cli.reporter import drain, reporter
    from napari_localcl.data.settings import parse_assignments
    from napari_localcl.tasks import pretraining
    from napari_localcl.training.budget import Budget
    from napari_localcl.training.devices import leads

    work = pretraining.pretrain(
        images_argument(images),
        run,
        budget=Budget.given(steps, minutes),
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
        show.result(f"learned from {len(record.images)} images: {finished.path}", run=str(run))
