"""Landmarks drawn over their images, as pictures for a person to look through."""

from __future__ import annotations

import colorsys
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.annotations import by_image, names
from napari_localcl.data.atomic import replacing
from napari_localcl.data.intensity import to_uint8
from napari_localcl.data.progress import Progress
from napari_localcl.data.reading import read

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt
    from PIL.Image import Image

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.folder import Listing

    Colours = dict[str, tuple[int, int, int]]

LONGEST_SIDE = 768  # of a picture, pixels: small images are enlarged, large ones reduced


def draw_figures(
    listing: Listing,
    predicted: Iterable[Landmark],
    folder: Path,
    truth: Iterable[Landmark] = (),
) -> Generator[Progress, None, tuple[Path, ...]]:
    """Write a picture of every image that has predictions: a cross for each, a ring for the truth.

    Parameters
    ----------
    listing : Listing
        Where the images are.
    predicted, truth : iterable of Landmark
        What to draw; a landmark has the same colour in all pictures.
    folder : Path
        Where to write ``<image>.png``.

    Returns
    -------
    tuple of Path
        What the generator returns at its end: the pictures, in the order of the predictions.
    """
    drawn, told = by_image(predicted), by_image(truth)
    colours = choose_colours(names(row for rows in drawn.values() for row in rows))
    # The planes of a volume follow each other: it is read once for all of them.
    shown = lru_cache(maxsize=1)(_normalised)
    paths = []
    for done, (image, rows) in enumerate(drawn.items(), start=1):
        plane = listing.named(image)
        pixels = shown(plane.path) if plane.z is None else shown(plane.path)[:, plane.z]
        picture = draw_landmarks(pixels, rows, told.get(image, ()), colours)
        path = folder / f"{image.replace('#', '-')}.png"
        with replacing(path, durable=False) as part:
            picture.save(part, format="PNG")
        paths.append(path)
        yield Progress("draw", step=done, steps=len(drawn), message="drawing figures")
    return tuple(paths)


def draw_landmarks(
    pixels: npt.NDArray[np.uint8],
    predicted: Sequence[Landmark],
    truth: Sequence[Landmark],
    colours: Colours,
) -> Image:
    """Return a picture of an image with its landmarks.

    Parameters
    ----------
    pixels : (C, H, W) uint8 ndarray
        The image.
    predicted, truth : sequence of Landmark
        Points in its pixels; drawn as crosses and rings, with a line between what belongs together.
    colours : dict
        The landmarks' colours.
    """
    from PIL import ImageDraw

    picture = _picture(pixels)
    scale = picture.width / pixels.shape[2]
    pen = ImageDraw.Draw(picture)
    found = {row.landmark: _place(row, scale) for row in predicted}
    for row in truth:
        y, x = _place(row, scale)
        pen.ellipse((x - 8, y - 8, x + 8, y + 8), outline=(255, 255, 255), width=2)
        if row.landmark in found:
            pen.line((x, y, *found[row.landmark][::-1]), fill=(200, 200, 200), width=1)
    for row in predicted:
        y, x = _place(row, scale)
        for dy, dx in ((6, 6), (6, -6)):
            pen.line((x - dx, y - dy, x + dx, y + dy), fill=(0, 0, 0), width=4)
            pen.line((x - dx, y - dy, x + dx, y + dy), fill=colours[row.landmark], width=2)
    return picture


def contact_sheet(pictures: Sequence[Path], columns: int = 4, side: int = 320) -> Image:
    """Return pictures side by side, each within `side` pixels."""
    from PIL import Image as Pictures

    tiles = []
    for path in pictures:
        with Pictures.open(path) as picture:
            picture.thumbnail((side, side))
            tiles.append(picture.copy())
    width, height = (max(sides) for sides in zip(*(tile.size for tile in tiles), strict=True))
    rows = -(-len(tiles) // columns)
    sheet = Pictures.new("RGB", (width * min(columns, len(tiles)), height * rows))
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        sheet.paste(tile, (column * width, row * height))
    return sheet


def choose_colours(landmarks: Sequence[str]) -> Colours:
    """Return a colour for each landmark, hues spread evenly."""
    hues = [index / max(len(landmarks), 1) for index in range(len(landmarks))]
    shades = [colorsys.hsv_to_rgb(hue, 0.85, 1.0) for hue in hues]
    return {
        name: (round(255 * r), round(255 * g), round(255 * b))
        for name, (r, g, b) in zip(landmarks, shades, strict=True)
    }


def _place(row: Landmark, scale: float) -> tuple[float, float]:
    return (row.y + 0.5) * scale - 0.5, (row.x + 0.5) * scale - 0.5


def _picture(pixels: npt.NDArray[np.uint8]) -> Image:
    from PIL import Image as Pictures

    colour = pixels[:3] if len(pixels) >= 3 else np.repeat(pixels[:1], 3, axis=0)
    picture = Pictures.fromarray(np.ascontiguousarray(np.moveaxis(colour, 0, 2)))
    scale = LONGEST_SIDE / max(picture.size)
    size = (round(picture.width * scale), round(picture.height * scale))
    return picture.resize(size, Pictures.Resampling.LANCZOS)


def _normalised(path: Path | tuple[Path, ...]) -> npt.NDArray[np.uint8]:
    scan = read(path)
    return to_uint8(scan.pixels, scan.window)
