"""All that is known of a project's images at one moment; every change gives a new state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.annotations import Landmark, check_inside
from napari_localcl.data.errors import BadInput
from napari_localcl.data.marks import Column, Kind
from napari_localcl.data.point_sources import is_machine
from napari_localcl.data.project_masks import Masks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from napari_localcl.data.project_images import ProjectImages


@dataclass(frozen=True, eq=False)
class Annotations:
    """Who says where each landmark is in each image, and which masks there are.

    Points are `(y, x)` in pixels of the file.

    Parameters
    ----------
    images : ProjectImages
        The N images.
    columns : dict of str to Column
        The landmarks by name, in the order in which a person added them; each for N images.
    masks : Masks
        The masks of structures.

    Notes
    -----
    A machine's prediction becomes a person's point by `accept` (its source is `accepted` then) and
    by `move` or `place` (`human`) alone. All methods raise `BadInput` where the image or the
    landmark is unknown, or the point lies outside of the image.
    """

    images: ProjectImages
    columns: Mapping[str, Column]
    masks: Masks

    @property
    def names(self) -> tuple[str, ...]:
        """The landmarks."""
        return tuple(self.columns)

    def kind(self, image: str, landmark: str) -> Kind:
        """Return what is known of a landmark in an image."""
        return self._column(landmark).kind(self.images.index(image))

    def points(self, image: str) -> tuple[Landmark, ...]:
        """Return an image's points, placed and predicted, in the landmarks' order."""
        index = self.images.index(image)
        return tuple(
            _point(image, name, column, index)
            for name, column in self.columns.items()
            if column.kind(index) in (Kind.HUMAN, Kind.PREDICTED)
        )

    def human_points(self) -> tuple[Landmark, ...]:
        """Return the points of all images that a person placed or accepted: the templates."""
        return _human_points(self)

    def has_same_templates(self, other: Annotations) -> bool:
        """Tell whether `human_points` are the same in another state, without making them."""
        return self.names == other.names and all(
            column.has_same_templates(other.columns[name]) for name, column in self.columns.items()
        )

    def kinds(self) -> npt.NDArray[np.uint8]:
        """Return what is known, as an (L, N) array of :class:`Kind`."""
        kinds = [column.table["kind"] for column in self.columns.values()]
        return np.array(kinds, np.uint8).reshape(len(kinds), len(self.images))

    def confidences(self) -> npt.NDArray[np.float64]:
        """Return the confidence of each prediction, (L, N), infinite where nothing is predicted.

        A prediction that came without its confidence counts as 0.
        """
        rows = [np.nan_to_num(column.table["confidence"]) for column in self.columns.values()]
        confidence = np.array(rows).reshape(len(rows), len(self.images))
        return np.where(self.kinds() == Kind.PREDICTED, confidence, np.inf)

    # Points

    def place(self, image: str, landmark: str, y: float, x: float) -> Annotations:
        """Set a person's point, whatever was there before."""
        index = self._inside(Landmark(image, landmark, y, x))
        return self._with(landmark, self._column(landmark).place(index, y, x))

    def place_all(self, points: Iterable[Landmark]) -> Annotations:
        """Set people's points in many images, in one step.

        Parameters
        ----------
        points : iterable of Landmark
            A machine's become accepted ones. Landmarks that the project does not have are added.

        Returns
        -------
        Annotations
            Whatever was there before is replaced.
        """
        placed: dict[str, dict[int, Landmark]] = {}
        for point in points:
            placed.setdefault(point.landmark, {})[self._inside(point)] = point
        columns = dict(self.columns)
        for name, marks in placed.items():
            column = columns.get(name) or Column.of(len(self.images))
            known = name if name in columns else self._free(name)
            columns[known] = column.place_all(list(marks), list(marks.values()))
        return replace(self, columns=columns)

    def move(self, image: str, landmark: str, y: float, x: float) -> Annotations:
        """Move a point; a prediction becomes a person's by it."""
        self._require(image, landmark, Kind.HUMAN, Kind.PREDICTED)
        return self.place(image, landmark, y, x)

    def accept(self, image: str, landmark: str) -> Annotations:
        """Make a prediction a person's point, where it is."""
        index = self._require(image, landmark, Kind.PREDICTED)
        return self._with(landmark, self._column(landmark).accept(index))

    def accept_all(self, image: str) -> Annotations:
        """Accept all predictions of an image, in one step."""
        state = self
        for point in self.points(image):
            if is_machine(point.source):
                state = state.accept(image, point.landmark)
        return state

    def reject(self, image: str, landmark: str) -> Annotations:
        """Throw a prediction out; its run will not bring another one there."""
        index = self._require(image, landmark, Kind.PREDICTED)
        return self._with(landmark, self._column(landmark).reject(index))

    def mark_absent(self, image: str, landmark: str) -> Annotations:
        """Note that the landmark cannot be seen in the image.

        Predictions that rest on a point that goes with it, and on no other, go too.
        """
        index = self.images.index(image)
        return self._with(landmark, self._column(landmark).mark_absent(index))

    def delete(self, image: str, landmark: str) -> Annotations:
        """Forget all about a landmark in an image, also that a prediction was rejected.

        Predictions that rest on a point that goes with it, and on no other, go too.
        """
        index = self.images.index(image)
        return self._with(landmark, self._column(landmark).clear(index))

    def with_predictions(self, rows: Iterable[Landmark]) -> tuple[Annotations, int]:
        """Replace all predictions of the landmarks that the rows name.

        Parameters
        ----------
        rows : iterable of Landmark
            Rows whose source is no machine are the templates' own points and are passed over, as
            are images that the project does not have. Landmarks that it does not have are added.

        Returns
        -------
        annotations : Annotations
            What a person placed, marked as absent or rejected for that run is as before.
        moved : int
            How many points are now more than a pixel away from an earlier prediction.
        """
        found: dict[str, dict[int, Landmark]] = {}
        for row in rows:
            if is_machine(row.source) and row.image in self.images:
                found.setdefault(row.landmark, {})[self.images.index(row.image)] = row
        columns, total = dict(self.columns), 0
        for name, points in found.items():
            column = columns.get(name) or Column.of(len(self.images))
            columns[name], moved = column.predict(list(points), list(points.values()))
            total += moved
        return replace(self, columns=columns), total

    # Landmarks

    def add_landmark(self, name: str) -> Annotations:
        """Add a landmark that no image has yet; refuses an empty name and one that is taken."""
        return self._with(self._free(name), Column.of(len(self.images)))

    def rename_landmark(self, old: str, new: str) -> Annotations:
        """Give a landmark another name; its points and its place in the order stay."""
        self._column(old)
        if old == new.strip():
            return self
        free = self._free(new)
        columns = {free if name == old else name: c for name, c in self.columns.items()}
        return replace(self, columns=columns)

    def delete_landmark(self, name: str) -> Annotations:
        """Remove a landmark with all its points."""
        self._column(name)
        columns = {one: column for one, column in self.columns.items() if one != name}
        return replace(self, columns=columns)

    def with_images(self, images: ProjectImages) -> Annotations:
        """Return the same for images that were renamed, in the same number and order."""
        return replace(self, images=images, masks=self.masks.with_images(images))

    def with_masks(self, masks: Masks) -> Annotations:
        """Return the same landmarks with other masks."""
        return replace(self, masks=masks)

    def _column(self, landmark: str) -> Column:
        if landmark not in self.columns:
            raise BadInput(f"the project has no landmark {landmark!r}; add it first")
        return self.columns[landmark]

    def _inside(self, point: Landmark) -> int:
        index = self.images.index(point.image)
        check_inside(point, self.images.sizes[index])
        return index

    def _with(self, landmark: str, column: Column) -> Annotations:
        return replace(self, columns={**self.columns, landmark: column})

    def _require(self, image: str, landmark: str, *kinds: Kind) -> int:
        if self.kind(image, landmark) not in kinds:
            what = "point" if Kind.HUMAN in kinds else "prediction"
            raise BadInput(f"there is no {what} of {landmark!r} in {image}")
        return self.images.index(image)

    def _free(self, name: str) -> str:
        name = name.strip()
        if not name:
            raise BadInput("a landmark needs a name; write at least one letter")
        if name in self.columns:
            raise BadInput(f"there is a landmark {name!r} already; choose another name")
        return name


def no_annotations(images: ProjectImages, names: Iterable[str] = ()) -> Annotations:
    """Return the state of a project in which nothing is annotated.

    Parameters
    ----------
    images : ProjectImages
        Its images.
    names : iterable of str
        Its landmarks.

    Returns
    -------
    Annotations
        Without a point.
    """
    return Annotations(images, {name: Column.of(len(images)) for name in names}, Masks(images))


# Several ask for those of the present state; those of all that can be undone would fill the memory.
@lru_cache(maxsize=1)
def _human_points(state: Annotations) -> tuple[Landmark, ...]:
    # Lists, because taking single numbers out of an array is slow.
    return tuple(
        Landmark(state.images.names[index], name, y, x, None, column.all_sources[source])
        for name, column in state.columns.items()
        for index, (kind, y, x, _, source) in enumerate(column.table.tolist())
        if kind == Kind.HUMAN
    )


def _point(image: str, name: str, column: Column, index: int) -> Landmark:
    _, y, x, confidence, _ = column.table[index].item()
    sure = None if np.isnan(confidence) else confidence
    return Landmark(image, name, y, x, sure, column.source(index))
