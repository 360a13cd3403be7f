"""Step 1: which images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog

from napari_localcl.widgets.background import Background
from napari_localcl.widgets.controls import in_row, make_button
from napari_localcl.widgets.image_table import ImageTable
from napari_localcl.widgets.opening import Opened, open_or_create
from napari_localcl.widgets.ownership import Ownership
from napari_localcl.widgets.preferences import preferences
from napari_localcl.widgets.recent_menu import RecentMenu
from napari_localcl.widgets.search import Search
from napari_localcl.widgets.skipped_list import SkippedList
from napari_localcl.widgets.step import State, Step
from napari_localcl.widgets.words import begun

if TYPE_CHECKING:
    from napari_localcl.data.progress import Progress
    from napari_localcl.widgets.session import Session


class ImagesPanel(Step):
    """Opens a folder of images, with the project that is kept for it.

    Parameters
    ----------
    session : Session
        What to open it in.

    Attributes
    ----------
    ownership, search : Banner
        Shown above all steps while the project cannot be saved, or images are missing.
    skipped : SkippedList
        The files that cannot be used.
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
        self._refused: Path | None = None
        self._asked: Path | None = None
        self.ownership = Ownership(session, self._open_again)
        self.search = Search(session)
        self.skipped = SkippedList()
        self._arrange_body()
        self._work = Background(self)
        self._work.news.connect(self._on_news)
        self._work.result.connect(self._on_opened)
        self._work.unwanted.connect(lambda opened: opened.project.close())
        self._work.failed.connect(self._on_failed)
        session.opened.connect(self._tell_summary)

    def _arrange_body(self) -> None:
        choose = make_button(
            "Open a folder…",
            "Open a folder of images, or a project folder",
            self._choose,
            "Alt+O",
        )
        recent = make_button("Open recent", "Projects that were open of late", key="Alt+Shift+O")
        recent.setMenu(RecentMenu(self.open, self._choose_home, recent))
        self._elsewhere = make_button(
            "New project elsewhere…",
            "Choose images, and another folder for the project than the one beside them",
            self._choose_home,
            "Alt+I",
        )
        self.body.addLayout(in_row(choose, recent))
        self.body.addWidget(self._elsewhere)
        self.body.addWidget(ImageTable(self._session))
        self.body.addWidget(self.skipped)

    def open(self, folder: Path, home: Path | None = None) -> None:
        """Open a folder of images or a project; nothing happens if it is open already.

        Parameters
        ----------
        folder : Path
            Either.
        home : Path or None
            Where to keep a new project; None is beside the images, where one may be already.
        """
        project, beside = self._session.project, home or folder.parent / f"{folder.name}-localcl"
        if project and project.folder in (folder.resolve(), beside.resolve()):
            return
        self._start(folder, beside, is_new=home is not None)

    def close_work(self) -> None:
        """Give up what is at hand."""
        self._work.stop()
        self.search.close_work()

    def add_skipped(self, sentence: str) -> None:
        """Take note of a file that turned out to be of no use."""
        self.skipped.add(sentence)
        if self.state is State.DONE:
            self._tell_summary()

    def _start(
        self, folder: Path, home: Path, *, is_new: bool = False, force: bool = False
    ) -> None:
        self._asked, self._refused = folder, None
        self.tell(State.RUNNING, f"Looking at the files of {folder}…")
        review_below = preferences().review_below
        self._work.start(open_or_create(folder, home, review_below, is_new=is_new, force=force))

    def _open_again(self) -> None:
        """Take the right to save the project, and what others have saved meanwhile."""
        assert self._session.project is not None
        folder = self._session.project.folder
        self._start(folder, folder, force=True)

    def _choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "A folder of images, or a project")
        if folder:
            self.open(Path(folder))

    def _choose_home(self) -> None:
        images = str(self._refused or "") or QFileDialog.getExistingDirectory(
            self, "The folder of images"
        )
        if not images:
            return
        home = QFileDialog.getExistingDirectory(self, "An empty folder for the project")
        if home:
            self.open(Path(images), Path(home))

    def _on_news(self, news: Progress) -> None:
        if news.steps:
            self.tell(State.RUNNING, f"Reading image {news.step} of {news.steps}")

    def _on_opened(self, opened: Opened) -> None:
        before, image = self._session.project, self._session.image
        is_same = before is not None and before.folder == opened.project.folder
        self.skipped.show_only(opened.skipped)
        self._session.open(opened.project)
        if is_same and image in self._session.names:
            self._session.go(image)
        self.search.tell_missing(opened.missing)

    def _tell_summary(self) -> None:
        project = self._session.project
        if project is None:
            return
        # From now on it is in the menu only: the room is for the images.
        self._elsewhere.hide()
        skipped, count = self.skipped.count(), len(project.annotations.images)
        also = f", {skipped} skipped:" if skipped else "."
        self.tell(State.DONE, f"Project {project.folder}. {count} images{also}")

    def _on_failed(self, sentence: str) -> None:
        self._refused = self._asked
        self._elsewhere.show()
        is_open = self._session.project is not None
        still = " The project that was open stays open." if is_open else ""
        self.tell(State.NEEDS_YOU, f"{begun(sentence)}.{still}")
