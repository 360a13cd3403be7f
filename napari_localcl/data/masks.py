"""Masks: which file is the mask of which image, and the labels it holds.

A mask has its image's stem, perhaps with an ending that all masks share (`eye_7.png` or
`eye_7_disc.png` for `eye_7.jpg`), and its image's size. Its pixels are labels: whole numbers from
0, where 0 is what is not marked. The mask of a volume is a volume.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data import sources
from napari_localcl.data.errors import BadInput
from napari_localcl.data.mask_table import TABLE, UNCERTAINTY
from napari_localcl.data.reading import naming, read_stored, stem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.scan import Pixels

    Labels = npt.NDArray[np.unsignedinteger[Any]]

_EXACT = (".png", ".tif", ".tiff", ".nii", ".nii.gz", ".bmp", ".gif")
_LOSSY = (".jpg", ".jpeg")


@dataclass(frozen=True, eq=False)
class Mask:
    """The labels of one image or volume.

    Parameters
    ----------
    labels : ([Z,] H, W) ndarray
        In the smallest unsigned type that holds them.
    spacing : tuple of float, optional
        Millimetres per axis, as many as there are; None where the file does not state them.
    """

    labels: Labels
    spacing: tuple[float, ...] | None = None


def read_mask(path: Path, shape: tuple[int, ...] | None = None) -> Mask:
    """Read a mask without changing a label.

    Parameters
    ----------
    path : Path
        PNG, BMP, GIF, TIFF or NIfTI. Of a coloured palette the numbers of the entries are the
        labels; a picture in colours is none, unless all its colours are grey.
    shape : tuple of int, optional
        `([Z,] H, W)` of its image, which it must have too.

    Returns
    -------
    Mask
        Labels and spacing.

    Raises
    ------
    UnusableImage
        If it is damaged or a JPEG, has colours, values that are no labels, or another size; names
        the file.
    """
    scan = read_stored(path)
    with naming(path):
        labels = _labels(_grey(scan.pixels))
        if shape is not None and labels.shape != shape:
            raise BadInput(
                f"is {_sides(labels.shape)} pixels but its image {_sides(shape)}; "
                "a mask must have the size of its image"
            )
        return Mask(labels, scan.spacing)


def mask_files(masks: str | Path | Sequence[str | Path]) -> dict[str, Path]:
    """List the files that may be masks, by their names alone.

    Parameters
    ----------
    masks : str, Path or sequence of these
        A folder, a file list, a glob, a file or several of these. Of a folder that this program
        wrote, the maps of uncertainty are left out; JPEGs are, too, where there is anything else.

    Returns
    -------
    dict of str to Path
        By the POSIX path relative to the folder, in natural order.

    Raises
    ------
    BadInput
        If there is none.
    """
    source = sources.collect(masks)
    aside = source.root / UNCERTAINTY if (source.root / TABLE).exists() else None
    files = [file for file in source.files if aside is None or aside not in file.parents]
    exact = [file for file in files if file.name.lower().endswith(_EXACT)]
    found = exact or [file for file in files if file.name.lower().endswith(_LOSSY)]
    if not found:
        raise BadInput(f"{source.root} holds no masks; give a folder with PNG, TIFF or NIfTI files")
    return {sources.name(file, source.root): file for file in found}


def find_masks(masks: str | Path | Sequence[str | Path], images: Iterable[str]) -> dict[str, Path]:
    """Find the masks of images.

    Parameters
    ----------
    masks : str, Path or sequence of these
        As in :func:`mask_files`.
    images : iterable of str
        Names of images and whole volumes, as the keys of :attr:`Listing.items`.

    Returns
    -------
    dict of str to Path
        By the names of the images, in their order; images without a mask are left out.

    Raises
    ------
    BadInput
        If no image has one, or it cannot be told which of two files is a mask; names both.
    """
    files, names = mask_files(masks), tuple(images)
    found = match(files, names)
    if not found:
        raise BadInput(
            f"no mask is named after an image: the masks are called like {next(iter(files))} and "
            f"the images like {next(iter(names), 'nothing')}; give each mask the name of its image"
        )
    return {name: files[found[name]] for name in names if name in found}


def match(masks: Iterable[str], images: Iterable[str]) -> dict[str, str]:
    """Find the masks of images by their names.

    The mask of `sub/a.jpg` is `sub/a.png`. If no mask has the stem of an image, all masks may share
    an ending that begins with no letter or digit: `sub/a_disc.png`. If none lies like its image,
    folders are left aside on both sides; and at last, what all stems of a side end with: `a_t1.nii`
    has the mask `a_seg.nii`.

    Parameters
    ----------
    masks : iterable of str
        Names of files, with folders.
    images : iterable of str
        Names of images and volumes.

    Returns
    -------
    dict of str to str
        From image to mask; empty if nothing matches.

    Raises
    ------
    BadInput
        If it cannot be told which of two files is a mask, or of which image; names both.
    """
    masks, images = tuple(masks), tuple(images)
    endless = [partial(_without, _shared_ending(side)) for side in (masks, images)]
    for mask_key, image_key in ([stem, stem], [_bare_stem, _bare_stem], endless):
        by_stem = {image_key(image): image for image in images}
        pairs = [
            (own, mask)
            for mask in masks
            if (own := _stem_within(mask_key(mask), by_stem)) is not None
        ]
        if pairs:
            _refuse_twins(images, image_key, "images", {own for own, _ in pairs})
            return {by_stem[own]: mask for own, mask in _of_one_ending(pairs, mask_key).items()}
    return {}


def _of_one_ending(pairs: Sequence[tuple[str, str]], key: Callable[[str], str]) -> dict[str, str]:
    """Return the mask of each stem, with the ending that most masks share."""
    endings = {mask: key(mask)[len(own) :] for own, mask in pairs}
    exact = "" in endings.values()
    common = "" if exact else _most_common(endings)
    chosen = {mask: own for own, mask in pairs if endings[mask] == common}
    _refuse_twins(chosen, key, "masks", set(map(key, chosen)))
    example = next(iter(chosen))
    for mask, ending in endings.items():
        # `a_2_disc` beside `a_disc` is the mask of an image `a_2` that is not asked for.
        if not exact and not ending.endswith(common):
            raise BadInput(
                f"{example} and {mask} end differently, so it cannot be told which are the masks; "
                f"name those that are by a pattern, such as '*{common}.*'"
            )
    return {own: mask for mask, own in chosen.items()}


def _most_common(endings: Mapping[str, str]) -> str:
    counts = Counter(endings.values())
    return min(counts, key=lambda ending: (-counts[ending], len(ending)))


def _stem_within(name: str, stems: Mapping[str, str]) -> str | None:
    """Return the longest stem that `name` is or begins with, in the same folder."""
    for end in range(len(name), name.rfind("/") + 1, -1):
        # An ending such as `_disc` is set off, or `eye_1` would take the mask of `eye_10`.
        if (end == len(name) or not name[end].isalnum()) and name[:end] in stems:
            return name[:end]
    return None


def _refuse_twins(
    names: Iterable[str], key: Callable[[str], str], what: str, among: set[str]
) -> None:
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(key(name), name)
        if other != name and key(name) in among:
            raise BadInput(
                f"the {what} {other} and {name} have the same stem, so it cannot be told which "
                "mask belongs to which image; give each image and its mask a name of their own"
            )


def _shared_ending(names: Sequence[str]) -> str:
    """Return what all stems end with, set off as in `_t1`; a single name shares nothing."""
    if len(names) < 2:
        return ""
    first, *others = (stem(name) for name in names)
    ends = (first[at:] for at, letter in enumerate(first) if not letter.isalnum())
    shared = (end for end in ends if all(own.endswith(end) for own in others))
    return next((end for end in shared if "/" not in end), "")


def _without(ending: str, name: str) -> str:
    return stem(name).removesuffix(ending)


def _bare_stem(name: str) -> str:
    return PurePosixPath(stem(name)).name


def _grey(pixels: Pixels) -> Pixels:
    first: Pixels = pixels[0]
    if any(not np.array_equal(channel, first) for channel in pixels[1:]):
        raise BadInput("is a picture in colours, not a mask; save it with one number per pixel")
    return first


def _labels(values: npt.NDArray[Any]) -> Labels:
    if values.dtype.kind not in "bui" and not np.array_equal(values, np.round(values)):
        raise BadInput("holds fractions, not labels; save a mask of whole numbers (0, 1, 2, ...)")
    least, most = float(values.min()), float(values.max())
    if least < 0 or most > np.iinfo(np.uint32).max:
        wrong = least if least < 0 else most
        raise BadInput(f"holds the value {wrong:g}; labels are whole numbers from 0")
    return values.astype(np.min_scalar_type(int(most)), copy=False)


def _sides(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
