"""Exams: one or more planes or sequences of a patient, each a stack of frames.

A stack is a volume (DICOM series, NIfTI, TIFF, NumPy) or a folder of single frames. The words in
its path say which exam it belongs to and which plane or sequence it is: ``axial/knee_7.npy``,
``knee_7/axial.nii.gz`` and ``knee_7_axial.tif`` are all the axial plane of ``knee_7``.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import Skipped, find_images
from napari_localcl.data.reading import geometry, stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_localcl.data.folder import Listing, Plane

ONLY = "frames"
"""What the plane is called where exams have one that nobody named."""

_WORDS = frozenset(
    [
        *("axial", "ax", "transverse", "transversal", "tra", "coronal", "cor", "sagittal", "sag"),
        *("flair", "t1", "t1w", "t1c", "t1ce", "t1gd", "t2", "t2w", "t2star", "pd", "pdw", "stir"),
        *("dwi", "adc", "swi", "dce"),
    ]
)
_ENDING = re.compile(r"(.+)[ _.-]([^ _.-]+)")
_UID = re.compile(r"\d+(\.\d+){3,}(-\d+)?")
_AXES = ("sagittal", "coronal", "axial")  # which the normal lies along: x, y, z


@dataclass(frozen=True)
class Exam:
    """One examination of one patient.

    Parameters
    ----------
    name : str
        As the findings table calls it.
    planes : dict of str to tuple of str
        The frames of each plane or sequence, by the names of the listing, in order.
    """

    name: str
    planes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class SeriesListing:
    """The exams that were found.

    Parameters
    ----------
    listing : Listing
        All their frames.
    exams : tuple of Exam
        At least one.
    skipped : tuple of Skipped
        Stacks that belong to no exam, and why; files that cannot be used are in the listing's.
    """

    listing: Listing
    exams: tuple[Exam, ...]
    skipped: tuple[Skipped, ...] = ()

    @property
    def planes(self) -> tuple[str, ...]:
        """The names of all planes, in order of first appearance."""
        return tuple(dict.fromkeys(plane for exam in self.exams for plane in exam.planes))

    def files(self, plane: str) -> list[Path]:
        """Return the files of a plane, to learn from without labels."""
        names = (name for exam in self.exams for name in exam.planes.get(plane, ()))
        paths = (self.listing.named(name).path for name in names)
        return list(dict.fromkeys(one for path in paths for one in _each(path)))


def find_series(
    series: str | Path | Sequence[str | Path], known: Sequence[str] = ()
) -> SeriesListing:
    """Find exams in a folder, a file list, a glob or files.

    Parameters
    ----------
    series : str, Path or sequence of these
        As :func:`find_images` takes them.
    known : sequence of str
        Names of planes beyond the usual ones, such as those that a classifier was trained with.

    Returns
    -------
    SeriesListing
        Where no name tells a plane, and names do not repeat between folders either, each stack is
        an exam of its own.

    Raises
    ------
    BadInput
        If there are no usable images.
    """
    return series_of(find_images(series), known)


def series_of(listing: Listing, known: Sequence[str] = ()) -> SeriesListing:
    """Find exams among images that are listed already; see :func:`find_series`."""
    stacks = _stacks(listing)
    words = _WORDS | {name.casefold() for name in known}
    told = {name: _told(name, words) for name in stacks}
    if not any(plane for _, plane in told.values()):
        told = _grid(stacks) or told
    short = _short({exam for exam, _ in told.values()})
    exams: dict[str, dict[str, tuple[str, ...]]] = {}
    skipped = []
    for name, planes in stacks.items():
        exam, plane = short[told[name][0]], told[name][1]
        frames = tuple(one.name for one in planes)
        own = exams.setdefault(exam or listing.root.name, {})
        if own.setdefault(plane or ONLY, frames) != frames:
            skipped.append(Skipped(name, _second(exam, plane)))
    found = tuple(Exam(name, planes) for name, planes in exams.items())
    return SeriesListing(listing, found, tuple(skipped))


def _second(exam: str, plane: str) -> str:
    which = f"{plane} stack" if plane else "stack"
    return f"is a second {which} of {exam}; give each sequence a folder named after it"


def _each(path: Path | tuple[Path, ...]) -> Iterable[Path]:
    return path if isinstance(path, tuple) else (path,)


def _stacks(listing: Listing) -> dict[str, tuple[Plane, ...]]:
    """The frames of every stack by its name, without what tells the format."""
    volumes = {_folder(item) for item, planes in listing.items.items() if planes[0].z is not None}
    stacks: dict[str, list[Plane]] = {}
    for item, planes in listing.items.items():
        single = planes[0].z is None
        # Beside volumes, a single frame is a volume of one; elsewhere a folder holds frames.
        together = single and _folder(item) not in volumes
        name = (_folder(item) or listing.root.name) if together else _named(item, planes)
        stacks.setdefault(name, []).extend(planes)
    return {name: tuple(planes) for name, planes in stacks.items()}


def _named(item: str, planes: Sequence[Plane]) -> str:
    """The name of a volume; several DICOM series in a folder are told apart by their planes."""
    path = PurePosixPath(item)
    if isinstance(planes[0].path, tuple) and _UID.fullmatch(path.name):
        return str(path.parent / _orientation(planes[0].path))
    return stem(item)


def _orientation(files: tuple[Path, ...]) -> str:
    place = geometry(files)
    return _AXES[int(np.argmax(np.abs(np.cross(place.right, place.down))))]


def _folder(item: str) -> str:
    parent = str(PurePosixPath(item).parent)
    return "" if parent == "." else parent


def _short(names: Iterable[str]) -> dict[str, str]:
    """The names without the folders that all of them lie in."""
    parts = {name: tuple(name.split("/")) for name in names}
    folders = [part[:-1] for part in parts.values()]
    alike = takewhile(lambda level: len(set(level)) == 1, zip(*folders, strict=False))
    shared = len(list(alike))
    return {name: "/".join(part[shared:]) for name, part in parts.items()}


def _told(name: str, words: frozenset[str]) -> tuple[str, str]:
    """Exam and plane of a stack, as far as its name says; either may be empty."""
    parts = name.split("/")
    for index in reversed(range(len(parts))):
        if parts[index].casefold() in words:
            return "/".join([*parts[:index], *parts[index + 1 :]]), parts[index]
    ending = _ENDING.fullmatch(parts[-1])
    if ending is None or ending[2].casefold() not in words:
        return name, ""
    # Some repeat the exam's name in its files: knee_7/knee_7_axial.nii.gz.
    repeated = len(parts) > 1 and parts[-2] == ending[1]
    return "/".join(parts[:-1] if repeated else [*parts[:-1], ending[1]]), ending[2]


def _grid(stacks: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Exam and plane by what repeats: there are more exams than planes; empty if nothing does."""
    pairs = {name: tuple(short.split("/")) for name, short in _short(stacks).items()}
    if any(len(pair) != 2 for pair in pairs.values()):
        return {}
    firsts, lasts = (Counter(pair[i] for pair in pairs.values()) for i in (0, 1))
    if max(lasts.values()) == 1:
        return {}
    exam = 1 if len(firsts) < len(lasts) else 0
    return {name: (pair[exam], pair[1 - exam]) for name, pair in pairs.items()}


def matched(names: Sequence[str], exams: Sequence[str]) -> Iterator[int | None]:
    """Yield for each exam which of the table's names means it.

    Parameters
    ----------
    names : sequence of str
        Of a table.
    exams : sequence of str
        Names of exams.

    Yields
    ------
    int or None
        The row whose name is the exam's, with or without folders and ending; None if none is, or
        if several could be.
    """
    exact = {name: row for row, name in enumerate(names)}
    short = [PurePosixPath(stem(name)).name for name in names]
    once = Counter(short)
    near = {name: row for row, name in enumerate(short) if once[name] == 1}
    last = Counter(PurePosixPath(exam).name for exam in exams)
    for exam in exams:
        name = PurePosixPath(exam).name
        yield exact.get(exam, near.get(name) if last[name] == 1 else None)


def no_exam(names: Sequence[str], exams: Sequence[str], table: Path) -> BadInput:
    """Return the sentence that a table names none of the exams."""
    return BadInput(
        f"{table} names none of the series: its first is {names[0]!r}, the first one found is "
        f"{exams[0]!r}; write their names into the column 'series'"
    )
