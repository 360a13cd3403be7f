"""Tables that people make and edit: CSV whose mistakes are told with their line."""

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


@dataclass(frozen=True)
class Line:
    """One line of a table.

    Parameters
    ----------
    place : str
        The file and the number of the line, for messages.
    cells : dict of str to str
        The values by the names of the columns, further columns included.
    """

    place: str
    cells: dict[str, str]

    def number(self, column: str) -> float:
        """Return the value of a column that holds numbers.

        Parameters
        ----------
        column : str
            Its name.

        Returns
        -------
        float
            The value.

        Raises
        ------
        BadInput
            If it is not a finite number; names the file and the line.
        """
        try:
            value = float(self.cells[column])
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise BadInput(
                f"{self.place} has {self.cells[column]!r} in column {column} "
                "where a number is needed"
            )
        return value


def read_table(
    path: Path, what: str, required: Sequence[str], key: Sequence[str]
) -> tuple[Line, ...]:
    """Read a table.

    Parameters
    ----------
    path : Path
        CSV in UTF-8; further columns and empty lines are no mistake.
    what : str
        What the file is, for messages: 'landmark file'.
    required : sequence of str
        The columns that there must be.
    key : sequence of str
        Those of them that are never empty, and together never the same on two lines.

    Returns
    -------
    tuple of Line
        In file order.

    Raises
    ------
    BadInput
        If the table is not like that; names the file and the line.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return _parse(path, csv.reader(file), required, key)
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist; give a {what} (CSV)") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} cannot be read as CSV in UTF-8 ({error})") from error


def write_table(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[str | float | None]]
) -> None:
    """Write a table; an older file is replaced only when the new one is complete.

    Parameters
    ----------
    path : Path
        The CSV to write.
    columns : sequence of str
        The first line.
    rows : iterable of sequence
        The values in the order of the columns.
    """
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(map(as_cell, row) for row in rows)


def as_cell(value: str | float | None) -> str:
    """Return a value as tables hold it.

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


def _parse(
    path: Path, reader: Reader, required: Sequence[str], key: Sequence[str]
) -> tuple[Line, ...]:
    columns = [name.strip() for name in next(reader, [])]
    missing = [name for name in required if name not in columns]
    if missing:
        raise BadInput(
            f"{path} has no column {', '.join(missing)}; its first line must name "
            f"{','.join(required)}, separated by commas, but is {','.join(columns)!r}"
        )
    lines: list[Line] = []
    seen: dict[tuple[str, ...], int] = {}
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        line = _line(f"{path}, line {reader.line_num}", columns, cells, key)
        first = seen.setdefault(tuple(line.cells[name] for name in key), reader.line_num)
        if first != reader.line_num:
            named = ", ".join(f"{name} {line.cells[name]!r}" for name in key)
            raise BadInput(
                f"{line.place} has {named} again (first on line {first}); keep one of the two"
            )
        lines.append(line)
    return tuple(lines)


def _line(place: str, columns: Sequence[str], cells: Sequence[str], key: Sequence[str]) -> Line:
    if len(cells) < len(columns):
        raise BadInput(f"{place} has {len(cells)} values instead of {len(columns)}")
    row = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
    for name in key:
        if not row[name]:
            raise BadInput(f"{place} has an empty {name}; fill it in or remove the line")
    return Line(place, row)
