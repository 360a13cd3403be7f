"""One landmark in all images of a project: who says it is where, or that it is not to be seen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data.point_sources import ACCEPTED_SOURCE, HUMAN_SOURCE, is_machine

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import numpy.typing as npt

    from napari_localcl.data.annotations import Landmark

    Table = np.ndarray[Any, np.dtype[np.void]]
    Mark = tuple[int, float, float, float, int]

# In place of the position of a prediction's source: places in `Column.all_sources`.
_PLACED, _ACCEPTED = -1, -2

# How many pixels of the file a prediction moves before a person is told.
_NOTICEABLE = 1.0


class Kind(IntEnum):
    """What is known of a landmark in an image."""

    NOTHING = 0
    PREDICTED = 1
    HUMAN = 2  # accepted predictions too
    ABSENT = 3
    REJECTED = 4


_MARK = np.dtype([("kind", "u1"), ("y", "f8"), ("x", "f8"), ("confidence", "f8"), ("source", "i4")])


@dataclass(frozen=True, eq=False)
class Column:
    """One landmark in N images; every change gives a new object and leaves this one as it is.

    Parameters
    ----------
    table : (N,) structured ndarray
        `kind` as in :class:`Kind`; `y` and `x` in file pixels, NaN where there is no point;
        `confidence` from 0 to 1, NaN where none is known; `source`, the place of a prediction's
        source in `sources`, -2 for a prediction that a person accepted as it was, else -1. Never
        written to.
    sources : tuple of str
        The machines whose predictions there are.
    rejected : dict of int to frozenset of str
        The sources whose predictions a person has thrown out, by index of the image.
    """

    table: Table
    sources: tuple[str, ...] = ()
    rejected: Mapping[int, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        count: int,
        people: Mapping[int, tuple[float, float] | None] | None = None,
        rejected: Mapping[int, frozenset[str]] | None = None,
        accepted: Collection[int] = (),
    ) -> Column:
        """Return the column of a landmark in `count` images.

        Parameters
        ----------
        count : int
            N.
        people : dict of int to (float, float) or None
            By index of the image, where a person sees it, `(y, x)`; None where it cannot be seen.
        rejected : dict of int to frozenset of str
            As in the class.
        accepted : collection of int
            Where a person's point is a prediction accepted as it was.
        """
        table = np.full(count, np.array(_without_point(Kind.NOTHING), _MARK))
        for index in rejected or ():
            table[index] = _without_point(Kind.REJECTED)
        for index, point in (people or {}).items():
            source = _ACCEPTED if index in accepted else _PLACED
            table[index] = _placed(*point, source) if point else _without_point(Kind.ABSENT)
        return cls(table, rejected=rejected or {})

    def kind(self, index: int) -> Kind:
        """Return what is known of the landmark in an image."""
        return Kind(self.table["kind"][index])

    def source(self, index: int) -> str:
        """Return whose point it is: `human`, `accepted` or `machine:<run>`."""
        return self.all_sources[int(self.table["source"][index])]

    @property
    def all_sources(self) -> tuple[str, ...]:
        """What the numbers in the table's `source` stand for."""
        return (*self.sources, ACCEPTED_SOURCE, HUMAN_SOURCE)

    def place(self, index: int, y: float, x: float) -> Column:
        """Set a person's point."""
        return self._with(index, _placed(y, x, _PLACED))

    def place_all(self, indices: Sequence[int], points: Sequence[Landmark]) -> Column:
        """Set people's points in many images, each once; a machine's become accepted ones."""
        table = self.table.copy()
        for index, point in zip(indices, points, strict=True):
            found = is_machine(point.source) or point.source == ACCEPTED_SOURCE
            table[index] = _placed(point.y, point.x, _ACCEPTED if found else _PLACED)
        return replace(self, table=table)

    def accept(self, index: int) -> Column:
        """Make a prediction a person's point."""
        mark = self.table[index]
        return self._with(index, _placed(mark["y"], mark["x"], _ACCEPTED))

    def reject(self, index: int) -> Column:
        """Throw a prediction out, and remember whose it was."""
        source = self.sources[self.table["source"][index]]
        remembered = self.rejected.get(index, frozenset()) | {source}
        column = self._with(index, _without_point(Kind.REJECTED))
        return replace(column, rejected={**self.rejected, index: remembered})

    def mark_absent(self, index: int) -> Column:
        """Note that a person cannot see the landmark there."""
        return self._without(index, Kind.ABSENT)

    def clear(self, index: int) -> Column:
        """Forget everything about one image, rejections included."""
        rejected = {one: sources for one, sources in self.rejected.items() if one != index}
        return replace(self, rejected=rejected)._without(index, Kind.NOTHING)

    def predict(self, indices: Sequence[int], points: Sequence[Landmark]) -> tuple[Column, int]:
        """Replace all predictions; what a person said or rejected stands.

        Parameters
        ----------
        indices : sequence of int
            Images, each once.
        points : sequence of Landmark
            The prediction for each, with its source.

        Returns
        -------
        column : Column
            With the new predictions and none of the old ones.
        moved : int
            How many images had a prediction that is now more than a pixel away.
        """
        sources = tuple(dict.fromkeys(point.source or "" for point in points))
        fresh = _predictions(points, sources)
        table = self._without_predictions()
        chosen = np.array(indices, np.intp)
        free = np.isin(table["kind"][chosen], (Kind.NOTHING, Kind.REJECTED))
        for row, index in enumerate(indices):
            if points[row].source in self.rejected.get(index, ()):
                free[row] = False
        table[chosen[free]] = fresh[free]
        return Column(table, sources, self.rejected), _moved(self.table, table)

    def has_same_templates(self, other: Column) -> bool:
        """Tell whether people's points are where they are in another column of the same images."""
        if self is other:
            return True
        placed = self.table["kind"] == Kind.HUMAN
        return np.array_equal(placed, other.table["kind"] == Kind.HUMAN) and all(
            np.array_equal(self.table[axis][placed], other.table[axis][placed]) for axis in "yx"
        )

    def differs(self, other: Column) -> npt.NDArray[np.intp]:
        """Return the images of which people say something else in another column."""
        mine, theirs = _said(self.table), _said(other.table)
        return np.flatnonzero(mine != theirs)

    def _without(self, index: int, kind: Kind) -> Column:
        """Take a point away, and the predictions if it was the last that they rest on."""
        column = self._with(index, _without_point(kind))
        rests = Kind.HUMAN in column.table["kind"] or self.kind(index) is not Kind.HUMAN
        return column if rests else Column(column._without_predictions(), (), column.rejected)

    def _without_predictions(self) -> Table:
        table = self.table.copy()
        table[table["kind"] == Kind.PREDICTED] = np.array(_without_point(Kind.NOTHING), _MARK)
        gaps = [index for index in self.rejected if table["kind"][index] == Kind.NOTHING]
        table["kind"][gaps] = Kind.REJECTED
        return table

    def _with(self, index: int, mark: Mark) -> Column:
        table = self.table.copy()
        table[index] = mark
        return replace(self, table=table)


