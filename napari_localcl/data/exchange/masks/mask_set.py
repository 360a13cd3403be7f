"""The masks of some images, of several structures: what all formats are written from and read into.

They lie in one folder of labels with `classes.csv`, or in a folder of masks for each structure.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data.classes import (
    TABLE,
    LabelClass,
    check_values,
    read_classes,
    write_classes,
)
from napari_localcl.data.errors import BadInput
from napari_localcl.data.mask_writing import mask_name, write_mask
from napari_localcl.data.masks import find_masks, read_mask
from napari_localcl.data.overlaps import lay_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from napari_localcl.data.folder import Listing, Plane

    Mask = npt.NDArray[np.bool_]
    Labels = npt.NDArray[np.unsignedinteger[Any]]

_ALL = 0  # the value that stands for everything marked


@dataclass(frozen=True)
class MaskSet:
    """Masks on the disk, read one image or volume at a time.

    Parameters
    ----------
    listing : Listing
        The images.
    classes : tuple of LabelClass
        The structures, with the values that they have in maps of labels.
    files : dict of str to dict of str to (Path, int)
        By image or volume, then by structure: the file, and which value of it; 0 is every value.
    """

    listing: Listing
    classes: tuple[LabelClass, ...]
    files: Mapping[str, Mapping[str, tuple[Path, int]]]

    def plane(self, item: str) -> Plane:
        """Return an image, or the first slice of a volume."""
        return self.listing.items[item][0]

    def read(self, item: str) -> dict[str, Mask]:
        """Return the masks (Z, H, W) of an image or volume, by structure.

        Raises
        ------
        BadInput
            If a mask is damaged, or has another size than its image.
        """
        plane = self.plane(item)
        shape = (plane.header.depth, *plane.header.size)
        found, read = {}, dict[Path, "Labels"]()
        for name, (file, value) in self.files[item].items():
            if file not in read:
                own = read_mask(file, shape if plane.z is not None else shape[1:])
                read[file] = own.labels.reshape(shape)
            labels = read[file]
            found[name] = labels == value if value else labels > 0
        return found

    def labels(self, item: str) -> Labels:
        """Return all structures of an image or volume as one map of labels, (Z, H, W)."""
        plane = self.plane(item)
        largest = max(one.value for one in self.classes)
        shape = (plane.header.depth, *plane.header.size)
        labels = np.zeros(shape, np.min_scalar_type(largest))
        masks = self.read(item)
        lay_over(
            labels, ((one.value, masks[one.name]) for one in self.classes if one.name in masks)
        )
        return labels


def find_mask_set(masks: Sequence[str], listing: Listing) -> MaskSet:
    """Find masks as the terminal names them.

    Parameters
    ----------
    masks : sequence of str
        Folders as `NAME=DIR`, one for each structure, all of whose marked pixels show it; or one
        folder of labels, whose values `classes.csv` names.
    listing : Listing
        The images.

    Returns
    -------
    MaskSet
        All masks found.

    Raises
    ------
    BadInput
        If a folder holds no mask of an image, a label has no class, or a name comes twice.
    """
    named = [_named(text) for text in masks]
    if len(named) == 1 and not named[0][0]:
        return _of_labels(named[0][1], listing)
    if not all(name for name, _ in named):
        raise BadInput("give each of several folders of masks a name, as in --masks disc=FOLDER")
    names = [name for name, _ in named]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadInput(f"two folders of masks are called {twice!r}; give each a name of its own")
    files: dict[str, dict[str, tuple[Path, int]]] = {}
    for name, folder in named:
        for item, file in find_masks(folder, listing.items).items():
            files.setdefault(item, {})[name] = (file, _ALL)
    classes = tuple(LabelClass(value, name) for value, name in enumerate(names, 1))
    ordered = {item: files[item] for item in listing.items if item in files}
    return MaskSet(listing, classes, ordered)


def write_masks(
    out: Path,
    listing: Listing,
    classes: Sequence[LabelClass],
    masks: Mapping[str, Mapping[str, Mask]],
) -> int:
    """Write masks as a folder of labels, each in the format of its image.

    Parameters
    ----------
    out : Path
        The folder.
    listing : Listing
        The images.
    classes : sequence of LabelClass
        The structures and their values.
    masks : dict of str to dict of str to (Z, H, W) bool ndarray
        By image or volume, then by structure.

    Returns
    -------
    int
        How many files were written.
    """
    for item, own in masks.items():
        plane = listing.items[item][0]
        labels = np.zeros((plane.header.depth, *plane.header.size), _dtype(classes))
        lay_over(labels, ((one.value, own[one.name]) for one in classes if one.name in own))
        path = out / mask_name(plane)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_mask(path, labels[0] if plane.z is None else labels, plane)
    write_classes(out / TABLE, classes)
    return len(masks)


def classes_of(names: Iterable[str]) -> tuple[LabelClass, ...]:
    """Return classes of these names, numbered from 1 in the order in which they first come."""
    return tuple(LabelClass(value, name) for value, name in enumerate(dict.fromkeys(names), 1))


def fitting(mask: Mask, plane: Plane, place: str) -> Mask:
    """Return a mask (Z, H, W) if it has the size of its image or volume.

    Raises
    ------
    BadInput
        If not; begins with the file and the image.
    """
    wanted = (plane.header.depth, *plane.header.size)
    if mask.shape != wanted:
        sides = [" x ".join(map(str, shape)) for shape in (mask.shape, wanted)]
        raise BadInput(f"{place}: the mask is {sides[0]} pixels but its image {sides[1]}")
    return mask


def _of_labels(folder: Path, listing: Listing) -> MaskSet:
    found = find_masks(folder, listing.items)
    values = {item: _values(file) for item, file in found.items()}
    table = folder / TABLE
    known = read_classes(table) if table.is_file() else ()
    for item, file in found.items():
        if known:
            check_values(file, values[item], known, 0)
    every = sorted(frozenset[int]().union(*values.values()) - {0})
    if not every and not known:
        raise BadInput(f"no mask of {folder} marks anything: there is nothing to export")
    classes = known or tuple(LabelClass(value, str(value)) for value in every)
    files = {item: {one.name: (file, one.value) for one in classes} for item, file in found.items()}
    return MaskSet(listing, classes, files)


def _values(file: Path) -> frozenset[int]:
    return frozenset(np.unique(read_mask(file).labels).tolist())


def _named(text: str) -> tuple[str, Path]:
    name, sign, folder = text.partition("=")
    return (name.strip(), Path(folder)) if sign and not Path(text).exists() else ("", Path(text))


def _dtype(classes: Sequence[LabelClass]) -> np.dtype[Any]:
    return np.min_scalar_type(max((one.value for one in classes), default=1))
