"""People's masks, copied out of the project."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QPoint, Qt, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QMenu

from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.masks.formats import MASK_FORMATS, format_of
from napari_localcl.data.exchange.masks.mask_set import find_mask_set
from napari_localcl.data.mask_bits import Bits
from napari_localcl.data.structures import check_structure
from napari_localcl.widgets import terminal
from napari_localcl.widgets.asking import may_replace
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.controls import describe, keep_narrow, make_button
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_localcl.data.exchange.masks.formats import MaskFormat
    from napari_localcl.data.project import Project
    from napari_localcl.data.project_masks import Masks
    from napari_localcl.widgets.session import Session


@dataclass(frozen=True)
class _Copied:
    """Masks that were copied, or that wait for a word on the files they would replace."""

    folder: Path
    count: int
    replaced: tuple[Path, ...] = ()


class MaskExport(QObject):
    """Writes masks that a person drew, edited or accepted, and takes masks of other programs over.

    Parameters
    ----------
    session : Session
        Whose masks.

    Attributes
    ----------
    format, button, importing : QComboBox, QPushButton, QPushButton
        What is written, and what asks where to; what asks for masks to take over.
    done, failed, commanded : Signal of str
        What was done; why it could not be; the command that does the same in a terminal.
    """

    done = Signal(str)
    failed = Signal(str)
    commanded = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.format = QComboBox()
        self.format.addItem("As in the project", "")
        tip = "a folder for each structure, and masks.csv, which says what you accepted or drew"
        self.format.setItemData(0, tip, Qt.ItemDataRole.ToolTipRole)
        for number, one in enumerate(MASK_FORMATS.values(), 1):
            self.format.addItem(one.title, one.name)
            self.format.setItemData(number, one.about, Qt.ItemDataRole.ToolTipRole)
        keep_narrow(self.format)
        describe(self.format, "Format of masks", "Which program the masks are for")
        self.button = make_button(
            "Export masks…", "Choose where to write the masks that are yours", self._choose
        )
        self.importing = make_button(
            "Import masks…",
            "Take masks of other programs over as yours, where you have none",
            self._offer_import,
        )
        self._work = Background(self)
        self._work.result.connect(self._on_copied)
        self._work.failed.connect(self.failed)
        self._reading = Background(self)
        self._reading.result.connect(self._on_read)
        self._reading.failed.connect(self.failed)
        session.opened.connect(self._enable)
        session.annotations_changed.connect(self._enable)
        self._enable()

    @property
    def has_any(self) -> bool:
        """Whether any mask is a person's."""
        return bool(self._said)

    @property
    def _said(self) -> list[tuple[str, int]]:
        """The structures and images of which people have masks."""
        said = self._session.masks.said() if self._session.project else {}
        return [at for at, words in said.items() if words.has_mask]

    def save(self, folder: Path, replace: bool = False) -> None:
        """Write the masks; asks first where files are there already, unless told."""
        project = self._session.project
        assert project is not None
        self._session.save()
        name = self.format.currentData()
        structures = tuple(dict.fromkeys(at[0] for at in self._said))
        if name:
            self.commanded.emit(terminal.export_masks_command(project, structures, name, folder))
            work = _write(project, structures, MASK_FORMATS[name], folder, replace)
        else:
            work = _copy(project, folder, replace)
        self._work.start(work)

    def bring_in(self, path: Path) -> None:
        """Read masks from a file or folder, and make those yours that you have none of."""
        project = self._session.project
        assert project is not None
        self.commanded.emit(terminal.import_masks_command(project, path))
        self._reading.start(_read(project, path))

    def close(self) -> None:
        """Give up what is at hand."""
        self._work.stop()
        self._reading.stop()

    def _enable(self) -> None:
        self.button.setEnabled(self.has_any)
        self.importing.setEnabled(self._session.project is not None)

    def _choose(self) -> None:
        start = str(self._session.project.folder.parent)
        suffix = MASK_FORMATS[name].suffix if (name := self.format.currentData()) else ""
        if suffix:
            # It is asked for once it is clear which files there are.
            path, _ = QFileDialog.getSaveFileName(
                self.button,
                "Save the masks",
                f"{start}/masks{suffix}",
                f"*{suffix}",
                options=QFileDialog.Option.DontConfirmOverwrite,
            )
            path += suffix if path and not path.endswith(suffix) else ""
        else:
            path = QFileDialog.getExistingDirectory(self.button, "A folder for the masks", start)
        if path:
            self.save(Path(path))

    def _offer_import(self) -> None:
        menu = QMenu(self.importing)
        menu.addAction("A file: COCO or DICOM-SEG…").triggered.connect(self._choose_file)
        menu.addAction("A folder: labels, DICOM-SEG or nnU-Net…").triggered.connect(
            self._choose_folder
        )
        menu.exec(self.importing.mapToGlobal(QPoint(0, self.importing.height())))

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self.importing, "A file of masks", "", "Masks (*.json *.dcm)"
        )
        if path:
            self.bring_in(Path(path))

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self.importing, "A folder of masks")
        if path:
            self.bring_in(Path(path))

    def _on_read(self, drawn: dict[str, dict[str, Bits]]) -> None:
        session = self._session
        if session.project is None:
            return
        mine = {(name, session.names[index]) for name, index in self._said}
        new = {
            name: {image: bits for image, bits in own.items() if (name, image) not in mine}
            for name, own in drawn.items()
        }
        count, every = (sum(map(len, some.values())) for some in (new, drawn))

        def draw(masks: Masks) -> Masks:
            for name, own in new.items():
                masks = masks.draw_all(name, own) if own else masks
            return masks

        if count:
            session.edit(lambda now: now.with_masks(draw(now.masks)))
        kept = f" {every - count} of them stay as you drew them." if count < every else ""
        self.done.emit(f"{counted(count, 'mask')} taken over; Undo takes them back.{kept}")

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


def _write(
    project: Project, structures: Sequence[str], one: MaskFormat, out: Path, replace: bool
) -> Generator[None, None, _Copied]:
    yield
    labels = project.masks.labels
    masks = find_mask_set([f"{name}={labels / name}" for name in structures], project.listing)
    if out.exists() and (out.is_file() or any(out.iterdir())) and not replace:
        return _Copied(out, 0, (out,))
    try:
        return _Copied(out, one.write(out, masks))
    except OSError as error:
        why = error.strerror or error
        raise BadInput(f"the masks cannot be written to {out} ({why})") from error


def _read(project: Project, path: Path) -> Generator[None, None, dict[str, dict[str, Bits]]]:
    """The masks of a file or folder, by structure and image."""
    yield
    _, masks = format_of(path).read(path, project.listing)
    drawn: dict[str, dict[str, Bits]] = {}
    for item, own in masks.items():
        planes = project.listing.items[item]
        for name, volume in own.items():
            slices = {plane.name: Bits.of(volume[plane.z or 0]) for plane in planes}
            drawn.setdefault(check_structure(name), {}).update(slices)
        yield
    return drawn
