"""The images of a project, each with the fingerprint by which it is known again elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_localcl.data import sources
from napari_localcl.data.cache import ContentHashes, default_cache
from napari_localcl.data.decoding import by_file
from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import Skipped, find_images
from napari_localcl.data.progress import Progress
from napari_localcl.data.project_record import ImageItem
from napari_localcl.data.reading import naming
from napari_localcl.data.scan import UnusableImage

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_localcl.data.folder import Plane


@dataclass(frozen=True)
class Gathered:
    """What was found.

    Parameters
    ----------
    root : Path
        What the paths are relative to.
    items : tuple of ImageItem
        The images and volumes.
    skipped : tuple of Skipped
        Files that cannot be used, and why.
    """

    root: Path
    items: tuple[ImageItem, ...]
    skipped: tuple[Skipped, ...]


def gather(
    images: str | Path | Sequence[str | Path],
) -> Generator[Progress, None, Gathered]:
    """Find images and take the fingerprint of each.

    Parameters
    ----------
    images : str, Path or sequence of these
        A folder, a file list, a glob, a file or several of these.

    Returns
    -------
    Gathered
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If there is no usable image.
    """
    yield Progress("cache", message="looking for images")
    listing = find_images(images)
    hashes, groups = ContentHashes(default_cache()), by_file(listing.planes)
    results: list[ImageItem | Skipped] = []
    for done, group in enumerate(groups, 1):
        results.append(_item(group[0], listing.root, hashes))
        yield Progress("cache", step=done, steps=len(groups), message="reading images")
    hashes.save()
    items = tuple(result for result in results if isinstance(result, ImageItem))
    skipped = tuple(result for result in results if isinstance(result, Skipped))
    if not items:
        raise BadInput(f"no image can be read: {skipped[0].name} {skipped[0].reason}")
    return Gathered(listing.root, items, listing.skipped + skipped)


def _item(plane: Plane, root: Path, hashes: ContentHashes) -> ImageItem | Skipped:
    files = (plane.path,) if isinstance(plane.path, Path) else plane.path
    try:
        with naming(files[0]):
            content = hashes.of(plane.path)
    except UnusableImage as error:
        return Skipped(plane.item, error.reason)
    names = tuple(sources.name(file, root) for file in files)
    return ImageItem(name=plane.item, files=names, content=content, header=plane.header)
