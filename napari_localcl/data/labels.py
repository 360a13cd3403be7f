"""Labels to learn from: masks of some images, with classes, on the working canvas.

A mask belongs to the image of its name (:mod:`napari_localcl.data.masks`); images without one have
no labels. In a mask, 0 is the background, and one value (255 unless said) means *not labelled*,
which is something else. Where masks hold no values but 0 and 255, as many programs write them, 255
is the structure. If labels are *sparse*, a slice that nothing is painted on is not labelled either;
else it shows background only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data import sources
from napari_localcl.data.classes import (
    TABLE,
    LabelClass,
    check_all_shown,
    check_values,
    read_classes,
)
from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import unknown_name
from napari_localcl.data.label_canvas import UNKNOWN, on_canvas
from napari_localcl.data.masks import find_masks, read_mask
from napari_localcl.data.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.folder import Listing, Plane
    from napari_localcl.data.masks import Labels
    from napari_localcl.data.prepared import PreparedImages

    Map = npt.NDArray[np.uint8]

_MOST_CLASSES = 64


@dataclass(frozen=True)
class LabelRules:
    """How the values of masks are to be understood.

    Parameters
    ----------
    classes : tuple of LabelClass
        What there is; empty takes the table beside the masks, else all values found.
    sparse : bool
        Whether slices without a painted pixel are not labelled.
    not_labelled : int
        The value of pixels that are not labelled.
    """

    classes: tuple[LabelClass, ...] = ()
    sparse: bool = False
    not_labelled: int = UNKNOWN


@dataclass(frozen=True, eq=False)
class DrawnLabels:
    """Labels on the working canvas.

    Attributes
    ----------
    classes : int
        How many there are.
    images : (L,) int64 ndarray
        Which of the prepared images have labels.
    maps : (L, H, W) uint8 ndarray
        0 background, 1 the first class and so on, 255 not labelled or not of the image.
    volumes : (L,) int64 ndarray
        From 0: planes of one volume have the same number.
    complete : (L,) bool ndarray
        Which planes are labelled in every pixel.
    """

    classes: int
    images: npt.NDArray[np.int64]
    maps: Map
    volumes: npt.NDArray[np.int64]
    complete: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FoundLabels:
    """The masks to learn from, looked at but not kept in memory.

    Attributes
    ----------
    listing : Listing
        The images.
    files : dict of str to Path
        The mask of each labelled image or volume.
    classes : tuple of LabelClass
        What they tell apart.
    rules : LabelRules
        How they are to be understood, as found.
    notes : tuple of str
        What one should know of them, in sentences.
    shown : dict of str to frozenset of int
        The values of the classes that each mask shows.
    """

    listing: Listing
    files: Mapping[str, Path]
    classes: tuple[LabelClass, ...]
    rules: LabelRules
    notes: tuple[str, ...] = ()
    shown: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def without(self, items: Collection[str]) -> FoundLabels:
        """Return the same without the labels of some images or volumes."""
        return replace(self, files={one: self.files[one] for one in self.files if one not in items})

    def fingerprint(self) -> str:
        """Return a hash of all that is learned from: names, masks, rules."""
        total = hashlib.sha256(repr((self.classes, self.rules, list(self.files))).encode())
        for file in self.files.values():
            with file.open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
        return total.hexdigest()

    def draw(self, images: PreparedImages) -> DrawnLabels:
        """Draw the labels as the images are drawn, each pixel with its nearest label.

        Parameters
        ----------
        images : PreparedImages
            Of the same listing, perhaps with some left out.

        Returns
        -------
        DrawnLabels
            Planes of which nothing is known are left out.

        Raises
        ------
        BadInput
            If nothing is left, or a mask has changed since it was looked at.
        """
        drawn = list(self._drawn(images))
        if not drawn:
            raise BadInput("none of the labelled images can be used: see which were skipped")
        rows, maps, items, complete = zip(*drawn, strict=True)
        volumes = {item: number for number, item in enumerate(dict.fromkeys(items))}
        return DrawnLabels(
            len(self.classes),
            np.array(rows, np.int64),
            np.stack(maps),
            np.array([volumes[item] for item in items], np.int64),
            np.array(complete, np.bool_),
        )

    def _drawn(self, images: PreparedImages) -> Iterator[tuple[int, Map, str, bool]]:
        """Index, map, volume and completeness of every plane that has labels."""
        item, codes = "", np.zeros(0, np.uint8)
        for index, name in enumerate(images.names):
            plane = self.listing.named(name)
            if plane.item not in self.files:
                continue
            if plane.item != item:
                item, codes = plane.item, self.codes(plane.item)
            own = codes[plane.z or 0]
            if (own != UNKNOWN).any():
                drawn, inside = on_canvas(own, images.placements[index])
                yield index, drawn, item, bool((drawn != UNKNOWN)[inside].all())

    def codes(self, item: str) -> Map:
        """Return the labels of an image or volume, (Z, H, W), in its own pixels.

        0 is the background, 1 the first class and so on; 255 is not labelled.

        Raises
        ------
        BadInput
            If the mask has another size than its image, or a value that no class has.
        """
        file, plane = self.files[item], self.listing.items[item][0]
        labels = read_mask(file, _shape(plane)).labels
        check_values(file, _values(labels), self.classes, self.rules.not_labelled)
        values = [0, *(one.value for one in self.classes)]
        codes = dict(zip(values, range(len(values)), strict=True))
        codes.setdefault(self.rules.not_labelled, UNKNOWN)
        known = np.array(sorted(codes))
        table = np.array([codes[int(value)] for value in known], np.uint8)
        found: Map = table[np.searchsorted(known, labels)].reshape(-1, *labels.shape[-2:])
        if self.rules.sparse:
            found[~((found > 0) & (found != UNKNOWN)).any(axis=(1, 2))] = UNKNOWN
        return found


def find_labels(
    labels: str | Path | Sequence[str | Path],
    listing: Listing,
    rules: LabelRules | None = None,
    hold_out: Collection[str] = (),
) -> Generator[Progress, None, FoundLabels]:
    """Find the labels of images, and look at every mask before anything is learned.

    Parameters
    ----------
    labels : str, Path or sequence of these
        As masks are given to :func:`napari_localcl.data.masks.find_masks`.
    listing : Listing
        The images.
    rules : LabelRules, optional
        How the masks are to be understood.
    hold_out : collection of str
        Images and volumes whose labels are not to be learned from.

    Returns
    -------
    FoundLabels
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If a mask has another size than its image or a value that no class has, a class is in no
        mask, or no mask marks anything; names the file.
    """
    rules = rules or LabelRules()
    _check_names(hold_out, listing)
    files = find_masks(labels, listing.items)
    files = {item: file for item, file in files.items() if item not in hold_out}
    if not files:
        raise BadInput("all labelled images are held out: nothing is left to learn from")
    values: dict[str, frozenset[int]] = {}
    for done, (item, file) in enumerate(files.items(), 1):
        values[item] = _values(read_mask(file, _shape(listing.items[item][0])).labels)
        yield Progress("cache", step=done, steps=len(files), message="reading labels")
    classes, rules = _settled(labels, values, rules)
    for item, file in files.items():
        check_values(file, values[item], classes, rules.not_labelled)
    marked = {item: own - {0, rules.not_labelled} for item, own in values.items()}
    check_all_shown(classes, frozenset[int]().union(*marked.values()))
    empty = [files[item] for item, own in marked.items() if not own]
    kept = {item: files[item] for item in files if marked[item] or not rules.sparse}
    return FoundLabels(listing, kept, classes, rules, tuple(_notes(empty, rules)), marked)


def _settled(
    labels: str | Path | Sequence[str | Path],
    values: Mapping[str, frozenset[int]],
    rules: LabelRules,
) -> tuple[tuple[LabelClass, ...], LabelRules]:
    """The classes, and the rules as the values want them."""
    found = frozenset[int]().union(*values.values()) - {0}
    if found == {UNKNOWN} == {rules.not_labelled} and not rules.classes:
        rules = LabelRules(rules.classes, rules.sparse, -1)
    if rules.classes:
        return rules.classes, rules
    table = sources.collect(labels).root / TABLE
    if table.is_file():
        return read_classes(table), rules
    found -= {rules.not_labelled}
    if not found:
        raise BadInput(f"no mask of {labels} marks anything: paint a class in one at least")
    if len(found) > _MOST_CLASSES:
        raise BadInput(
            f"the masks hold {len(found)} different values, as pictures do and labels do not: name "
            "the classes with --classes"
        )
    return tuple(LabelClass(value, str(value)) for value in sorted(found)), rules


def _check_names(hold_out: Collection[str], listing: Listing) -> None:
    for name in hold_out:
        if name not in listing.items:
            raise BadInput(unknown_name(name, listing.items, str(listing.root)))


def _notes(empty: Sequence[Path], rules: LabelRules) -> Iterator[str]:
    if empty:
        meaning = "says nothing and is left out" if rules.sparse else "means background everywhere"
        more = f" (and {len(empty) - 1} more)" if len(empty) > 1 else ""
        yield f"{empty[0]}{more} is empty: nothing is painted in it, which {meaning}"


def _values(labels: Labels) -> frozenset[int]:
    return frozenset(np.unique(labels).tolist())


def _shape(plane: Plane) -> tuple[int, ...]:
    size = plane.header.size
    return size if plane.z is None else (plane.header.depth, *size)
