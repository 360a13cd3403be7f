"""Findings of exams: a table with a line per series and a column per finding.

A cell is 1 (present), 0 (absent) or empty (not known); in a table of predictions, a probability.
The column ``patient``, where there is one, says which series belong to one patient.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.errors import BadInput
from napari_localcl.data.series import matched, no_exam
from napari_localcl.data.tables import read_table, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.tables import Line

TABLE = "series.csv"
SERIES, PATIENT, SOURCE = "series", "patient", "source"
UNCERTAINTY = "{} uncertainty"
NOTHING = ("", "nan", "na")


@dataclass(frozen=True, eq=False)
class Findings:
    """What is known of some series.

    Parameters
    ----------
    series : tuple of str
        Their names.
    names : tuple of str
        The findings.
    values : (N, F) float ndarray
        0, 1 or a probability; NaN where not known.
    patients : tuple of str
        Whose each series is.
    """

    series: tuple[str, ...]
    names: tuple[str, ...]
    values: npt.NDArray[np.float64]
    patients: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.series)

    @property
    def prevalence(self) -> npt.NDArray[np.float64]:
        """The share of 1 among what is known of each finding, (F,)."""
        known = np.isfinite(self.values)
        present = np.where(known, self.values, 0).sum(axis=0)
        return np.asarray(present / np.maximum(known.sum(axis=0), 1))

    def of(self, exams: Sequence[str], table: Path) -> Findings:
        """Return what is known of some exams, in their order.

        Parameters
        ----------
        exams : sequence of str
            Their names; for an exam that the table does not name, nothing is known.
        table : Path
            Where this was read from, for messages.

        Raises
        ------
        BadInput
            If the table names none of them.
        """
        rows = list(matched(self.series, exams))
        if all(row is None for row in rows):
            raise no_exam(self.series, exams, table)
        values = np.full((len(exams), len(self.names)), np.nan)
        for place, row in enumerate(rows):
            if row is not None:
                values[place] = self.values[row]
        patients = [
            exam if row is None else self.patients[row]
            for exam, row in zip(exams, rows, strict=True)
        ]
        return Findings(tuple(exams), self.names, values, tuple(patients))

    def told(self, row: int, name: str, value: float) -> Findings:
        """Return the same with another value, of a series and a finding; NaN where not known."""
        values = self.values.copy()
        values[row, self.names.index(name)] = value
        return replace(self, values=values)

    def beside(self, other: Findings) -> Findings:
        """Return the findings of both, of the same series; those of the other count.

        Its patients count, too, where it knows of any that has several series.
        """
        kept = [i for i, name in enumerate(self.names) if name not in other.names]
        patients = other.patients if set(other.patients) != set(other.series) else self.patients
        return Findings(
            self.series,
            (*(self.names[i] for i in kept), *other.names),
            np.hstack([self.values[:, kept], other.values]),
            patients,
        )

    def only(self, chosen: Sequence[int]) -> Findings:
        """Return some of the findings."""
        names = tuple(self.names[i] for i in chosen)
        return replace(self, names=names, values=self.values[:, list(chosen)])


def check_finding(name: str, known: Findings) -> str:
    """Return the name of a new finding without blanks around it.

    Raises
    ------
    BadInput
        If it is empty, taken, or what another column of the table is called.
    """
    name = name.strip()
    if not name:
        raise BadInput("a finding needs a name; write at least one letter")
    if name in known.names:
        raise BadInput(f"there is a finding {name!r} already; choose another name")
    taken = (SERIES, PATIENT, SOURCE)
    if name in taken or name in map(UNCERTAINTY.format, known.names):
        raise BadInput(f"{name!r} is another column of the table; choose another name")
    return name


def read_findings(path: Path, wanted: Sequence[str] = ()) -> Findings:
    """Read a findings table.

    Parameters
    ----------
    path : Path
        CSV with the column `series`, perhaps `patient`, and a column per finding.
    wanted : sequence of str
        Which columns are findings, by default all others; `column=value` is the finding that the
        column holds that value, for columns of codes or words.

    Raises
    ------
    BadInput
        If a wanted column is missing or a cell is none of 0, 1 and empty; names file and line.
    """
    return _read(path, wanted, probabilities=False)


def read_probabilities(path: Path, wanted: Sequence[str] = ()) -> Findings:
    """Read a table of predictions, as :func:`read_findings`; cells are from 0 to 1."""
    return _read(path, wanted, probabilities=True)


def write_findings(path: Path, findings: Findings) -> None:
    """Write a findings table, as :func:`read_findings` reads it."""
    rows = (
        [name, patient, *(None if np.isnan(value) else float(value) for value in line)]
        for name, patient, line in zip(
            findings.series, findings.patients, findings.values, strict=True
        )
    )
    write_table(path, (SERIES, PATIENT, *findings.names), rows)


def write_predictions(
    path: Path, found: Findings, uncertainty: npt.NDArray[np.float64], source: str
) -> None:
    """Write probabilities with their uncertainty.

    Parameters
    ----------
    path : Path
        The CSV to write.
    found : Findings
        The probabilities; NaN stays empty.
    uncertainty : (N, F) float ndarray
        In bits, 0 to 1.
    source : str
        What predicted them.
    """
    columns = [SERIES, *found.names, *map(UNCERTAINTY.format, found.names), SOURCE]
    both = np.hstack([found.values, uncertainty])
    rows = (
        [name, *(None if np.isnan(v) else round(float(v), 4) for v in line), source]
        for name, line in zip(found.series, both, strict=True)
    )
    write_table(path, columns, rows)


def table_lines(path: Path) -> Sequence[Line]:
    """Return the lines of a findings table, at least one; errors as of :func:`read_findings`."""
    lines = read_table(path, "findings table", (SERIES,), (SERIES,))
    if not lines:
        raise BadInput(f"{path} names no series; write one per line")
    return lines


def _read(path: Path, wanted: Sequence[str], *, probabilities: bool) -> Findings:
    lines = table_lines(path)
    columns = list(lines[0].cells)
    names = tuple(wanted) or finding_columns(columns)
    if not names:
        raise BadInput(f"{path} has no findings: write a column of 0 and 1 for each")
    cells = [[_value(line, name, columns, probabilities) for name in names] for line in lines]
    patients = tuple(line.cells.get(PATIENT) or line.cells[SERIES] for line in lines)
    return Findings(
        tuple(line.cells[SERIES] for line in lines), names, np.array(cells, float), patients
    )


def finding_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Return those of a table's columns that may hold findings."""
    uncertainties = {UNCERTAINTY.format(name) for name in columns}
    return tuple(n for n in columns if n not in {SERIES, PATIENT, SOURCE, "", *uncertainties})


def _value(line: Line, name: str, columns: Sequence[str], probabilities: bool) -> float:
    if name in columns:
        return _number(line, name, probabilities)
    column, sign, value = name.partition("=")
    if not sign or column not in columns:
        table = line.place.partition(", line")[0]
        raise BadInput(f"{table} has no column {name!r}; it has {', '.join(columns)}")
    cell = line.cells[column]
    return float("nan") if cell.casefold() in NOTHING else float(cell == value)


def _number(line: Line, name: str, probabilities: bool) -> float:
    cell = line.cells[name]
    if cell.casefold() in NOTHING:
        return float("nan")
    allowed = "a number from 0 to 1" if probabilities else "0, 1 or nothing"
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not (0 <= value <= 1) or not (probabilities or value in (0, 1)):
        raise BadInput(
            f"{line.place} has {cell!r} in column {name!r} where {allowed} is needed; name the "
            f"columns that are findings (--finding), or one of its values (--finding {name}={cell})"
        )
    return value
