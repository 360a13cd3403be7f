"""``shapes``: segment a structure in every image from its shape alone."""

from pathlib import Path
from typing import Annotated

import typer

from napari_localcl.cli.entry import STARTED
from napari_localcl.cli.masks import report_masks
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
from napari_localcl.data.errors import BadInput

Prior = Annotated[
    str | None,
    typer.Option(
        metavar="DIR|FILE|ellipse|ring|vessels|lungs",
        help="The shape to look for: masks of any origin, or a simulated family; its settings "
        "begin with 'prior.', such as --set prior.rotation=20. Without it, an earlier run "
        "segments.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Where to write masks, uncertainty and masks.csv.", show_default=False
    ),
]
Preset = Annotated[
    str | None, typer.Option(metavar="NAME", help="'small' or 'faithful'.", show_default="small")
]
Appearance = Annotated[
    str | None,
    typer.Option(
        metavar="brighter|darker|any",
        help="How the structure differs from what is around it; knowing it helps much. The same "
        "as --set shape.appearance=...",
        show_default="any",
    ),
]


def shapes(
    images: Images,
    run: NewRun,
    prior: Prior = None,
    out: Out = None,
    appearance: Appearance = None,
    minutes: Minutes = None,
    steps: Steps = None,
    preset: Preset = None,
    settings: Set = None,
    start_from: StartFrom = None,
    seed: Seed = None,
    device: Device = "auto",
    resume: Resume = False,
    cache: Cache = None,
    events: Events = False,
) -> None:
    """Segment a structure in all IMAGES from its shape alone, without labels of them.

    With --prior it learns into the run folder, then segments; without, it segments with a run that
    has learned. OUT gets a mask per image (0 and 1, the image's own pixels), how uncertain each
    pixel is (uncertainty/, 0 sure to 255 undecided), and masks.csv with a confidence per image.
    """
    if out is None and prior is None and not resume:
        raise BadInput("give --prior to learn a shape, --out to segment with a run, or both")

    from napari_localcl.cli.reporter import drain, reporter
    from napari_localcl.data.settings import parse_assignments
    from napari_localcl.tasks.mask_output import check_out
    from napari_localcl.tasks.segmentation import segment
    from napari_localcl.tasks.shape_segmentation import learn_shape
    from napari_localcl.training.budget import Budget
    from napari_localcl.training.devices import leads

    show, folder = reporter(events), images_argument(images)
    given = parse_assignments(settings or [])
    if appearance is not None:
        given["shape.appearance"] = appearance
    if out is not None:
        check_out(folder, out)
    if prior is not None or resume:
        work = learn_shape(
            folder,
            run,
            prior,
            budget=Budget.given(steps, minutes),
            preset=preset,
            settings=given,
            seed=seed,
            device=device,
            resume=resume,
            start_from=start_from,
            cache=cache,
            started=STARTED,
        )
        learned = drain(work, show)
        if leads():
            show.result(f"learned the shape: {learned.path}", run=str(run))
    if out is not None and leads():
        found = drain(segment(folder, run, out, device=device, cache=cache), show)
        report_masks(show, found)
