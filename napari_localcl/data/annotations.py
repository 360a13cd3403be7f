"""Landmarks: the points that people place and machines predict, kept as CSV.

Columns are `image,landmark,y,x` and, where any row is predicted, `confidence,source`. Points are
`(y, x)` in pixels of the file as stored; (0, 0) is the centre of the first pixel. `image` is the
name that a listing gives an image: its path relative to the listing's root, with `#z` for a plane
of a volume. A row whose `y` and `x` are both empty says that the landmark cannot be seen there.
`source` is `human` (a person placed or moved the point), `accepted` (a person found a prediction
right as it was) or `machine:<run>` (a prediction that nobody has settled).
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_REQUIRED = ("image", "landmark", "y", "x")
_PREDICTED = ("confidence", "source")


@dataclass(frozen=True)
class Landmark:
    """One named point on one image.

    Parameters
    ----------
    image : str
        Name of the image in its listing.
    landmark : str
        Name of the point, the same in every image.
    y, x : float
        Position in file pixels; (0, 0) is the centre of the first pixel.
    confidence : float, optional
        How sure a prediction is, from 0 to 1; None for a point placed by a person.
    source : str, optional
        Who placed it: `human`, `accepted` or `machine:<run>`; None where the file does not say.
    """

    image: str
    landmark: str
    y: float
    x: float
    confidence: float | None = None
    source: str | None = None


@dataclass(frozen=True)
class Line:
    """One line of a landmark file.

    Parameters
    ----------
    place : str
        The file and the number of the line, for messages.
    cells : dict of str to str
        The values by the names of the columns, further columns included.
    """

    place: str
    cells: dict[str, str]

    def landmark(self) -> Landmark | None:
        """Return the point, None where `y` and `x` are both empty.

        Returns
        -------
        Landmark or None
            The point.

        Raises
        ------
        BadInput
            If a value is not a finite number.
        """
        if not self.cells["y"] and not self.cells["x"]:
            return None
        confidence = self.cells.get("confidence")
        return Landmark(
            image=self.cells["image"],
            landmark=self.cells["landmark"],
            y=_number(self.place, "y", self.cells["y"]),
            x=_number(self.place, "x", self.cells["x"]),
            confidence=_number(self.place, "confidence", confidence) if confidence else None,
            source=self.cells.get("source") or None,
        )


def read_landmarks(path: Path) -> tuple[Landmark, ...]:
    """Read the points of a landmark file.

    Parameters
    ----------
    path : Path
        CSV in UTF-8 with the columns `image,landmark,y,x` and perhaps `confidence,source`; further
        columns are ignored.

    Returns
    -------
    tuple of Landmark
        In file order; rows without a point are left out.

    Raises
    ------
    BadInput
        If a column is missing, a value is not a finite number, a name is empty, or a landmark
        occurs twice on one image; names the file and the line.
    """
    points = (line.landmark() for line in read_lines(path))
    return tuple(point for point in points if point is not None)


def read_lines(path: Path) -> tuple[Line, ...]:
    """Read a landmark file with all that its lines say.

    Parameters
    ----------
    path : Path
        As in :func:`read_landmarks`.

    Returns
    -------
    tuple of Line
        In file order.

    Raises
    ------
    BadInput
        If a column is missing, a name is empty, or a landmark occurs twice on one image.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return _parse(path, csv.reader(file))
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist; give a landmark file (CSV)") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} cannot be read as CSV in UTF-8 ({error})") from error


def write_landmarks(path: Path, rows: Iterable[Landmark]) -> None:
    """Write a landmark file; an older file is replaced only when the new one is complete.

    Parameters
    ----------
    path : Path
        The CSV to write.
    rows : iterable of Landmark
        Written in the order given.
    """
    kept = tuple(rows)
    predicted = any(row.confidence is not None or row.source is not None for row in kept)
    columns = _REQUIRED + _PREDICTED if predicted else _REQUIRED
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([as_cell(getattr(row, column)) for column in columns] for row in kept)


def by_image(rows: Iterable[Landmark]) -> dict[str, tuple[Landmark, ...]]:
    """Group landmarks by image.

    Parameters
    ----------
    rows : iterable of Landmark
        In any order.

    Returns
    -------
    dict of str to tuple of Landmark
        Images in order of first appearance.
    """
    groups: dict[str, tuple[Landmark, ...]] = {}
    for row in rows:
        groups[row.image] = (*groups.get(row.image, ()), row)
    return groups


def names(rows: Iterable[Landmark]) -> tuple[str, ...]:
    """Return the landmarks' names, each once, in order of first appearance.

    Parameters
    ----------
    rows : iterable of Landmark
        In any order.

    Returns
    -------
    tuple of str
        For example `("optic_disc", "fovea")`.
    """
    return tuple(dict.fromkeys(row.landmark for row in rows))


def check_inside(point: Landmark, size: tuple[int, int]) -> None:
    """Refuse a point that lies outside of its image.

    Parameters
    ----------
    point : Landmark
        The point.
    size : (int, int)
        Height and width of the image in file pixels.

    Raises
    ------
    BadInput
        If it does; the pixels at the border count with their whole area.
    """
    height, width = size
    if not (-0.5 <= point.y <= height - 0.5 and -0.5 <= point.x <= width - 0.5):
        raise BadInput(
            f"landmark {point.landmark} at y {point.y:g}, x {point.x:g} lies outside of "
            f"{point.image} ({height} x {width} pixels): place it within"
        )


def as_cell(value: str | float | None) -> str:
    """Return a value as landmark files hold it.

    Parameters
    ----------
    value : str, float or None
        A name, a number or nothing.

    Returns
    -------
    str
        A number with as many digits as give it back exactly.
    """
    if value is None or isinstance(value, str):
        return value or ""
    return repr(float(value)).removesuffix(".0")


def _parse(path: Path, reader: Reader) -> tuple[Line, ...]:
    columns = [name.strip() for name in next(reader, [])]
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        raise BadInput(
            f"{path} has no column {', '.join(missing)}; its first line must name "
            f"{','.join(_REQUIRED)}, separated by commas, but is {','.join(columns)!r}"
        )
    lines: list[Line] = []
    seen: dict[tuple[str, str], int] = {}
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        line = _line(f"{path}, line {reader.line_num}", columns, cells)
        image, landmark = line.cells["image"], line.cells["landmark"]
        first = seen.setdefault((image, landmark), reader.line_num)
        if first != reader.line_num:
            raise BadInput(
                f"{line.place} places {landmark!r} on {image!r} again "
                f"(first on line {first}); keep one of the two"
            )
        lines.append(line)
    return tuple(lines)


def _line(place: str, columns: Sequence[str], cells: Sequence[str]) -> Line:
    if len(cells) < len(columns):
        raise BadInput(f"{place} has {len(cells)} values instead of {len(columns)}")
    row = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
    for name in ("image", "landmark"):
        if not row[name]:
            raise BadInput(f"{place} has an empty {name}; fill it in or remove the line")
    return Line(place, row)


def _number(place: str, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadInput(f"{place} has {text!r} in column {column} where a number is needed")
    return value
