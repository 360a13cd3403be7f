"""Step 1: which images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog, QListWidget

from napari_localcl.data.project_opening import create_project, open_project
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.controls import describe, in_row, make_button
from napari_localcl.widgets.step import State, Step

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_localcl.data.progress import Progress
    from napari_localcl.data.project import Project
    from napari_localcl.widgets.session import Session


class ImagesPanel(Step):
    """Opens a folder of images, with the project that is kept for it.

    Parameters
    ----------
    session : Session
        What to open it in.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(
            1,
            "Images",
            "Choose the images to work on",
            "Drop a folder of images here, or choose one. It is never written to: what you do is "
            "kept in a project folder beside it.",
        )
        self._session = session
        self._asked: Path | None = None
        self._skipped = QListWidget()
        self._skipped.setMaximumHeight(90)
        self._skipped.setWordWrap(True)
        describe(self._skipped, "Skipped files", "Files that cannot be used, and why")
        self._skipped.hide()
        choose = make_button(
            "Open a folder…",
            "Open a folder of images, or a project folder",
            self._choose,
            "Alt+O",
        )
        self._elsewhere = make_button(
            "Keep the project elsewhere…",
            "Choose another folder for the project, where this one cannot be used",
            self._choose_home,
        )
        self._elsewhere.hide()
        self.body.addLayout(in_row(choose))
        self.body.addWidget(self._elsewhere)
        self.body.addWidget(self._skipped)
        self._work = Background(self)
        self._work.news.connect(self._on_news)
        self._work.result.connect(self._on_project)
        self._work.failed.connect(self._on_failed)

    def open(self, folder: Path, home: Path | None = None) -> None:
        """Open a folder of images or a project; nothing happens if it is open already.

        Parameters
        ----------
        folder : Path
            Either.
        home : Path or None
            Where to keep a new project; None is beside the images.
        """
        home = home or _beside(folder)
        project = self._session.project
        if project and project.folder in (folder.resolve(), home.resolve()):
            return
        self._asked = folder
        self._elsewhere.hide()
        self.tell(State.RUNNING, f"Looking at the files of {folder}…")
        self._work.start(_open(folder, home))

    def close_work(self) -> None:
        """Give up what is at hand."""
        self._work.stop()

    def _choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "A folder of images, or a project")
        if folder:
            self.open(Path(folder))

    def _choose_home(self) -> None:
        home = QFileDialog.getExistingDirectory(self, "An empty folder for the project")
        if home and self._asked:
            self.open(self._asked, Path(home))

    def _on_news(self, news: Progress) -> None:
        if news.steps:
            self.tell(State.RUNNING, f"Reading image {news.step} of {news.steps}")

    def _on_project(self, project: Project) -> None:
        self._session.open(project)
        skipped = project.record.skipped
        self._skipped.clear()
        self._skipped.addItems([f"{one.name} {one.reason}" for one in skipped])
        self._skipped.setVisible(bool(skipped))
        self.tell(State.DONE, _summary(project))

    def _on_failed(self, sentence: str) -> None:
        self._elsewhere.setVisible(self._session.project is None)
        self.tell(State.NEEDS_YOU, sentence)


def _beside(images: Path) -> Path:
    return images.parent / f"{images.name}-localcl"


def _open(folder: Path, home: Path) -> Generator[Progress, None, Project]:
    for place in (folder, home):
        if (place / "project.json").is_file():
            return open_project(place)
    return (yield from create_project(home, folder))


def _summary(project: Project) -> str:
    count, skipped = len(project.annotations.images), len(project.record.skipped)
    also = f", {skipped} skipped:" if skipped else "."
    locked = f" {project.lock.obstacle}." if project.lock.obstacle else ""
    return f"Project {project.folder}.{locked} {count} images{also}"
