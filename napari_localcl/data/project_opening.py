"""Making a project, and opening one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput
from napari_localcl.data.gathering import gather
from napari_localcl.data.lock import Lock
from napari_localcl.data.project import Project
from napari_localcl.data.project_landmarks import read_project_landmarks
from napari_localcl.data.project_mask_files import MaskFiles
from napari_localcl.data.project_mask_table import read_project_masks
from napari_localcl.data.project_record import (
    ProjectRecord,
    images_of,
    portable,
    read_record,
    require_project,
    write_record,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_localcl.data.progress import Progress
    from napari_localcl.data.project_annotations import Annotations


def create_project(
    folder: str | Path, images: str | Path | Sequence[str | Path], name: str | None = None
) -> Generator[Progress, None, Project]:
    """Make a project.

    Parameters
    ----------
    folder : str or Path
        Where; made if needed, and not in the folder of the images.
    images : str, Path or sequence of these
        A folder, a file list, a glob, a file or several of these, wherever they lie.
    name : str or None
        What to call it; None is the folder's name.

    Returns
    -------
    Project
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If the folder holds a project already, lies among the images or cannot be written, or there
        is no usable image.
    """
    folder = Path(folder).expanduser().resolve()
    if (folder / "project.json").exists():
        raise BadInput(f"{folder} holds a project already; open it or choose another folder")
    given = [images] if isinstance(images, str | Path) else images
    inputs = [Path(os.path.abspath(Path(one).expanduser())) for one in given]
    if any(folder.is_relative_to(path.resolve()) for path in inputs if path.is_dir()):
        raise _among_images(folder)
    found = yield from gather(images)
    if folder in {
        (found.root / file).parent.resolve() for one in found.items for file in one.files
    }:
        raise _among_images(folder)
    record = ProjectRecord(
        name=name or folder.name,
        input=tuple(portable(path, folder) for path in inputs),
        root=portable(found.root, folder),
        images=found.items,
        skipped=found.skipped,
    )
    _furnish(folder, record)
    return open_project(folder)


def open_project(folder: str | Path, *, take_over: bool = False) -> Project:
    """Open a project.

    Parameters
    ----------
    folder : str or Path
        Where it is.
    take_over : bool
        Take the right to save from a window that has it, because a person says so.

    Returns
    -------
    Project
        Perhaps for reading only: `lock.state` says why.

    Raises
    ------
    BadInput
        If there is no project, or a file of it is damaged; says how to go back.
    """
    folder = Path(folder).expanduser().resolve()
    require_project(folder)
    lock = Lock(folder, force=take_over)
    try:
        return Project(folder, *read_project(folder), lock)
    except BadInput:
        lock.release()
        raise


def read_project(folder: Path) -> tuple[ProjectRecord, Annotations]:
    """Read a project without opening it: nobody is kept from saving it.

    Parameters
    ----------
    folder : Path
        Where it is.

    Returns
    -------
    record : ProjectRecord
        What it is.
    annotations : Annotations
        The landmarks and the masks as they were saved.

    Raises
    ------
    BadInput
        If a file of it is damaged; says how to go back.
    """
    record = read_record(folder / "project.json")
    listing = record.listing(folder)
    images = images_of(listing)
    known = read_project_landmarks(folder / "landmarks.csv", images, record.landmarks)
    masks = read_project_masks(
        MaskFiles(folder, listing), images, record.proposed_by, record.structures
    )
    return record, known.with_masks(masks)


def _among_images(folder: Path) -> BadInput:
    return BadInput(f"{folder} lies in the folder of the images; choose one outside of it")


def _furnish(folder: Path, record: ProjectRecord) -> None:
    try:
        for name in ("labels", "runs", "cache"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        write_record(folder / "project.json", record)
    except OSError as error:
        raise BadInput(
            f"no project can be made in {folder} ({error.strerror or error}); choose another folder"
        ) from error
