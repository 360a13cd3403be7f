"""People's masks, copied out of the project."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog

from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.widgets.asking import may_replace
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.controls import make_button
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_localcl.data.project import Project
    from napari_localcl.widgets.session import Session


@dataclass(frozen=True)
class _Copied:
    """Masks that were copied, or that wait for a word on the files they would replace."""

    folder: Path
    count: int
    replaced: tuple[Path, ...] = ()


class MaskExport(QObject):
    """Copies masks that a person drew, edited or accepted into a folder, with their table.

    Parameters
    ----------
    session : Session
        Whose masks.

    Attributes
    ----------
    button : QPushButton
        Asks where to.
    done, failed : Signal of str
        What was written; why it could not be.
    """

    done = Signal(str)
    failed = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.button = make_button(
            "Export masks…",
            "Copy the masks that are yours into a folder: <structure>/<image>, and masks.csv, "
            "which says which of them you accepted, edited or drew",
            self._choose,
        )
        self._work = Background(self)
        self._work.result.connect(self._on_copied)
        self._work.failed.connect(self.failed)
        session.opened.connect(self._enable)
        session.annotations_changed.connect(self._enable)
        self._enable()

    @property
    def has_any(self) -> bool:
        """Whether any mask is a person's."""
        masks = self._session.masks.said().values() if self._session.project else ()
        return any(said.has_mask for said in masks)

    def save(self, folder: Path, replace: bool = False) -> None:
        """Copy the masks; asks first where files are there already, unless told."""
        assert self._session.project is not None
        self._work.start(_copy(self._session.project, folder, replace))

    def close(self) -> None:
        """Give up what is at hand."""
        self._work.stop()

    def _enable(self) -> None:
        self.button.setEnabled(self.has_any)

    def _choose(self) -> None:
        start = str(self._session.project.folder.parent)
        folder = QFileDialog.getExistingDirectory(self.button, "A folder for the masks", start)
        if folder:
            self.save(Path(folder))

    def _on_copied(self, copied: _Copied) -> None:
        if not copied.replaced:
            self.done.emit(f"{counted(copied.count, 'mask')} written to {copied.folder}.")
        elif may_replace(self.button, copied.replaced):
            self.save(copied.folder, replace=True)
        else:
            self.failed.emit("files would have been replaced; choose another folder")


def _copy(project: Project, folder: Path, replace: bool) -> Generator[None, None, _Copied]:
    yield
    files = project.masks
    pairs = {
        path: folder / path.relative_to(files.labels)
        for path in [*files.drawn(project.annotations.masks), files.table]
    }
    there = tuple(target for target in pairs.values() if target.exists())
    if there and not replace:
        return _Copied(folder, len(pairs) - 1, there)
    try:
        for path, target in pairs.items():
            with replacing(target) as part:
                shutil.copyfile(path, part)
    except OSError as error:
        why = error.strerror or error
        raise BadInput(f"the masks cannot be written to {folder} ({why})") from error
    return _Copied(folder, len(pairs) - 1)
