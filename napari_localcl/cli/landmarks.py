"""``landmarks``: find the points of one annotated image in all the others."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_localcl.cli.options import Cache, Device, Events, Images, Set, images_argument
from napari_localcl.data.annotations import by_image, read_landmarks, write_landmarks
from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.data.point_sources import is_machine

if TYPE_CHECKING:
    from napari_localcl.cli.reporter import Reporter
    from napari_localcl.data.annotations import Landmark

SHOWN = 10  # suggestions printed


def landmarks(
    images: Images,
    run: Annotated[
        Path, typer.Option(metavar="DIR", help="The run that learned them.", show_default=False)
    ],
    template: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Annotated points (image,landmark,y,x; pixels, the first pixel's centre is 0,0) "
            "of one image or more; predictions in it are passed over.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Where to write the points found.", show_default=False),
    ] = None,
    suggest: Annotated[
        bool,
        typer.Option(
            "--suggest",
            help="Instead rank the images by how well they would serve as template; needs no "
            "--template.",
        ),
    ] = False,
    figures: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also draw the points over the images, as PNG."),
    ] = None,
    settings: Set = None,
    device: Device = "auto",
    cache: Cache = None,
    events: Events = False,
) -> None:
    """Find the landmarks of a template in all IMAGES, each with a confidence."""
    if not suggest and (template is None or out is None):
        raise BadInput("give --template and --out, or --suggest to see which image to annotate")
    rows = read_landmarks(template) if template is not None else ()
    templates = [row for row in rows if not is_machine(row.source)]

    from napari_localcl.cli.reporter import drain, reporter
    from napari_localcl.data.settings import build_settings, parse_assignments
    from napari_localcl.tasks import landmarks as task

    chosen = build_settings(task.LandmarkSettings, parse_assignments(settings or []))
    show, folder = reporter(events), images_argument(images)
    if suggest:
        ranking = drain(task.suggest_templates(folder, run, chosen, device, cache), show)
        _report_suggestions(show, ranking, out)
        return
    found = drain(task.locate(folder, run, templates, chosen, device, cache), show)
    _report_landmarks(show, found, out)
    if figures is not None:
        _draw(show, folder, found, figures)


def _report_suggestions(
    show: "Reporter", ranking: tuple[tuple[str, float], ...], out: Path | None
) -> None:
    lines = [f"{score:8.3f}  {name}" for name, score in ranking[:SHOWN]]
    text = "\n".join(["   score  image to annotate first", *lines])
    show.result(text, suggestions=[{"image": name, "score": score} for name, score in ranking])
    if out is not None:
        with replacing(out) as part, part.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([("image", "score"), *ranking])


def _report_landmarks(show: "Reporter", found: tuple["Landmark", ...], out: Path | None) -> None:
    if out is not None:
        write_landmarks(out, found)
    images = len(by_image(found))
    show.result(
        f"found {len(found)} landmarks in {images} images: {out}",
        out=str(out),
        landmarks=len(found),
        images=images,
    )


def _draw(
    show: "Reporter", images: str | list[str], found: tuple["Landmark", ...], folder: Path
) -> None:
    from napari_localcl.cli.reporter import drain
    from napari_localcl.data.folder import find_images
    from napari_localcl.tasks.figures import draw_figures

    paths = drain(draw_figures(find_images(images), found, folder), show)
    show.result(f"drew {len(paths)} figures: {folder}", figures=str(folder))
