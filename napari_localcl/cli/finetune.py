"""``finetune``: learn to segment from a few labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from napari_localcl.cli.reporter import Reporter
    from napari_localcl.training.run import RunFolder

Labels = Annotated[
    str | None,
    typer.Option(
        metavar="DIR",
        help="Masks of some of the images, of the same names: a folder, or a glob in quotes (PNG, "
        "TIFF, NIfTI). Images without a mask have no labels.",
        show_default=False,
    ),
]
Recipe = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="'supervised' learns from labels alone, 'weak-to-strong' also from what it is sure of "
        "in the other images, 'action' also by contrast, in three stages; 'faithful' is that as "
        "published.",
        show_default="action",
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        metavar="VALUE=NAME,...",
        help="The values in the masks and what they are called, such as 1=RV,2=myocardium.",
        show_default="classes.csv beside the masks, else all values found",
    ),
]
Sparse = Annotated[
    bool,
    typer.Option(
        "--sparse",
        help="Slices and images without a painted pixel are not labelled; else they show "
        "background.",
    ),
]
NotLabelled = Annotated[
    int, typer.Option(min=1, max=65535, help="The value of pixels that are not labelled.")
]
HoldOut = Annotated[
    list[str] | None,
    typer.Option(
        metavar="IMAGE",
        help="Do not learn from the labels of this image or volume; may be repeated.",
        show_default="none",
    ),
]
HoldShare = Annotated[
    float,
    typer.Option(
        min=0,
        max=0.5,
        help="Keep this part of the labelled images or volumes back too (one at least where there "
        "are three), and say the Dice on all that is kept back.",
    ),
]
Earlier = Annotated[
    Path | None,
    typer.Option(
        metavar="RUN0",
        help="Another run of 'finetune' or 'shapes', to be measured on what is kept back.",
        show_default="that of --from",
    ),
]
Out = Annotated[
    str | None,
    typer.Option(
        metavar="DIR",
        help="Then segment all images, as 'segment' does.",
        show_default="only learn",
    ),
]


def finetune(
    images: Images,
    run: NewRun,
    labels: Labels = None,
    start_from: StartFrom = None,
    recipe: Recipe = None,
    minutes: Minutes = None,
    steps: Steps = None,
    classes: Classes = None,
    sparse: Sparse = False,
    not_labelled: NotLabelled = 255,
    hold_out: HoldOut = None,
    hold_share: HoldShare = 0.0,
    earlier: Earlier = None,
    out: Out = None,
    settings: Set = None,
    seed: Seed = None,
    device: Device = "auto",
    resume: Resume = False,
    cache: Cache = None,
    events: Events = False,
) -> None:
    """Learn to segment IMAGES from labels of some of them, into a run folder.

    Labels are masks: 0 is background, other values are classes, 255 is not labelled (where masks
    hold only 0 and 255, it is the structure). With --from, the network of an earlier run of any
    method is gone on with. Ctrl-C saves everything: go on with --resume. 'segment', or --out, then
    writes masks of all images.
    """
    from napari_localcl.cli.reporter import drain, reporter
    from napari_localcl.data.classes import parse_classes
    from napari_localcl.data.labels import LabelRules
    from napari_localcl.data.settings import parse_assignments
    from napari_localcl.tasks import finetuning, segmentation
    from napari_localcl.tasks.mask_output import check_out
    from napari_localcl.training.budget import Budget
    from napari_localcl.training.devices import leads

    rules = LabelRules(parse_classes(classes) if classes else (), sparse, not_labelled)
    folder = images_argument(images)
    if out is not None:
        check_out(folder, out)
    work = finetuning.finetune(
        folder,
        run,
        labels,
        budget=Budget.given(steps, minutes),
        recipe=recipe,
        settings=parse_assignments(settings or []),
        rules=rules,
        hold_out=hold_out or (),
        hold_share=hold_share,
        earlier=earlier,
        seed=seed,
        device=device,
        resume=resume,
        start_from=start_from,
        cache=cache,
        started=STARTED,
    )
    show = reporter(events)
    finished = drain(work, show)
    if not leads():
        return
    _say_learned(show, finished)
    if out is not None:
        masks = segmentation.segment(folder, run, out, device=device, cache=cache)
        report_masks(show, drain(masks, show))


def _say_learned(show: "Reporter", finished: "RunFolder") -> None:
    from napari_localcl.data.classes import listed
    from napari_localcl.tasks.held_out import read_held_out
    from napari_localcl.tasks.segmentation import classes_of

    record = finished.record
    named = classes_of(record)
    count = len(record.labels.images) if record.labels else 0
    held = read_held_out(finished.path)
    learned = f"learned {listed(named)} from the labels of {count} images or volumes"
    lines = [f"{learned}: {finished.path}", *([held.in_words()] if held else [])]
    show.result(
        "\n".join(lines),
        run=str(finished.path),
        classes=[{"value": one.value, "name": one.name} for one in named],
        labelled=count,
        held_out=held.model_dump() if held else None,
    )
