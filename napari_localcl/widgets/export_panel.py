"""Step 5: take the landmarks away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QCheckBox, QFileDialog

from napari_localcl.data.annotations import write_landmarks
from napari_localcl.data.marks import is_machine
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.controls import describe, make_button
from napari_localcl.widgets.step import State, Step

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_localcl.data.project_annotations import Annotations
    from napari_localcl.widgets.session import Session


class ExportPanel(Step):
    """Writes the landmarks of all images into a table.

    Parameters
    ----------
    session : Session
        Whose landmarks.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(
            5,
            "Export",
            "Write the landmarks of all images into a table",
            "Writes a table (CSV): image, landmark, y, x in pixels, confidence, source.",
        )
        self._session = session
        self._reviewed = QCheckBox("Leave predictions out")
        describe(
            self._reviewed,
            "Leave predictions out",
            "Write only points that a person placed or accepted",
        )
        self._save = make_button(
            "Save as CSV…", "Choose a file and write the landmarks", self._choose, "Alt+E"
        )
        self._save.setEnabled(False)
        self.body.addWidget(self._reviewed)
        self.body.addWidget(self._save)
        self._work = Background(self)
        self._work.result.connect(lambda sentence: self.tell(State.DONE, sentence))
        self._work.failed.connect(lambda why: self.tell(State.NEEDS_YOU, f"Not saved: {why}."))
        session.annotations_changed.connect(self._enable)

    def save(self, path: Path) -> None:
        """Write the landmarks to a file."""
        self._work.start(_write(path, self._session.annotations, not self._reviewed.isChecked()))

    def close_work(self) -> None:
        """Give up what is at hand."""
        self._work.stop()

    def _enable(self) -> None:
        self._save.setEnabled(bool(self._session.annotations.names))

    def _choose(self) -> None:
        assert self._session.project is not None
        folder = self._session.project.folder
        start = folder.parent / f"{folder.name}-landmarks.csv"
        path, _ = QFileDialog.getSaveFileName(
            self, "Save the landmarks", str(start), "Tables (*.csv)"
        )
        if path:
            self.save(Path(path))


def _write(path: Path, now: Annotations, predictions: bool) -> Generator[None, None, str]:
    yield
    points = (point for image in now.images.names for point in now.points(image))
    rows = [point for point in points if predictions or not is_machine(point.source)]
    write_landmarks(path, rows)
    return f"{len(rows)} landmarks saved in {path}"
