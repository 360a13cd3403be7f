"""Opening a project, or making one; done off the main thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_localcl.data.project_opening import create_project, open_project
from napari_localcl.data.recent import remember_project
from napari_localcl.tasks.project_runs import ProjectRuns

if TYPE_CHECKING:
    from collections.abc import Generator

    from qtpy.QtGui import QDragEnterEvent, QDropEvent

    from napari_localcl.data.progress import Progress
    from napari_localcl.data.project import Project


@dataclass(frozen=True)
class Opened:
    """A project with what only the disk can tell.

    Attributes
    ----------
    project : Project
        It.
    missing : tuple of str
        Images whose files are gone.
    skipped : tuple of str
        Files that cannot be used and why, a sentence each: those that were no images, and those
        that the latest run could not decode.
    """

    project: Project
    missing: tuple[str, ...]
    skipped: tuple[str, ...]


def open_or_create(
    folder: Path, home: Path, review_below: float, *, is_new: bool = False, force: bool = False
) -> Generator[Progress, None, Opened]:
    """Open the project that a folder is, or that is kept for it; else make one.

    Parameters
    ----------
    folder : Path
        A project or a folder of images.
    home : Path
        Where a new project is kept.
    review_below : float
        For a new project, see :class:`ProjectRecord`.
    is_new : bool
        Whether a project that is at `home` already is a mistake, rather than what is wanted.
    force : bool
        Take the right to save from whoever has it.
    """
    places = (folder,) if is_new else (folder, home)
    there = next((place for place in places if (place / "project.json").is_file()), None)
    if there is None:
        project = yield from create_project(home, folder)
        project.update(review_below=review_below)
        project.save()
    else:
        project = open_project(there, take_over=force)
    remember_project(project.folder)
    return Opened(project, project.missing(), _skipped(project))


def _skipped(project: Project) -> tuple[str, ...]:
    every = (*project.record.skipped, *ProjectRuns(project).skipped())
    return tuple(dict.fromkeys(f"{one.name} {one.reason}" for one in every))


def dropped_folder(event: QDragEnterEvent | QDropEvent) -> Path | None:
    """Return the first folder among what is dragged; of a file, the folder that it lies in."""
    for url in event.mimeData().urls():
        path = Path(url.toLocalFile())
        if url.isLocalFile() and path.exists():
            return path if path.is_dir() else path.parent
    return None
