"""The `landmarks.csv` of a project: a landmark file that also keeps what has no point.

The source of a point is `human` where a person placed or moved it, `accepted` where a person found
a prediction right as it was, and `machine:<run>` of a prediction that nobody has settled. A
landmark that a person marked as absent is a row with empty `y` and `x` and the source `human`. The
column `rejected` names the sources whose predictions a person threw out, separated by `|`; a
row with nothing but that has no source. Readers of landmark files pass over both.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_localcl.data.annotations import landmark_of, read_lines
from napari_localcl.data.atomic import has_copy, keep_last, replacing, way_back
from napari_localcl.data.errors import BadInput
from napari_localcl.data.marks import Column, Kind
from napari_localcl.data.point_sources import ACCEPTED_SOURCE, is_machine
from napari_localcl.data.project_annotations import no_annotations
from napari_localcl.data.tables import as_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.project_annotations import Annotations
    from napari_localcl.data.project_images import ProjectImages
    from napari_localcl.data.tables import Line

_COLUMNS = ("image", "landmark", "y", "x", "confidence", "source", "rejected")
_BETWEEN = "|"
_BY_PEOPLE = (Kind.HUMAN, Kind.ABSENT)


def write_project_landmarks(path: Path, annotations: Annotations) -> None:
    """Write all that is known; the file before is kept as `landmarks.csv.bak`.

    Parameters
    ----------
    path : Path
        The `landmarks.csv`.
    annotations : Annotations
        The state to write, image by image.

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written; the file before stays.
    """
    keep_last(path)
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(_rows(annotations))


def read_project_landmarks(
    path: Path, images: ProjectImages, landmarks: Sequence[str]
) -> Annotations:
    """Read what is known.

    Parameters
    ----------
    path : Path
        The `landmarks.csv`; where it is not there yet, nothing is known.
    images : ProjectImages
        The project's images.
    landmarks : sequence of str
        The landmarks in their order; those that only the file names follow.

    Returns
    -------
    Annotations
        A point without a source counts as a person's.

    Raises
    ------
    BadInput
        If the file is damaged, names an image that the project does not have, or is gone although
        there is a copy; says how to go back to that.
    """
    if not path.exists() and not has_copy(path):
        return no_annotations(images, landmarks)
    try:
        return _read(path, images, landmarks)
    except BadInput as error:
        raise BadInput(f"{error}; {way_back(path)}") from error


def _rows(annotations: Annotations) -> Iterator[tuple[str, ...]]:
    # Lists, because taking single numbers out of an array is slow.
    columns = [
        (name, one, one.table.tolist(), one.all_sources)
        for name, one in annotations.columns.items()
    ]
    for index, image in enumerate(annotations.images.names):
        for name, column, marks, sources in columns:
            kind, *numbers, source = marks[index]
            if kind == Kind.NOTHING:
                continue
            who = "" if kind == Kind.REJECTED else sources[source]
            rejected = _BETWEEN.join(sorted(column.rejected.get(index, ())))
            yield image, name, *map(_cell, numbers), who, rejected


def _cell(number: float) -> str:
    return "" if math.isnan(number) else as_cell(number)


@dataclass
class _Found:
    """What a file says of one landmark, by the images' indices."""

    people: dict[int, tuple[float, float] | None] = field(default_factory=dict)
    accepted: set[int] = field(default_factory=set)
    rejected: dict[int, frozenset[str]] = field(default_factory=dict)
    predicted: dict[int, Landmark] = field(default_factory=dict)

    def add(self, index: int, line: Line) -> None:
        point, source = landmark_of(line), line.cells.get("source")
        rejected = line.cells.get("rejected")
        if rejected:
            self.rejected[index] = frozenset(rejected.split(_BETWEEN))
        if point and is_machine(source):
            self.predicted[index] = point
        elif point:
            self.people[index] = (point.y, point.x)
            if source == ACCEPTED_SOURCE:
                self.accepted.add(index)
        elif source or not rejected:
            self.people[index] = None

    def column(self, count: int) -> Column:
        column = Column.of(count, self.people, self.rejected, self.accepted)
        return column.predict(list(self.predicted), list(self.predicted.values()))[0]


def _read(path: Path, images: ProjectImages, landmarks: Sequence[str]) -> Annotations:
    found = {name: _Found() for name in landmarks}
    for line in read_lines(path):
        name = line.cells["landmark"]
        found.setdefault(name, _Found()).add(_index(line, images), line)
    columns = {name: one.column(len(images)) for name, one in found.items()}
    return replace(no_annotations(images), columns=columns)


def _index(line: Line, images: ProjectImages) -> int:
    try:
        return images.index(line.cells["image"])
    except BadInput as error:
        raise BadInput(f"{line.place}: {error}") from None
