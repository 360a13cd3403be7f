"""``segment``: masks of all images, by what a run has learned."""

from pathlib import Path
from typing import Annotated

import typer

from napari_localcl.cli.masks import report_masks
from napari_localcl.cli.options import Cache, Device, Events, Images, images_argument


def segment(
    images: Images,
    run: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="A run of 'finetune' or 'shapes'.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Where to write masks, uncertainty and masks.csv; with {class} in it, a folder "
            "for each class, of masks that hold it alone.",
            show_default=False,
        ),
    ],
    flips: Annotated[
        bool,
        typer.Option("--flips", help="Look at mirror images too, and average: slower, steadier."),
    ] = False,
    magnification: Annotated[
        float,
        typer.Option(
            min=0.25,
            max=8,
            help="Of the working image; windows as large as in training slide over a larger one. "
            "For images that show more than those that were learned from.",
        ),
    ] = 1.0,
    device: Device = "auto",
    cache: Cache = None,
    events: Events = False,
) -> None:
    """Segment all IMAGES with a run that has learned a structure, or several classes.

    OUT gets a mask per image or volume in its own pixels and geometry, with the values of the
    labels that were learned from; how uncertain each pixel is (uncertainty/, 0 sure to 255
    undecided); masks.csv with a confidence (0 to 1) and an area (pixels) per image, and per class
    where there are several; and classes.csv with their names.
    """
    from napari_localcl.cli.reporter import drain, reporter
    from napari_localcl.tasks import segmentation as task
    from napari_localcl.tasks.looking import Looking

    show, looking = reporter(events), Looking(flips, magnification)
    work = task.segment(
        images_argument(images), run, out, device=device, cache=cache, looking=looking
    )
    report_masks(show, drain(work, show))
