"""``export`` and ``import``: landmarks and masks to and from the formats of other programs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from napari_localcl.cli.options import Images, OneImages, images_argument
from napari_localcl.data.annotations import by_image, read_landmarks, write_landmarks
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.formats import FORMATS, find_format, import_landmarks
from napari_localcl.data.exchange.masks.formats import MASK_FORMATS, find_mask_format, format_of
from napari_localcl.data.point_sources import is_machine


def _named(formats: Iterable[str]) -> str:
    return ", ".join(formats)


def export_verb(
    images: Images,
    name: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="Of landmarks: " + _named(FORMATS) + "; of masks: " + _named(MASK_FORMATS) + ".",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="PATH",
            help="The file to write; for "
            + ", ".join(one.name for one in FORMATS.values() if one.per_image)
            + " and most formats of masks a folder.",
            show_default=False,
        ),
    ],
    landmarks: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="The landmarks (image,landmark,y,x).", show_default=False),
    ] = None,
    masks: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]DIR",
            help="The masks instead: a folder whose values classes.csv names; or folders of masks "
            "of one structure each, with its name. May be repeated.",
            show_default=False,
        ),
    ] = None,
    without_predictions: Annotated[
        bool,
        typer.Option("--without-predictions", help="Only points that a person placed or accepted."),
    ] = False,
) -> None:
    """Write landmarks or masks of IMAGES in the format of another program.

    Only landmarks that have a point: absent and rejected ones are left out (COCO: v = 0;
    DeepLabCut: empty cells). Where masks overlap and the format has one label per pixel, the
    smaller lies on top.
    """
    if (landmarks is None) == (not masks):
        raise BadInput("give either --landmarks or --masks")
    if masks:
        _export_masks(images, masks, name, out)
        return
    assert landmarks is not None
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
            + "; or a folder of files with one image each. With --masks one COCO file, DICOM-SEG "
            "file or folder, nnU-Net dataset or folder of labels.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="PATH",
            help="Where to write the table of landmarks, or the folder of masks.",
            show_default=False,
        ),
    ],
    masks: Annotated[bool, typer.Option("--masks", help="Read masks, not landmarks.")] = False,
) -> None:
    """Read landmarks or masks of IMAGES from files of other programs, which are told apart.

    Masks become a folder of labels in the images' own formats, with classes.csv.
    """
    if masks:
        _import_masks(images, files, out)
        return
    from napari_localcl.data.folder import find_images

    rows = import_landmarks(files, find_images(images))
    write_landmarks(out, rows)
    print(f"imported {len(rows)} landmarks of {len(by_image(rows))} images: {out}")


def _export_masks(images: list[str], masks: list[str], name: str, out: Path) -> None:
    from napari_localcl.data.exchange.masks.mask_set import find_mask_set
    from napari_localcl.data.folder import find_images

    chosen = find_mask_format(name)
    found = find_mask_set(masks, find_images(images_argument(images)))
    count = chosen.write(out, found)
    names = ", ".join(one.name for one in found.classes)
    print(f"exported masks of {names} in {count} images or volumes: {out}")


def _import_masks(images: str, files: list[Path], out: Path) -> None:
    from napari_localcl.data.exchange.masks.mask_set import write_masks
    from napari_localcl.data.folder import find_images

    if len(files) > 1:
        raise BadInput("give one file or folder of masks at a time")
    if out.exists() and any(out.iterdir()):
        raise BadInput(f"{out} is not empty; give a new folder for the masks")
    listing = find_images(images)
    classes, found = format_of(files[0]).read(files[0], listing)
    count = write_masks(out, listing, classes, found)
    names = ", ".join(one.name for one in classes)
    print(f"imported masks of {names} in {count} images or volumes: {out}")
