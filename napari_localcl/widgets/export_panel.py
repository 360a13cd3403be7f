"""Step 7: take the landmarks and the masks away, and bring landmarks in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QCheckBox, QComboBox, QFileDialog, QFormLayout

from napari_localcl.data.annotations import by_image
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.formats import FORMATS, Format, import_landmarks
from napari_localcl.data.marks import Kind
from napari_localcl.data.point_sources import is_machine
from napari_localcl.widgets import terminal
from napari_localcl.widgets.asking import may_replace
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.controls import describe, in_row, keep_narrow, make_button, make_label
from napari_localcl.widgets.import_dialog import ImportDialog
from napari_localcl.widgets.mask_export import MaskExport
from napari_localcl.widgets.step import State, Step
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.folder import Listing
    from napari_localcl.data.project_annotations import Annotations
    from napari_localcl.widgets.session import Session

_HINT = (
    "There is nothing to export yet. Place a landmark in step 3, or import points that you have "
    "from another program."
)
_READY = "Choose a format, and where to write to. Absent and rejected landmarks have no point."
_IMPORTED = "Landmarks (" + " ".join(sorted({f"*{one.suffix}" for one in FORMATS.values()})) + ")"


@dataclass(frozen=True)
class _Written:
    """An export that was made, or that waits for a word on the files it would replace."""

    path: Path
    points: int
    images: int
    replaced: tuple[Path, ...] = ()


@dataclass(frozen=True)
class _Read:
    """What files hold."""

    paths: tuple[Path, ...]
    rows: tuple[Landmark, ...]
    strangers: frozenset[str]


class ExportPanel(Step):
    """Writes the landmarks of all images into files, and reads them from files; copies masks.

    Parameters
    ----------
    session : Session
        Whose landmarks and masks.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(7, "Export", "Write the landmarks of all images into files", _HINT)
        self._session = session
        self._command = ""
        self._make_fields()
        self._make_buttons()
        self._exporting, self._importing = Background(self), Background(self)
        self._exporting.result.connect(self._on_written)
        self._exporting.failed.connect(lambda why: self._complain("Not exported", why))
        self._importing.result.connect(self._on_read)
        self._importing.failed.connect(lambda why: self._complain("Not imported", why))
        session.opened.connect(self._on_opened)
        session.annotations_changed.connect(self._enable)
        session.run_changed.connect(self._enable)
        self._enable()

    def save(self, path: Path, replace: bool = False) -> None:
        """Write the landmarks; asks first where files are there already, unless told."""
        project, one = self._session.project, self._chosen
        assert project is not None
        self._command = terminal.export_command(project, one.name, path, self._with_predictions)
        self.tell(State.RUNNING, f"Writing {path}…")
        rows = _rows(project.annotations, self._with_predictions)
        self._exporting.start(_write(one, path, rows, project.listing, replace))

    def bring_in(self, paths: Sequence[Path]) -> None:
        """Read landmarks from files and folders, and ask what to do with them."""
        project = self._session.project
        assert project is not None
        self.tell(State.RUNNING, f"Reading {paths[0]}…")
        self._importing.start(_read(tuple(paths), project.listing))

    def close_work(self) -> None:
        """Give up what is at hand."""
        self.masks.close()
        self._exporting.stop()
        self._importing.stop()

    # The controls

    def _make_fields(self) -> None:
        self._format = QComboBox()
        for one in FORMATS.values():
            self._format.addItem(one.title, one.name)
        keep_narrow(self._format)
        describe(self._format, "Format", "Which program the files are for")
        self._about = make_label()
        self._reviewed = QCheckBox("Leave predictions out")
        describe(
            self._reviewed,
            "Leave predictions out",
            "Write only points that a person placed or accepted",
        )
        form = QFormLayout()
        form.addRow("Format", self._format)
        self.body.addLayout(form)
        self.body.addWidget(self._about)
        self.body.addWidget(self._reviewed)
        self._format.currentIndexChanged.connect(lambda _index: self._explain())
        self._explain()

    def _make_buttons(self) -> None:
        self._save = make_button(
            "Export…", "Choose where to write the landmarks of all images", self._choose, "Alt+E"
        )
        self._files = make_button(
            "Import…", "Read points from other programs' files", self._choose_files
        )
        self._folder = make_button(
            "Import folder…",
            "Read points from a folder with one file per image",
            self._choose_folder,
        )
        self._copy = make_button(
            "Copy as command",
            "Copy the command that does the last export or import in a terminal",
            lambda: _copy(self._command),
        )
        self._search = make_button(
            "Copy search",
            "Copy the command that finds the landmarks in all images in a terminal",
            self._copy_search,
        )
        self.body.addWidget(self._save)
        self.body.addLayout(in_row(self._files, self._folder))
        self.body.addLayout(in_row(self._copy, self._search))
        self.masks = MaskExport(self._session)
        self.masks.done.connect(lambda what: self.tell(State.DONE, what))
        self.masks.failed.connect(lambda why: self._complain("Not exported", why))
        self.masks.commanded.connect(self._on_command)
        self.body.addWidget(self.masks.format)
        self.body.addLayout(in_row(self.masks.button, self.masks.importing))

    def _on_command(self, command: str) -> None:
        self._command = command
        self._enable()

    @property
    def _chosen(self) -> Format:
        return FORMATS[self._format.currentData()]

    @property
    def _with_predictions(self) -> bool:
        return not self._reviewed.isChecked()

    def _explain(self) -> None:
        self._about.setText(f"{self._chosen.suffix}: {self._chosen.about}.")

    def _on_opened(self) -> None:
        self.close_work()
        self._command = ""
        self.tell(State.NOT_STARTED, _HINT)

    def _enable(self) -> None:
        project = self._session.project
        kinds = project.annotations.kinds() if project else np.zeros(0)
        something = bool(np.isin(kinds, (Kind.HUMAN, Kind.PREDICTED)).any())
        self._save.setEnabled(something)
        for button in (self._files, self._folder):
            button.setEnabled(project is not None)
        self._copy.setEnabled(bool(self._command))
        self._search.setEnabled(self._session.run is not None)
        if self.sentence in (_HINT, _READY):
            ready = something or self.masks.has_any
            self.tell(State.NOT_STARTED, _READY if ready else _HINT)

    def _complain(self, what: str, why: str) -> None:
        self.tell(State.NEEDS_YOU, f"{what}: {why}.")
        self._enable()

    # Export

    def _choose(self) -> None:
        project, one = self._session.project, self._chosen
        assert project is not None
        if one.per_image:
            start = str(project.folder.parent)
            path = QFileDialog.getExistingDirectory(self, "A folder for the files", start)
        else:
            start = str(terminal.beside(project, f"landmarks{one.suffix}"))
            # It is asked for once it is clear which files there are.
            option = QFileDialog.Option.DontConfirmOverwrite
            path, _ = QFileDialog.getSaveFileName(
                self, "Save the landmarks", start, f"{one.title} (*{one.suffix})", options=option
            )
        if path:
            self.save(_with_suffix(Path(path), one))

    def _on_written(self, written: _Written) -> None:
        if written.replaced and may_replace(self, written.replaced):
            self.save(written.path, replace=True)
            return
        if written.replaced:
            self._command = ""
            self.tell(State.NOT_STARTED, "Nothing was written; choose another place.")
        else:
            points = f"{counted(written.points, 'point')} of {counted(written.images, 'image')}"
            self.tell(State.DONE, f"{points} written to {written.path}.")
        self._enable()

    # Import

    def _choose_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Files with landmarks", "", _IMPORTED)
        if paths:
            self.bring_in([Path(path) for path in paths])

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "A folder with one file per image")
        if folder:
            self.bring_in([Path(folder)])

    def _on_read(self, read: _Read) -> None:
        project = self._session.project
        assert project is not None
        dialog = ImportDialog(read.rows, read.strangers, self._session.annotations, self)
        if dialog.exec():
            self._command = terminal.import_command(project, read.paths)
            self._session.merge(dialog.merge, dialog.theirs)
            points = counted(dialog.count, "point")
            names = ", ".join(path.name for path in read.paths[:3])
            self.tell(State.DONE, f"{points} of {names} are yours now; Undo takes them back.")
        else:
            self.tell(State.NOT_STARTED, "Nothing was imported.")
        dialog.deleteLater()
        self._enable()

    def _copy_search(self) -> None:
        project, run = self._session.project, self._session.run
        assert project is not None
        assert run is not None
        _copy(terminal.search_command(project, run))


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)


def _with_suffix(path: Path, one: Format) -> Path:
    if one.per_image or path.name.lower().endswith(one.suffix):
        return path
    return path.with_name(path.name + one.suffix)


def _rows(now: Annotations, predictions: bool) -> Generator[Landmark, None, None]:
    points = (point for image in now.images.names for point in now.points(image))
    return (point for point in points if predictions or not is_machine(point.source))


def _write(
    one: Format, path: Path, rows: Generator[Landmark, None, None], listing: Listing, replace: bool
) -> Generator[None, None, _Written]:
    yield
    kept = tuple(rows)
    there = tuple(file for file in one.files(path, kept, listing) if file.exists())
    if there and not replace:
        return _Written(path, len(kept), len(by_image(kept)), there)
    try:
        one.write(path, kept, listing)
    except OSError as error:
        why = error.strerror or error
        raise BadInput(f"{path} cannot be written ({why}); choose another place") from error
    return _Written(path, len(kept), len(by_image(kept)))


def _read(paths: tuple[Path, ...], listing: Listing) -> Generator[None, None, _Read]:
    yield
    strangers: set[str] = set()
    rows = import_landmarks(paths, listing, strangers)
    return _Read(paths, rows, frozenset(strangers))
