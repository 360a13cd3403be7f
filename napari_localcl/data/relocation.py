"""Finding a project's images again after they were moved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from napari_localcl.data.gathering import gather

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    from napari_localcl.data.progress import Progress
    from napari_localcl.data.project_record import ImageItem


@dataclass(frozen=True)
class Relocation:
    """What was found, for a person to agree to.

    Parameters
    ----------
    root : Path
        The new folder.
    images : tuple of ImageItem
        The project's images in their order; those that were found are called as they are there.
    changed : tuple of str
        Found at their place, but with another content: perhaps this is another folder with files
        of the same names, and their points would not fit.
    missing : tuple of str
        Not found, or with another number of pixels.
    """

    root: Path
    images: tuple[ImageItem, ...]
    changed: tuple[str, ...]
    missing: tuple[str, ...]


def relocate(images: Sequence[ImageItem], folder: Path) -> Generator[Progress, None, Relocation]:
    """Look for images in a folder: by their paths, else by the files' names and content.

    Parameters
    ----------
    images : sequence of ImageItem
        The project's.
    folder : Path
        Where they may be now.

    Returns
    -------
    Relocation
        What the generator returns at its end; nothing is changed by it.

    Raises
    ------
    BadInput
        If there is no image at all.
    """
    there = yield from gather(folder)
    by_path = {item.files: item for item in there.items}
    strays = _strays(there.items, images)
    found = [_at_its_place(one, by_path) or _stray(one, strays) for one in images]
    pairs = list(zip(images, found, strict=True))
    return Relocation(
        there.root,
        tuple(new or old for old, new in pairs),
        tuple(old.name for old, new in pairs if new and new.content != old.content),
        tuple(old.name for old, new in pairs if new is None),
    )


def _at_its_place(item: ImageItem, by_path: dict[tuple[str, ...], ImageItem]) -> ImageItem | None:
    other = by_path.get(item.files)
    return other if other and _shape(other) == _shape(item) else None


def _stray(item: ImageItem, strays: dict[tuple[str, ...], list[ImageItem]]) -> ImageItem | None:
    alike = strays.get(_fingerprint(item))
    return alike.pop(0) if alike else None


def _strays(
    there: Iterable[ImageItem], images: Sequence[ImageItem]
) -> dict[tuple[str, ...], list[ImageItem]]:
    # A file that is called as another image of the project must not give it a second one.
    names, files = {one.name for one in images}, {one.files for one in images}
    strays: dict[tuple[str, ...], list[ImageItem]] = {}
    for one in there:
        if one.name not in names and one.files not in files:
            strays.setdefault(_fingerprint(one), []).append(one)
    return strays


def _shape(item: ImageItem) -> tuple[int, ...]:
    return (*item.header.size, item.header.depth)


def _fingerprint(item: ImageItem) -> tuple[str, ...]:
    return (item.content, *(PurePosixPath(file).name for file in item.files))
