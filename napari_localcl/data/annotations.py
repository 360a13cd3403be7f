"""Landmarks: the points that people place and machines predict, kept as CSV.

Columns are `image,landmark,y,x` and, where any row is predicted, `confidence,source`. Points are
`(y, x)` in pixels of the file as stored; (0, 0) is the centre of the first pixel. `image` is the
name that a listing gives an image: its path relative to the listing's root, with `#z` for a plane
of a volume. A row whose `y` and `x` are both empty says that the landmark cannot be seen there.
`source` is `human` (a person placed or moved the point), `accepted` (a person found a prediction
right as it was) or `machine:<run>` (a prediction that nobody has settled).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput
from napari_localcl.data.tables import read_table, write_table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_localcl.data.tables import Line

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
    points = map(landmark_of, read_lines(path))
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
    return read_table(path, "landmark file", _REQUIRED, key=("image", "landmark"))


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
    write_table(path, columns, ([getattr(row, column) for column in columns] for row in kept))


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


def landmark_of(line: Line) -> Landmark | None:
    """Return the point of a line of a landmark file.

    Parameters
    ----------
    line : Line
        Of :func:`read_lines`.

    Returns
    -------
    Landmark or None
        None where `y` and `x` are both empty.

    Raises
    ------
    BadInput
        If a value is not a finite number.
    """
    if not line.cells["y"] and not line.cells["x"]:
        return None
    return Landmark(
        image=line.cells["image"],
        landmark=line.cells["landmark"],
        y=line.number("y"),
        x=line.number("x"),
        confidence=line.number("confidence") if line.cells.get("confidence") else None,
        source=line.cells.get("source") or None,
    )
