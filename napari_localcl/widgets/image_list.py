"""Some images of a project as a file list, which every verb takes in place of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog

from napari_localcl.data.atomic import replacing
from napari_localcl.widgets.terminal import beside
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtWidgets import QWidget

    from napari_localcl.data.project import Project


def save_image_list(parent: QWidget, project: Project, images: Sequence[str]) -> str:
    """Ask where to, and write the files of images; return what was done, empty for nothing."""
    start = str(beside(project, "chosen.txt"))
    name, _ = QFileDialog.getSaveFileName(parent, "Save a list of images", start, "Lists (*.txt)")
    if not name:
        return ""
    path = Path(name)
    files = files_of(project, images)
    try:
        with replacing(path) as part:
            part.write_text("".join(f"{file}\n" for file in files), encoding="utf-8")
    except OSError as error:
        return f"{path} could not be written ({error.strerror or error})."
    return f"{counted(len(files), 'file')} listed in {path}. It can be given in place of a folder."


def files_of(project: Project, images: Sequence[str]) -> list[Path]:
    """Return the files of images, each once; a volume is listed as a whole."""
    files: dict[Path, None] = {}
    for image in images:
        path = project.listing.named(image).path
        for one in path if isinstance(path, tuple) else (path,):
            files[one.absolute()] = None
    return list(files)
