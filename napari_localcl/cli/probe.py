"""``probe``: which run suits the images best."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_localcl.cli.options import Cache, Device, Events, Images, Seed, images_argument
from napari_localcl.cli.tables import print_table

if TYPE_CHECKING:
    from napari_localcl.cli.reporter import Reporter
    from napari_localcl.tasks.probe import Report


def probe(
    images: Images,
    run: Annotated[
        list[Path],
        typer.Option(
            metavar="DIR", help="A run of any method; may be repeated.", show_default=False
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="REPORT", help="Where to write REPORT.json and REPORT.html.", show_default=False
        ),
    ],
    template: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Landmarks (image,landmark,y,x) of one image, to be found in the others.",
            show_default="of --landmarks, the first image with the most",
        ),
    ] = None,
    landmarks: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="True landmarks of several images.", show_default="none"),
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="True masks, named after the images.", show_default="none"
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=2, help="Most images looked at, evenly spaced.", show_default=True)
    ] = 64,
    seed: Seed = None,
    device: Device = "auto",
    cache: Cache = None,
    events: Events = False,
) -> None:
    """Measure which run suits IMAGES best, without labels, and with those that you have.

    Every figure has a control beside it, and random weights of the same architecture take part.
    Figures are shares from 0 to 1 unless a unit is given.
    """
    from napari_localcl.cli.reporter import drain, reporter
    from napari_localcl.tasks.probe import probe as work

    show = reporter(events)
    report = drain(
        work(
            images_argument(images),
            run,
            template=template,
            landmarks=landmarks,
            masks=masks,
            limit=limit,
            seed=seed or 0,
            device=device,
            cache=cache,
        ),
        show,
    )
    _show(show, report, out, table=not events)


def _show(show: "Reporter", report: "Report", out: Path, *, table: bool) -> None:
    written = report.write(out)
    if table:
        print_table(list(report.rows()), names=2)
    found = report.recommendation
    text = "\n".join([*found.sentences, *(f"written: {path}" for path in written)])
    show.result(
        text,
        out=[str(path) for path in written],
        best=found.best,
        recommendation=list(found.sentences),
    )
