"""The losses of every step, as a table that survives interruptions."""

from __future__ import annotations

import csv
import io
import os
from typing import TYPE_CHECKING

from napari_localcl.training.files import write_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Enough for the last step of any method, however long the table is.
_TAIL = 4096

COLUMNS = ("step", "stage", "seconds", "term", "value")


class Metrics:
    """One row per step and loss term (the terms differ from stage to stage).

    Parameters
    ----------
    path : Path
        The CSV file; made if absent.
    step : int
        The step a resumed run stands at: later rows, and one cut short by a kill, are dropped.
    """

    def __init__(self, path: Path, step: int = 0) -> None:
        self._path = path
        self._waiting: list[tuple[object, ...]] = []
        kept = _rows_until(path, step)
        write_bytes(path, _as_csv([COLUMNS, *kept]).encode())

    def add(self, step: int, stage: str, seconds: float, losses: Mapping[str, float]) -> None:
        """Note the terms of a step; they reach the file with the next `flush`."""
        for term, value in losses.items():
            self._waiting.append((step, stage, f"{seconds:.3f}", term, f"{value:.8g}"))

    def flush(self) -> None:
        """Append what has been noted to the file."""
        with self._path.open("a", encoding="utf-8", newline="") as file:
            file.write(_as_csv(self._waiting))
        self._waiting.clear()


def _as_csv(rows: list[tuple[object, ...]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _rows_until(path: Path, step: int) -> list[tuple[object, ...]]:
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    rows = list(csv.reader(line for line in lines[1:] if line.endswith("\n")))
    return [tuple(row) for row in rows if len(row) == len(COLUMNS) and int(row[0]) <= step]


def last_step(path: Path) -> tuple[int, float | None]:
    """Return the last step that is wholly there in a table of losses, and the sum of its terms."""
    try:
        with path.open("rb") as file:
            file.seek(-min(_TAIL, path.stat().st_size), os.SEEK_END)
            text = file.read().decode(errors="replace")
    except OSError:
        return 0, None
    whole = text[: text.rfind("\n") + 1].splitlines()[1:]
    rows = [row for row in csv.reader(whole) if len(row) == len(COLUMNS)]
    if not rows:
        return 0, None
    return int(rows[-1][0]), sum(float(row[4]) for row in rows if row[0] == rows[-1][0])
