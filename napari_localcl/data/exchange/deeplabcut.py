"""DeepLabCut's CSV: one row per image, two or three columns per landmark.

Source: DeepLabCut, `CollectedData_<scorer>.csv` of a single-animal project. Three header rows name
the scorer, the bodypart and the coordinate of each column: `x`, `y` and, where a machine placed the
points, `likelihood`. Rows begin with the image's path, in one cell or in three
(`labeled-data,folder,image`). Positions are pixels with (0, 0) at the centre of the first one, as
in this project, and go over unchanged. A landmark without a point, absent or not, is empty cells.

The scorer is the landmarks' source, and the likelihood their confidence. Points of several sources
make several scorers, each with columns of its own; DeepLabCut's training takes one scorer per file.
On reading, a scorer of DeepLabCut's own becomes `human`, or `machine:<scorer>` where there is a
likelihood.
"""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

from napari_localcl.data.annotations import Landmark, by_image, names
from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.matching import ImageNames
from napari_localcl.data.exchange.text import read_text
from napari_localcl.data.point_sources import HUMAN_SOURCE, is_machine, is_person, machine_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from napari_localcl.data.folder import Listing

    # Of one landmark by one scorer: where x, y and perhaps likelihood stand in a row.
    Columns = dict[tuple[str, str], dict[str, int]]

SUFFIX, BEGINNING = ".csv", "scorer"
_HEADER = (BEGINNING, "bodyparts", "coords")
_COORDS = ("x", "y", "likelihood")
_NOBODY = "napari-localcl"


def write(path: Path, rows: Iterable[Landmark], listing: Listing) -> None:
    """Write all landmarks to one file.

    Parameters
    ----------
    path : Path
        The CSV to write.
    rows : iterable of Landmark
        Points in pixels; images and landmarks are in order of first appearance.
    listing : Listing
        The images they are on.

    Raises
    ------
    BadInput
        If an image is unknown.
    """
    kept = tuple(rows)
    predicted = any(row.confidence is not None for row in kept)
    coords = _COORDS if predicted else _COORDS[:2]
    scorers = dict.fromkeys(row.source or _NOBODY for row in kept)
    columns = [
        (scorer, name, coord) for scorer in scorers for name in names(kept) for coord in coords
    ]
    lines: list[list[str | float]] = [
        [title, *(column[level] for column in columns)] for level, title in enumerate(_HEADER)
    ]
    for image, points in by_image(kept).items():
        cells = _cells(points)
        lines.append([listing.named(image).name, *(cells.get(column, "") for column in columns)])
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)


def read(path: Path, listing: Listing, strangers: set[str] | None = None) -> tuple[Landmark, ...]:
    """Read the landmarks of all images.

    Parameters
    ----------
    path : Path
        A CSV of a single-animal project.
    listing : Listing
        The images it may be about; paths may begin in another folder.
    strangers : set of str or None
        Takes the names of unknown images, whose rows are left out; None refuses them.

    Returns
    -------
    tuple of Landmark
        In file order; empty cells are landmarks that are not there.

    Raises
    ------
    BadInput
        If it is no such file, is of several animals, lacks a column, holds something else than a
        number, or an image is unknown.
    """
    text = read_text(path, "a DeepLabCut file")
    lines = [line for line in csv.reader(io.StringIO(text)) if any(line)]
    index, columns = _columns(path, lines)
    known = ImageNames.of_planes(listing, strangers)
    rows: list[Landmark] = []
    for line in lines[len(_HEADER) :]:
        image = known.find("/".join(line[:index]), str(path))
        if image is None:
            continue
        if len(line) != len(lines[0]):
            raise BadInput(
                f"{path}: the row of {image} has {len(line)} values, not {len(lines[0])}"
            )
        rows += _landmarks(f"{path}: the row of {image}", image, line, columns)
    return tuple(rows)


def _cells(points: Sequence[Landmark]) -> dict[tuple[str, str, str], float]:
    cells: dict[tuple[str, str, str], float] = {}
    for row in points:
        key = (row.source or _NOBODY, row.landmark)
        cells |= {(*key, "x"): float(row.x), (*key, "y"): float(row.y)}
        if row.confidence is not None:
            cells[(*key, "likelihood")] = float(row.confidence)
    return cells


def _columns(path: Path, lines: Sequence[Sequence[str]]) -> tuple[int, Columns]:
    """Return how many cells the image's path takes, and where everything else stands."""
    titles = [line[0] for line in lines[:3]]
    if titles[1:2] == ["individuals"]:
        raise BadInput(f"{path} is of several animals; export each animal to a file of its own")
    if titles != list(_HEADER):
        raise BadInput(
            f"{path} is no DeepLabCut file: its first three lines must begin with "
            f"{', '.join(_HEADER)}"
        )
    index = next((at for at, cell in enumerate(lines[0]) if at and cell), len(lines[0]))
    columns: Columns = {}
    for at, (scorer, name, coord) in enumerate(zip(*lines[:3], strict=False)):
        if at >= index:
            columns.setdefault((scorer, name), {})[coord] = at
    for (_, name), found in columns.items():
        _check_coords(f"{path}: the landmark {name!r}", found.keys())
    return index, columns


def _check_coords(place: str, found: Iterable[str]) -> None:
    missing = {"x", "y"} - set(found)
    if missing:
        raise BadInput(f"{place} has no column {' and '.join(sorted(missing))}; add it")
    others = set(found) - set(_COORDS)
    if others:
        raise BadInput(f"{place} has a column {min(others)!r}; only x, y and likelihood are known")


def _landmarks(place: str, image: str, line: Sequence[str], columns: Columns) -> Iterator[Landmark]:
    for (scorer, name), at in columns.items():
        x, y, likelihood = (
            _number(place, line[at[coord]]) if coord in at else None for coord in _COORDS
        )
        if (x is None) != (y is None):
            raise BadInput(f"{place} has only one of x and y for {name!r}; give both or none")
        if x is not None and y is not None:
            yield Landmark(image, name, y, x, likelihood, _source(scorer, "likelihood" in at))


def _number(place: str, cell: str) -> float | None:
    try:
        value = float(cell.strip() or "nan")
    except ValueError:
        raise BadInput(f"{place} has {cell!r} where a number is needed") from None
    return value if math.isfinite(value) else None


def _source(scorer: str, predicted: bool) -> str | None:
    if scorer == _NOBODY:
        return None
    if is_person(scorer) or is_machine(scorer):
        return scorer
    return machine_source(scorer) if predicted else HUMAN_SOURCE
