"""Images that were moved, and the way to find them again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog

from napari_localcl.data.errors import BadInput
from napari_localcl.data.relocation import relocate
from napari_localcl.widgets.asking import is_sure
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.banner import Banner
from napari_localcl.widgets.words import begun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_localcl.data.progress import Progress
    from napari_localcl.data.project import Project
    from napari_localcl.data.relocation import Relocation
    from napari_localcl.widgets.session import Session

_NAMED = 3


class Search(Banner):
    """Says how many images are missing, and looks for them in a folder that a person names.

    Parameters
    ----------
    session : Session
        Whose images.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(
            "Find the images again…",
            "Choose the folder that the images are in now",
            self._choose,
            "Alt+Shift+I",
        )
        self._session = session
        self._project: Project | None = None
        self._missing: tuple[str, ...] = ()
        self._work = Background(self)
        self._work.news.connect(self._on_news)
        self._work.result.connect(self._on_found)
        self._work.failed.connect(self._on_failed)
        session.opened.connect(self._work.stop)

    def close_work(self) -> None:
        """Give up what is at hand."""
        self._work.stop()

    def tell_missing(self, missing: Sequence[str], before: str = "") -> None:
        """Say which images are missing, hide if none is.

        Parameters
        ----------
        missing : sequence of str
            Their names.
        before : str
            What to say first.
        """
        self._missing = tuple(missing)
        project = self._session.project
        if not missing or project is None:
            self.tell("")
            return
        count = len(project.record.images)
        self.tell(
            f"{before}{len(missing)} of {count} images are missing: {_named(missing)}. They were "
            f"in {project.listing.root}."
        )

    def look_in(self, folder: Path) -> None:
        """Look for the images in a folder."""
        self._project = self._session.project
        if self._project is None:
            return
        self.button.setEnabled(False)
        self.tell(f"Looking for the images in {folder}…")
        self._work.start(relocate(self._project.record.images, folder))

    def _choose(self) -> None:
        if not self._missing:
            return
        folder = QFileDialog.getExistingDirectory(self, "The folder that the images are in now")
        if folder:
            self.look_in(Path(folder))

    def _on_news(self, news: Progress) -> None:
        if news.steps:
            self.tell(f"Looking for the images: file {news.step} of {news.steps}")

    def _on_failed(self, sentence: str) -> None:
        self.button.setEnabled(True)
        self.tell_missing(self._missing, f"{begun(sentence)}. ")

    def _on_found(self, found: Relocation) -> None:
        self.button.setEnabled(True)
        if self._project is None or self._project is not self._session.project:
            return
        if len(found.missing) == len(found.images):
            self._on_failed(f"none of the images is in {found.root}")
        elif not (found.missing or found.changed) or self._is_sure(found):
            self._apply(self._project, found)
        else:
            self.tell_missing(self._missing)

    def _apply(self, project: Project, found: Relocation) -> None:
        try:
            project.check_writable()
        except BadInput as error:
            self._on_failed(str(error))
            return
        project.apply(found)
        self._session.begin_anew()
        self.tell_missing(found.missing)

    def _is_sure(self, found: Relocation) -> bool:
        there = len(found.images) - len(found.missing)
        parts = [f"{there} of {len(found.images)} images are in {found.root}."]
        if found.missing:
            parts.append(f"These are not: {_named(found.missing)}.")
        if found.changed:
            parts.append(
                f"{len(found.changed)} have another content than before: {_named(found.changed)}. "
                "Their points may not fit."
            )
        text = "\n\n".join([*parts, "Take this folder? Undo goes back no further than this."])
        return is_sure(self, "Take this folder?", text)


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
