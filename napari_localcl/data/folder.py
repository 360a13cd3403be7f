"""Which images a folder, a file list or a glob holds. Finding reads headers only."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from napari_localcl.data import sources
from napari_localcl.data.errors import BadInput
from napari_localcl.data.reading import header, naming, sniff
from napari_localcl.data.scan import Header, UnusableImage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_localcl.data.dicom import Instance

# Smaller pictures are icons and test patches: no structure could be found in them.
_LEAST_SIDE = 8


@dataclass(frozen=True)
class Plane:
    """One two-dimensional image of a listing: a file, or a slice of a volume.

    Parameters
    ----------
    name : str
        POSIX path relative to the listing's root; for a slice followed by `#z`.
    path : Path or tuple of Path
        The file, or all files of its DICOM series.
    z : int or None
        Which slice, from 0; None for a plain image.
    header : Header
        What the file says of its image.
    """

    name: str
    path: Path | tuple[Path, ...]
    z: int | None
    header: Header

    @property
    def item(self) -> str:
        """Name of the image or of the whole volume: `name` without `#z`."""
        return self.name if self.z is None else self.name.rpartition("#")[0]


@dataclass(frozen=True)
class Skipped:
    """A file that cannot be used.

    Parameters
    ----------
    name : str
        POSIX path relative to the listing's root.
    reason : str
        The rest of a sentence that begins with the name.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """The images that were found.

    Parameters
    ----------
    root : Path
        What the names are relative to.
    planes : tuple of Plane
        At least one; the slices of a volume follow each other.
    skipped : tuple of Skipped
        Files that look like images but cannot be used.
    """

    root: Path
    planes: tuple[Plane, ...]
    skipped: tuple[Skipped, ...] = ()

    def __len__(self) -> int:
        return len(self.planes)

    @cached_property
    def _by_name(self) -> dict[str, Plane]:
        return {plane.name: plane for plane in self.planes}

    @cached_property
    def items(self) -> dict[str, tuple[Plane, ...]]:
        """The planes of each image or volume by its name, :attr:`Plane.item`."""
        groups: dict[str, list[Plane]] = {}
        for plane in self.planes:
            groups.setdefault(plane.item, []).append(plane)
        return {item: tuple(planes) for item, planes in groups.items()}

    def named(self, name: str) -> Plane:
        """Return the plane of that name.

        Parameters
        ----------
        name : str
            As in :attr:`Plane.name`.

        Returns
        -------
        Plane
            The one.

        Raises
        ------
        BadInput
            If there is none; lists the most similar names.
        """
        if name not in self._by_name:
            raise BadInput(unknown_name(name, self._by_name, str(self.root)))
        return self._by_name[name]


def find_images(images: str | Path | Sequence[str | Path] | Listing) -> Listing:
    """List the images of a folder, a file list, a glob, a file or several of these.

    Parameters
    ----------
    images : str, Path, sequence of these or Listing
        A listing is returned as it is.
        A folder is searched with its subfolders, in natural order (`2` before `10`). A `.txt` names
        one file per line, a `.csv` in its column `image` or its first, relative to itself. Files
        that belong to one DICOM series become one volume; every slice of a volume is a plane.

    Returns
    -------
    Listing
        Hidden files and files of other kinds (tables, documents, archives) are left out; damaged
        images are listed in `skipped` with the reason.

    Raises
    ------
    BadInput
        If the path does not exist or holds no usable image.
    """
    if isinstance(images, Listing):
        return images
    source = sources.collect(images)
    finder = _Finder(source.root)
    for file in source.files:
        finder.add(file, wanted=source.explicit)
    listing = finder.listing()
    if not listing.planes:
        raise BadInput(_nothing(images, listing.skipped))
    return listing


def planes_of(name: str, path: Path | tuple[Path, ...], header: Header) -> list[Plane]:
    """Return the planes of an image or volume.

    Parameters
    ----------
    name : str
        Of the whole.
    path : Path or tuple of Path
        The file, or all files of its series.
    header : Header
        What is known of it.

    Returns
    -------
    list of Plane
        One for a plain image, else one for each slice.
    """
    if header.depth == 1:
        return [Plane(name, path, None, header)]
    return [Plane(f"{name}#{z}", path, z, header) for z in range(header.depth)]


