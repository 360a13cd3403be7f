"""Landmarks: the points that people place and machines predict, kept as CSV.

Columns are `image,landmark,y,x` and, where any row is predicted, `confidence,source`. Points are
`(y, x)` in pixels of the file as stored; (0, 0) is the centre of the first pixel. `image` is the
name that a listing gives an image: its path relative to the listing's root, with `#z` for a plane
of a volume.
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
        Who placed it: `human` or `machine:<run>`; None where the file does not say.
    """

    image: str
    landmark: str
    y: float
    x: float
    confidence: float | None = None
    source: str | None = None


def read_landmarks(path: Path) -> tuple[Landmark, ...]:
    """Read a landmark file.

    Parameters
    ----------
    path : Path
        CSV in UTF-8 with the columns `image,landmark,y,x` and perhaps `confidence,source`; further
        columns are ignored.

    Returns
    -------
    tuple of Landmark
        In file order.

    Raises
    ------
    BadInput
        If a column is missing, a value is not a finite number, a name is empty, or a landmark
        occurs twice on one image; names the file and the line.
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
        writer.writerows([_text(getattr(row, column)) for column in columns] for row in kept)


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


def _text(value: str | float | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    # 17 digits give every float back exactly; most need far fewer.
    short = f"{float(value):.15g}"
    return short if float(short) == float(value) else f"{float(value):.17g}"


def _parse(path: Path, reader: Reader) -> tuple[Landmark, ...]:
    columns = [name.strip() for name in next(reader, [])]
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        raise BadInput(
            f"{path} has no column {', '.join(missing)}; its first line must name "
            f"{','.join(_REQUIRED)}, separated by commas, but is {','.join(columns)!r}"
        )
    rows: list[Landmark] = []
    seen: dict[tuple[str, str], int] = {}
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        row = _row(f"{path}, line {reader.line_num}", columns, cells)
        first = seen.setdefault((row.image, row.landmark), reader.line_num)
        if first != reader.line_num:
            raise BadInput(
                f"{path}, line {reader.line_num} places {row.landmark!r} on {row.image!r} again "
                f"(first on line {first}); keep one of the two"
            )
        rows.append(row)
    return tuple(rows)


def _row(place: str, columns: Sequence[str], cells: Sequence[str]) -> Landmark:
    if len(cells) < len(columns):
        raise BadInput(f"{place} has {len(cells)} values instead of {len(columns)}")
    row = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
    for name in ("image", "landmark"):
        if not row[name]:
            raise BadInput(f"{place} has an empty {name}; fill it in or remove the line")
    confidence = row.get("confidence")
    return Landmark(
        image=row["image"],
        landmark=row["landmark"],
        y=_number(place, "y", row["y"]),
        x=_number(place, "x", row["x"]),
        confidence=_number(place, "confidence", confidence) if confidence else None,
        source=row.get("source") or None,
    )


def _number(place: str, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadInput(f"{place} has {text!r} in column {column} where a number is needed")
    return value
