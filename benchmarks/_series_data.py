"""What the benchmark of series asks: which findings, which labels are known, and the truth."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.findings import Findings, read_findings, write_findings
from napari_localcl.data.samples import SERIES, sample_folder
from napari_localcl.tasks.series.folds import labelled, spread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEAST = 2  # cases of a location that is looked at


@dataclass(frozen=True)
class SeriesSet:
    """Exams and what is known of them.

    Attributes
    ----------
    images : Path
        Folder of the exams.
    truth : Findings
        Everything that is known.
    sides : dict of str to str
        Series -> 'image_left' or 'image_right', where the finding `right` lies.
    masks : Path or None
        Folder `<plane>/<series>.tif` with the labels of the findings, from 1 in their order.
    """

    images: Path
    truth: Findings
    sides: dict[str, str]
    masks: Path | None = None


def gliomas(data: Path) -> SeriesSet:
    """``tcga_lgg``: side of the tumour, its location, and death; `mask_*` is read for `sides`."""
    with (data / "tcga_lgg" / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    places = Counter(row["tumor_location_code"] for row in rows if row["tumor_location_code"])
    frequent = places.most_common(1)[0][0]
    rarer = [code for code, count in places.items() if code != frequent and count >= LEAST]
    columns = {
        "right": [_one_of(row["laterality_code"], "1", ("1", "3")) for row in rows],
        "frequent location": [_one_of(row["tumor_location_code"], frequent) for row in rows],
        "death": [_one_of(row["death01"], "1") for row in rows],
    }
    for code in sorted(rarer):
        columns[f"location {code}"] = [_one_of(row["tumor_location_code"], code) for row in rows]
    truth = Findings(
        tuple(row["series"] for row in rows),
        tuple(columns),
        np.array(list(columns.values())).T,
        tuple(row["patient"] for row in rows),
    )
    sides = {row["series"]: row["mask_side"] for row in rows}
    return SeriesSet(data / "tcga_lgg" / "series", truth, sides)


def phantoms() -> SeriesSet:
    """The sample set of this project."""
    folder = sample_folder(SERIES)
    truth = read_findings(folder / "series.csv")
    return SeriesSet(folder / "images", truth, {}, folder / "masks")


def write_labels(path: Path, truth: Findings, rows: list[int]) -> None:
    """Write what is known of some exams as a findings table."""
    write_findings(path, some_of(truth, rows))


def some_of(truth: Findings, rows: list[int]) -> Findings:
    """Return what is known of some exams."""
    series, patients = ([part[i] for i in rows] for part in (truth.series, truth.patients))
    return Findings(tuple(series), truth.names, truth.values[rows], tuple(patients))


def parts(truth: Findings, fraction: float, repeats: int) -> Iterator[tuple[list[int], list[int]]]:
    """Yield which exams are labelled and which are not, other patients each time."""
    for seed in range(repeats):
        chance = np.random.default_rng((20_240_121, seed))
        known, unknown = spread(truth, labelled(truth), [fraction, 1 - fraction], chance)
        yield known, unknown


def _one_of(cell: str, value: str, among: tuple[str, ...] = ()) -> float:
    known = cell and (not among or cell in among)
    return float(cell == value) if known else float("nan")
