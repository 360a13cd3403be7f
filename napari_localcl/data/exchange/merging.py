"""What landmarks from elsewhere would change in a project, told before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING

from napari_localcl.data.annotations import check_inside
from napari_localcl.data.errors import BadInput
from napari_localcl.data.marks import Kind
from napari_localcl.data.point_sources import is_machine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.project_annotations import Annotations

# Pixels: less is what other programs' rounding makes of the same point.
_SAME = 0.01


@dataclass(frozen=True)
class Merge:
    """Landmarks from elsewhere, sorted by what taking them over would do.

    Attributes
    ----------
    fresh : tuple of Landmark
        Where no person has said anything; predictions there give way.
    conflicts : tuple of Landmark
        Where a person has a point elsewhere, or marked the landmark as absent.
    same : int
        How many are there already.
    predictions : int
        How many were left out because no person placed or accepted them.
    outside : tuple of Landmark
        Points that lie outside of their images.
    added : tuple of str
        Landmarks that the project does not have.
    """

    fresh: tuple[Landmark, ...]
    conflicts: tuple[Landmark, ...]
    same: int
    predictions: int
    outside: tuple[Landmark, ...]
    added: tuple[str, ...]

    def apply(self, annotations: Annotations, theirs: bool) -> Annotations:
        """Take the landmarks over as people's points.

        Parameters
        ----------
        annotations : Annotations
            The state they were compared with.
        theirs : bool
            Whether they replace what people say of the same places.

        Returns
        -------
        Annotations
            With them; predictions among them are accepted ones.
        """
        return annotations.place_all(self.fresh + self.conflicts if theirs else self.fresh)


def compare(
    rows: Iterable[Landmark], annotations: Annotations, with_predictions: bool = False
) -> Merge:
    """Compare landmarks from elsewhere with those of a project.

    Parameters
    ----------
    rows : iterable of Landmark
        On images of the project, each landmark once on an image.
    annotations : Annotations
        The project's.
    with_predictions : bool
        Whether to accept those that a machine placed.

    Returns
    -------
    Merge
        What taking them over would do; nothing is changed yet.
    """
    given = tuple(rows)
    taken = [row for row in given if with_predictions or not is_machine(row.source)]
    inside = [row for row in taken if _is_inside(row, annotations)]
    known = annotations.names
    by_relation: dict[str, list[Landmark]] = {"fresh": [], "conflict": [], "same": []}
    for row in inside:
        by_relation[_relation(row, annotations)].append(row)
    return Merge(
        fresh=tuple(by_relation["fresh"]),
        conflicts=tuple(by_relation["conflict"]),
        same=len(by_relation["same"]),
        predictions=len(given) - len(taken),
        outside=tuple(row for row in taken if not _is_inside(row, annotations)),
        added=tuple(dict.fromkeys(r.landmark for r in inside if r.landmark not in known)),
    )


def _is_inside(row: Landmark, annotations: Annotations) -> bool:
    try:
        check_inside(row, annotations.images.sizes[annotations.images.index(row.image)])
    except BadInput:
        return False
    return True


def _relation(row: Landmark, annotations: Annotations) -> str:
    column, index = annotations.columns.get(row.landmark), annotations.images.index(row.image)
    kind, y, x, *_ = column.table[index].item() if column else (Kind.NOTHING, 0.0, 0.0)
    if kind == Kind.HUMAN:
        return "same" if hypot(row.y - y, row.x - x) <= _SAME else "conflict"
    return "conflict" if kind == Kind.ABSENT else "fresh"
