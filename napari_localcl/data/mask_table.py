"""The table of a folder of masks, `masks.csv`: how sure each one is, and how large.

Columns are `image,mask,confidence,area`. `image` is the name that a listing gives an image, with
`#z` for a plane of a volume; `mask` is the file, relative to the table's folder; `confidence` is
from 0 to 1; `area` is what is marked, in pixels of the image as stored. Where masks tell several
classes apart, two columns for each follow, such as `confidence RV,area RV`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput
from napari_localcl.data.tables import read_table, write_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from napari_localcl.data.tables import Line

TABLE = "masks.csv"
UNCERTAINTY = "uncertainty"

_COLUMNS = ("image", "mask", "confidence", "area")
_FIGURES = ("confidence", "area")


@dataclass(frozen=True)
class ClassRow:
    """What is known of one class of a mask.

    Parameters
    ----------
    name : str
        What people call it.
    confidence : float
        From 0 to 1.
    area : int
        Pixels that show it.
    """

    name: str
    confidence: float
    area: int


@dataclass(frozen=True)
class MaskRow:
    """What is known of the mask of one image or slice.

    Parameters
    ----------
    image : str
        Name of the image in its listing.
    mask : str
        POSIX path of the file, relative to the table's folder; all slices of a volume share one.
    confidence : float
        From 0 to 1.
    area : int
        Pixels marked.
    classes : tuple of ClassRow
        The same of each class, where there are several.
    """

    image: str
    mask: str
    confidence: float
    area: int
    classes: tuple[ClassRow, ...] = ()


def read_mask_rows(path: Path) -> tuple[MaskRow, ...]:
    """Read the table of a folder of masks.

    Parameters
    ----------
    path : Path
        The `masks.csv`.

    Returns
    -------
    tuple of MaskRow
        In file order.

    Raises
    ------
    BadInput
        If a column is missing, a name is empty, an image occurs twice, a confidence is not within 0
        and 1 or an area no whole number from 0; names the file and the line.
    """
    lines = read_table(path, "table of masks", _COLUMNS, key=("image",))
    return tuple(map(_row, lines))


def write_mask_rows(path: Path, rows: Iterable[MaskRow]) -> None:
    """Write the table of a folder of masks; an older one is replaced when the new one is complete.

    Parameters
    ----------
    path : Path
        The `masks.csv`.
    rows : iterable of MaskRow
        Written in the order given.
    """
    rows = tuple(rows)
    names = dict.fromkeys(one.name for row in rows for one in row.classes)
    further = [f"{figure} {name}" for name in names for figure in _FIGURES]
    write_table(path, (*_COLUMNS, *further), (_cells(row, tuple(names)) for row in rows))


def _cells(row: MaskRow, names: tuple[str, ...]) -> list[str | float | None]:
    own = {one.name: one for one in row.classes}
    cells: list[str | float | None] = [row.image, row.mask, row.confidence, row.area]
    for name in names:
        known = own.get(name)
        cells += [known.confidence, known.area] if known else [None, None]
    return cells


def _row(line: Line) -> MaskRow:
    if not line.cells["mask"]:
        raise BadInput(f"{line.place} has an empty mask; fill it in or remove the line")
    confidence, area = line.number("confidence"), line.number("area")
    if not 0 <= confidence <= 1:
        raise BadInput(f"{line.place} has the confidence {confidence:g}; it is from 0 to 1")
    if area < 0 or area != int(area):
        raise BadInput(f"{line.place} has the area {area:g}; it is a number of pixels")
    classes = tuple(_classes(line))
    return MaskRow(line.cells["image"], line.cells["mask"], confidence, int(area), classes)


def _classes(line: Line) -> Iterator[ClassRow]:
    for column, cell in line.cells.items():
        name = column.removeprefix("area ")
        if name != column and cell:
            yield ClassRow(name, line.number(f"confidence {name}"), int(line.number(column)))