def unknown_name(name: str, known: Iterable[str], where: str) -> str:
    """Return the sentence that says an image is not there, with the most similar names.

    Parameters
    ----------
    name : str
        What was asked for.
    known : iterable of str
        What there is.
    where : str
        The place that was searched.

    Returns
    -------
    str
        One sentence.
    """
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"there is no image named {name!r} in {where}{hint}"


class _Finder:
    """Collects items file by file; DICOM files are put together at the end."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rank: dict[Path, int] = {}
        self.items: list[tuple[int, str, Path | tuple[Path, ...], Header]] = []
        self.instances: list[Instance] = []
        self.skipped: list[Skipped] = []

    def add(self, file: Path, *, wanted: bool) -> None:
        """Look at a file; one that is `wanted` was asked for by its name."""
        rank = self.rank.setdefault(file, len(self.rank))
        name = sources.name(file, self.root)
        try:
            kind = sniff(file)
            if kind == "DICOM":
                self._add_dicom(file)
            elif kind:
                self.items.append((rank, name, file, _large_enough(file, header(file))))
            elif wanted or sources.might_be_image(file):
                raise UnusableImage(file, "is no PNG, JPEG, TIFF, DICOM or NIfTI image")
        except UnusableImage as error:
            self.skipped.append(Skipped(name, error.reason))

    def _add_dicom(self, file: Path) -> None:
        from napari_localcl.data import dicom

        with naming(file):
            instance = dicom.peek(file)
        if instance is not None:
            _large_enough(file, instance.header)
            self.instances.append(instance)

    def listing(self) -> Listing:
        """Return what was found, in the order of the files."""
        items = sorted([*self.items, *self._series()], key=lambda item: item[0])
        planes = (
            plane for _, name, path, header in items for plane in planes_of(name, path, header)
        )
        return Listing(self.root, tuple(planes), tuple(self.skipped))

    def _series(self) -> Iterable[tuple[int, str, Path | tuple[Path, ...], Header]]:
        if not self.instances:
            return
        from napari_localcl.data import dicom

        volumes = dicom.series(self.instances)
        folders = Counter(_folder(volume) for volume in volumes if len(volume) > 1)
        taken = {name for _, name, _, _ in self.items}
        for volume in volumes:
            files = tuple(instance.path for instance in volume)
            rank = min(self.rank[file] for file in files)
            if len(files) == 1:
                yield rank, sources.name(files[0], self.root), files[0], volume[0].header
                continue
            name = _unique(self._series_name(volume, folders), taken)
            first = volume[0].header
            yield rank, name, files, Header(first.size, len(files), first.channels, first.spacing)

    def _series_name(self, volume: tuple[Instance, ...], folders: Counter[Path]) -> str:
        folder = _folder(volume)
        name = self.root.name if folder == self.root else sources.name(folder, self.root)
        # A folder's only series is called like the folder, which is what its owner calls it.
        return name if folders[folder] == 1 else f"{name}/{volume[0].group[0]}"


def _folder(volume: tuple[Instance, ...]) -> Path:
    return sources.common_folder([instance.path for instance in volume])


def _unique(name: str, taken: set[str]) -> str:
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    taken.add(candidate)
    return candidate


def _large_enough(file: Path, header: Header) -> Header:
    if min(header.size) < _LEAST_SIDE:
        height, width = header.size
        raise UnusableImage(
            file, f"is {height} x {width} pixels, too small (at least {_LEAST_SIDE} a side)"
        )
    return header


def _nothing(images: object, skipped: Sequence[Skipped]) -> str:
    where = images if isinstance(images, str | Path) else "the files given"
    if not skipped:
        return f"{where} holds no images; give a folder with PNG, JPEG, TIFF, DICOM or NIfTI files"
    first = skipped[0]
    others = f" (and {len(skipped) - 1} more files)" if len(skipped) > 1 else ""
    return f"{where} holds no usable images: {first.name} {first.reason}{others}"
