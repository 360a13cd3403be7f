"""The `project.json` of a project: which images it is about, and what a person chose."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_localcl.data import sources
from napari_localcl.data.atomic import has_copy, keep_last, replacing, way_back
from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import Listing, Skipped, planes_of
from napari_localcl.data.project_images import ProjectImages
from napari_localcl.data.provenance import now
from napari_localcl.data.scan import Header


class ImageItem(BaseModel):
    """An image or a volume of a project.

    Attributes
    ----------
    name : str
        As its listing names it; landmarks, masks and predictions go by it.
    files : tuple of str
        POSIX paths relative to the root; several for a DICOM series.
    content : str
        SHA-256 of what is in them.
    header : Header
        Size, depth, channels and spacing.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    files: tuple[str, ...] = Field(min_length=1)
    content: str
    header: Header


class ProjectRecord(BaseModel):
    """What a project is.

    Attributes
    ----------
    name : str
        What a person calls it.
    created : str
        When, ISO 8601 in UTC.
    input : tuple of str
        IMAGES as they were given; relative to the project like `root`.
    root : str
        What the images' paths are relative to: a POSIX path relative to the project, so that both
        may be moved together, or absolute where they lie on different drives.
    images : tuple of ImageItem
        In the order of their listing.
    skipped : tuple of Skipped
        Files that cannot be used, and why.
    landmarks : tuple of str
        The landmarks in their order.
    review_below : float
        Predictions of a lower confidence need a person's look.
    current_run : str or None
        Folder of the run whose encoder is in use.
    run_names : dict of str to str
        What a person calls the runs, by folder.
    proposed_by : dict of str to str
        Folder of the run whose masks are proposed, by the structure's folder.
    structures : dict of str to str or None
        The structures' folders by name, in their order; None before any was noted.
    runs_begun : int
        How many there ever were, so that no folder's name comes back after its run was deleted.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    name: str
    created: str = Field(default_factory=now)
    input: tuple[str, ...]
    root: str
    images: tuple[ImageItem, ...]
    skipped: tuple[Skipped, ...] = ()
    landmarks: tuple[str, ...] = ()
    review_below: float = Field(0.5, ge=0, le=1)
    current_run: str | None = None
    run_names: dict[str, str] = Field(default_factory=dict)
    proposed_by: dict[str, str] = Field(default_factory=dict)
    structures: dict[str, str] | None = None
    runs_begun: int = 0

    def listing(self, folder: Path) -> Listing:
        """Return the images as their listing had them, without looking at a file.

        Parameters
        ----------
        folder : Path
            The project.

        Returns
        -------
        Listing
            With absolute paths, whether or not the files are still there.
        """
        root = located(self.root, folder)
        every = (planes_of(one.name, _paths(one, root), one.header) for one in self.images)
        return Listing(root, tuple(plane for some in every for plane in some), self.skipped)

    def missing(self, folder: Path) -> tuple[str, ...]:
        """Return the images whose files are gone; asks the disk for each.

        Parameters
        ----------
        folder : Path
            The project.

        Returns
        -------
        tuple of str
            Names of images and volumes.
        """
        root = located(self.root, folder)
        return tuple(
            one.name for one in self.images if not all((root / f).is_file() for f in one.files)
        )


def images_of(listing: Listing) -> ProjectImages:
    """Return the names and sizes of a listing's images, each slice of a volume an image.

    Parameters
    ----------
    listing : Listing
        The project's.

    Returns
    -------
    ProjectImages
        In its order.

    Raises
    ------
    BadInput
        If two have one name.
    """
    return ProjectImages(
        tuple(plane.name for plane in listing.planes),
        tuple(plane.header.size for plane in listing.planes),
    )


def require_project(folder: Path) -> None:
    """Refuse a folder that is no project.

    Parameters
    ----------
    folder : Path
        Any.

    Raises
    ------
    BadInput
        If there is neither a `project.json` nor the copy of one.
    """
    path = folder / "project.json"
    if not path.exists() and not has_copy(path):
        raise BadInput(f"{folder} holds no project; make a new one or choose another folder")


def read_record(path: Path) -> ProjectRecord:
    """Read a `project.json`.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    ProjectRecord
        What it says.

    Raises
    ------
    BadInput
        If it is missing or damaged; says how to go back to the copy saved before.
    """
    try:
        return ProjectRecord.model_validate_json(path.read_bytes())
    # A header that no image can have is BadInput, which pydantic takes for its own ValueError.
    except (OSError, ValidationError) as error:
        raise BadInput(
            f"{path} is damaged or was written by another version; {way_back(path)}"
        ) from error


def write_record(path: Path, record: ProjectRecord) -> None:
    """Write a `project.json`; the file before is kept as `project.json.bak`.

    Parameters
    ----------
    path : Path
        The file.
    record : ProjectRecord
        What to write.

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written; the file before stays.
    """
    text = record.model_dump_json(indent=1)
    keep_last(path)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def portable(path: Path, folder: Path) -> str:
    """Return a path as a project keeps it.

    Parameters
    ----------
    path : Path
        Any.
    folder : Path
        The project.

    Returns
    -------
    str
        POSIX, relative to the project; absolute where it lies on another drive.
    """
    try:
        return sources.name(path, folder)
    except ValueError:
        return path.absolute().as_posix()


def located(text: str, folder: Path) -> Path:
    """Return the path that :func:`portable` has put into words.

    Parameters
    ----------
    text : str
        As kept.
    folder : Path
        The project, wherever it lies now.

    Returns
    -------
    Path
        Absolute.
    """
    return Path(os.path.abspath(folder / text))


def _paths(item: ImageItem, root: Path) -> Path | tuple[Path, ...]:
    paths = tuple(root / file for file in item.files)
    return paths[0] if len(paths) == 1 else paths
