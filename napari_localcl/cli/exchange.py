"""``export`` and ``import``: landmarks to and from tables and the formats of other programs."""

from pathlib import Path
from typing import Annotated

import typer

from napari_localcl.cli.options import Images, OneImages, images_argument
from napari_localcl.data.annotations import by_image, read_landmarks, write_landmarks
from napari_localcl.data.exchange.formats import FORMATS, find_format, import_landmarks
from napari_localcl.data.point_sources import is_machine


def export_verb(
    images: Images,
    landmarks: Annotated[
        Path,
        typer.Option(metavar="CSV", help="The landmarks (image,landmark,y,x).", show_default=False),
    ],
    name: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="|".join(FORMATS),
            help=", ".join(f"{one.title} ({one.suffix})" for one in FORMATS.values()) + ".",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="PATH",
            help="The file to write; for "
            + ", ".join(one.name for one in FORMATS.values() if one.per_image)
            + " a folder, with one file per image.",
            show_default=False,
        ),
    ],
    without_predictions: Annotated[
        bool,
        typer.Option("--without-predictions", help="Only points that a person placed or accepted."),
    ] = False,
) -> None:
    """Write landmarks of IMAGES as a table or in the format of another program.

    Only landmarks that have a point: absent and rejected ones are left out (COCO: v = 0;
    DeepLabCut: empty cells).
    """
    chosen = find_format(name)
    rows = [
        row
        for row in read_landmarks(landmarks)
        if not (without_predictions and is_machine(row.source))
    ]

    from napari_localcl.data.folder import find_images

    chosen.write(out, rows, find_images(images_argument(images)))
    print(f"exported {len(rows)} landmarks of {len(by_image(rows))} images: {out}")


def import_verb(
    images: OneImages,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help=", ".join(f"{one.title} ({one.suffix})" for one in FORMATS.values())
            + "; or a folder of files with one image each.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="CSV", help="Where to write the landmarks.", show_default=False),
    ],
) -> None:
    """Read landmarks of IMAGES from files of other programs, which are told apart by themselves."""
    from napari_localcl.data.folder import find_images

    rows = import_landmarks(files, find_images(images))
    write_landmarks(out, rows)
    print(f"imported {len(rows)} landmarks of {len(by_image(rows))} images: {out}")