def _placed(y: float, x: float, source: int) -> Mark:
    return (Kind.HUMAN, y, x, np.nan, source)


def _without_point(kind: Kind) -> Mark:
    return (kind, np.nan, np.nan, np.nan, _PLACED)


def _said(table: Table) -> Table:
    """Return what people say: predictions are nothing, and only people's points are anywhere."""
    said = table.copy()
    said[table["kind"] == Kind.PREDICTED] = np.array(_without_point(Kind.NOTHING), _MARK)
    # NaN is not equal to itself.
    for name in ("y", "x", "confidence"):
        said[name] = np.nan_to_num(said[name])
    return said


def _predictions(points: Sequence[Landmark], sources: tuple[str, ...]) -> Table:
    table = np.zeros(len(points), _MARK)
    table["kind"] = Kind.PREDICTED
    table["y"] = [point.y for point in points]
    table["x"] = [point.x for point in points]
    # None becomes NaN.
    table["confidence"] = np.array([point.confidence for point in points], float)
    table["source"] = [sources.index(point.source or "") for point in points]
    return table


def _moved(before: Table, after: Table) -> int:
    both = (before["kind"] == Kind.PREDICTED) & (after["kind"] == Kind.PREDICTED)
    distance = np.hypot(after["y"] - before["y"], after["x"] - before["x"])
    return int(np.count_nonzero(distance[both] > _NOTICEABLE))
