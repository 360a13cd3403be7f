"""What of a table of series could be a finding."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput
from napari_localcl.data.findings import NOTHING, finding_columns, table_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_localcl.data.tables import Line

_CODES = 12  # values at most of a column of codes


@dataclass(frozen=True)
class Candidate:
    """What could be learned of a table.

    Parameters
    ----------
    name : str
        A column, or `column=value`.
    present, absent : int
        How many series have it, and how many do not.
    is_code : bool
        Whether it is one value of a column of codes or words.
    """

    name: str
    present: int
    absent: int
    is_code: bool


def find_candidates(path: Path) -> tuple[Candidate, ...]:
    """Find what a table holds that could be a finding.

    Parameters
    ----------
    path : Path
        CSV with the column `series`.

    Returns
    -------
    tuple of Candidate
        Columns of 0 and 1; of columns with few other values, each value. Columns of one value, or
        of as many as measurements and dates have, are left out.

    Raises
    ------
    BadInput
        If the table cannot be read, or holds no such column.
    """
    lines = table_lines(path)
    found = [
        one for name in finding_columns(list(lines[0].cells)) for one in _candidates(lines, name)
    ]
    if not found:
        raise BadInput(f"{path} has no findings: write a column of 0 and 1 for each")
    return tuple(found)


def _candidates(lines: Sequence[Line], name: str) -> list[Candidate]:
    cells = [line.cells[name] for line in lines]
    known = [cell for cell in cells if cell.casefold() not in NOTHING]
    counts = Counter(known)
    if not 1 < len(counts) <= _CODES:
        return []
    if all(_is_binary(cell) for cell in counts):
        present = sum(float(cell) == 1 for cell in known)
        return [Candidate(name, present, len(known) - present, is_code=False)]
    return [
        Candidate(f"{name}={value}", count, len(known) - count, is_code=True)
        for value, count in counts.most_common()
    ]


def _is_binary(cell: str) -> bool:
    try:
        return float(cell) in (0, 1)
    except ValueError:
        return False
