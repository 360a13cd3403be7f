"""The formats that landmarks can be exchanged in: one table for file dialogs and the terminal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange import coco, deeplabcut, slicer, table
from napari_localcl.data.exchange.matching import file_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.folder import Listing


@dataclass(frozen=True)
class Format:
    """A file format.

    Parameters
    ----------
    name : str
        What it is called in commands.
    suffix : str
        How its files' names end.
    title : str
        What a person calls it.
    about : str
        What is in the files.
    write : callable
        Writes landmarks to a file, or to a folder if there is one file per image.
    read : callable
        Reads the landmarks of one file; names of unknown images go into a set, if one is given.
    per_image : bool
        Whether there is one file per image or volume.
    beginning : str
        What a file begins with that other formats of the same suffix do not; empty is anything.
    """

    name: str
    suffix: str
    title: str
    about: str
    write: Callable[[Path, Iterable[Landmark], Listing], None]
    read: Callable[[Path, Listing, set[str] | None], tuple[Landmark, ...]]
    per_image: bool = False
    beginning: str = ""

    def files(self, path: Path, rows: Iterable[Landmark], listing: Listing) -> tuple[Path, ...]:
        """Return the files that writing these landmarks makes."""
        if not self.per_image:
            return (path,)
        items = dict.fromkeys(listing.named(row.image).item for row in rows)
        return tuple(file_for(path, item, self.suffix) for item in items)

    def fits(self, file: Path) -> bool:
        """Tell whether a file is of this format, by its suffix and how it begins."""
        if not file.name.lower().endswith(self.suffix):
            return False
        return not self.beginning or _begins(file, self.beginning)


# In the order in which a person is offered them.
FORMATS = {
    one.name: one
    for one in (
        Format(
            "csv",
            table.SUFFIX,
            "Table",
            "one row per point: image, landmark, y and x in pixels, confidence, source",
            table.write,
            table.read,
        ),
        Format(
            "slicer",
            slicer.SUFFIX,
            "3D Slicer markups",
            "one file per image or volume, points in millimetres in the patient (LPS)",
            slicer.write,
            slicer.read,
            per_image=True,
        ),
        Format(
            "coco",
            coco.SUFFIX,
            "COCO keypoints",
            "one file for all images, x, y and v of each point in pixels",
            coco.write,
            coco.read,
        ),
        Format(
            "deeplabcut",
            deeplabcut.SUFFIX,
            "DeepLabCut",
            "one row per image, x and y in pixels, each source a scorer",
            deeplabcut.write,
            deeplabcut.read,
            beginning=deeplabcut.BEGINNING,
        ),
    )
}
# The more a format asks of a file, the earlier it is asked: `.mrk.json` before `.json`.
_STRICTEST_FIRST = sorted(FORMATS.values(), key=lambda one: (not one.beginning, -len(one.suffix)))


def find_format(name: str) -> Format:
    """Return the format of that name.

    Parameters
    ----------
    name : str
        As in `FORMATS`.

    Returns
    -------
    Format
        The one.

    Raises
    ------
    BadInput
        If there is none.
    """
    if name not in FORMATS:
        raise BadInput(f"there is no format {name!r}; choose one of {', '.join(FORMATS)}")
    return FORMATS[name]


def import_landmarks(
    paths: Iterable[Path], listing: Listing, strangers: set[str] | None = None
) -> tuple[Landmark, ...]:
    """Read landmarks from files of any of the formats.

    Parameters
    ----------
    paths : iterable of Path
        Files, told apart by their suffix; a folder stands for all files in it that are of a format
        with one file per image.
    listing : Listing
        The images they are on.
    strangers : set of str or None
        Takes the names of images that are not listed, whose points are left out; None refuses them.

    Returns
    -------
    tuple of Landmark
        In the order of the files.

    Raises
    ------
    BadInput
        If a file cannot be read, a point has no name or is placed twice on an image, or there is no
        point at all.
    """
    files = [file for path in paths for file in _files(path)]
    rows: dict[tuple[str, str], Landmark] = {}
    first: dict[tuple[str, str], Path] = {}
    for file in files:
        for row in _format_of(file).read(file, listing, strangers):
            name = row.landmark.strip()
            if not name:
                raise BadInput(f"{file} has a point without a name on {row.image}; name it there")
            key = (row.image, name)
            if key in rows:
                raise BadInput(
                    f"{file} places {name!r} on {row.image} again (first in {first[key]}); "
                    "keep one of the two"
                )
            rows[key], first[key] = replace(row, landmark=name), file
    if not rows and not strangers:
        raise BadInput(f"{', '.join(map(str, files))} holds no landmarks; nothing to import")
    return tuple(rows.values())


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    suffixes = tuple(one.suffix for one in FORMATS.values() if one.per_image)
    files = sorted(file for file in path.rglob("*") if file.name.lower().endswith(suffixes))
    if not files:
        raise BadInput(f"{path} holds no {' or '.join(suffixes)} files; give the files to import")
    return files


def _format_of(file: Path) -> Format:
    found = next((one for one in _STRICTEST_FIRST if one.fits(file)), None)
    if found is None:
        known = ", ".join(f"{one.suffix} ({one.title})" for one in FORMATS.values())
        raise BadInput(f"{file} is of no format that can be imported: {known}")
    return found


def _begins(file: Path, text: str) -> bool:
    try:
        with file.open(encoding="utf-8-sig") as lines:
            return lines.read(len(text)) == text
    except (OSError, UnicodeDecodeError):
        return False  # whoever reads it says why
