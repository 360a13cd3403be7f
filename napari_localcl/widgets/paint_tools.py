"""The tools of a painter: fill by clicks, between slices, from a proposal, from an earlier mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, Qt, Signal
from qtpy.QtWidgets import QMenu, QSlider, QVBoxLayout, QWidget

from napari_localcl.data.errors import BadInput
from napari_localcl.data.mask_bits import Bits
from napari_localcl.data.mask_brushes import filled_between
from napari_localcl.data.structures import Structure
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.controls import describe, in_row, make_button
from napari_localcl.widgets.filling import ALIKE, REGION
from napari_localcl.widgets.words import begun, counted

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    import numpy.typing as npt

    from napari_localcl.data.mask_versions import Version
    from napari_localcl.data.project_mask_files import MaskFiles
    from napari_localcl.data.project_masks import Masks
    from napari_localcl.widgets.filling import Filling
    from napari_localcl.widgets.session import Session

    Mask = npt.NDArray[np.bool_]
    Drawn = dict[str, Mask]

_BETWEEN = "Between slices"


class PaintTools(QWidget):
    """Buttons that mark many pixels of the mask at hand at once.

    Parameters
    ----------
    session : Session
        Whose masks.
    filling : Filling
        What fills by clicks.

    Attributes
    ----------
    said : Signal of str
        What was done, or why not.
    """

    said = Signal(str)

    def __init__(self, session: Session, filling: Filling) -> None:
        super().__init__()
        self._session, self._filling = session, filling
        self._work = Background(self)
        self._work.result.connect(self._on_drawn)
        self._work.failed.connect(lambda why: self.said.emit(f"{begun(why)}."))
        self._make()
        filling.kind_changed.connect(self._show_kind)
        filling.said.connect(lambda what: self.said.emit(f"{begun(what)}."))
        for news in (session.opened, session.image_changed, session.structure_changed):
            news.connect(self._enable)
        session.annotations_changed.connect(self._enable)
        self._enable()

    def close_work(self) -> None:
        """Give up what is at hand."""
        self._work.stop()

    def _make(self) -> None:
        click = "Then click in the picture; with Shift, it is rubbed out"
        self._region = make_button(
            "Region", f"Fill the region of even shade at a click. {click}", None, "Alt+Shift+G"
        )
        self._alike = make_button(
            "Alike", f"Fill all that the model finds like the pixel. {click}", None, "Alt+Shift+A"
        )
        for button, kind in ((self._region, REGION), (self._alike, ALIKE)):
            button.setCheckable(True)
            button.clicked.connect(lambda on, own=kind: self._filling.choose(own if on else ""))
        self._least = QSlider(Qt.Orientation.Horizontal)
        self._least.setRange(5, 95)
        self._least.setValue(50)
        describe(self._least, "How alike", "How alike a pixel must be; turn the wheel over it")
        self._least.valueChanged.connect(lambda value: self._filling.fill_from(value / 100))
        self._between = make_button(
            _BETWEEN,
            "Draw the slices that are missing between those of yours in this volume",
            self._draw_between,
            "Alt+Shift+N",
        )
        self._copy = make_button(
            "Proposal", "Take the proposal as your mask, to correct it", self._copy_proposal
        )
        self._versions = make_button(
            "Earlier…", "Go back to an earlier version of this mask", self._offer_versions
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(in_row(self._region, self._alike, self._least))
        column.addLayout(in_row(self._between, self._copy, self._versions))

    def _show_kind(self, kind: str) -> None:
        self._region.setChecked(kind == REGION)
        self._alike.setChecked(kind == ALIKE)

    def _enable(self) -> None:
        session = self._session
        project, structure = session.project, session.structure
        for widget in (self._region, self._alike, self._least):
            widget.setEnabled(bool(project and structure))
        known = session.masks.structures.get(structure, Structure()) if project else Structure()
        self._copy.setEnabled(bool(project) and session.index in known.proposals.files)
        self._between.setEnabled(bool(project and structure) and session.plane.z is not None)
        self._versions.setEnabled(bool(project) and structure in session.masks.names)

    # Work that reads masks

    def _draw_between(self) -> None:
        session = self._session
        session.settling.emit()
        item = session.plane.item
        work = _between(session.project.masks, session.masks, session.structure, item)
        self._work.start(work)

    def _copy_proposal(self) -> None:
        session = self._session
        work = _proposal(session.project.masks, session.masks, session.structure, session.image)
        self._work.start(work)

    def restore(self, version: Version) -> None:
        """Make the mask of the image at hand what it was."""
        session = self._session
        files, image = session.project.masks, session.image
        self._work.start(_earlier(files, version, session.structure, image))

    def _offer_versions(self) -> None:
        session = self._session
        known = session.project.masks.versions(session.masks, session.structure, session.image)
        menu = QMenu(self)
        for version in known:
            local = version.saved.astimezone().strftime("%Y-%m-%d %H:%M")
            menu.addAction(local).triggered.connect(lambda _on, own=version: self.restore(own))
        if not known:
            menu.addAction("None yet: one a minute is kept while you paint").setEnabled(False)
        menu.exec(self._versions.mapToGlobal(QPoint(0, self._versions.height())))

    def _on_drawn(self, found: tuple[str, str, Drawn]) -> None:
        structure, what, drawn = found
        session = self._session
        if session.project is None:
            return
        if session.image in drawn:
            session.keep_shown(structure)
        bits = {image: Bits.of(mask) for image, mask in drawn.items()}
        if drawn:
            session.edit(lambda now: now.with_masks(now.masks.draw_all(structure, bits)))
        self.said.emit(what)


def _between(
    files: MaskFiles, masks: Masks, structure: str, item: str
) -> Generator[None, None, tuple[str, str, Drawn]]:
    """Draw the slices of a volume between those that are a person's."""
    yield
    planes = files.listing.items[item]
    said = masks.structures.get(structure, Structure()).said
    own = {
        plane.z or 0: plane.name
        for plane in planes
        if (words := said.get(masks.images.index(plane.name))) and words.has_mask
    }
    slices = {z: files.read(masks, structure, name) for z, name in own.items()}
    made = filled_between({z: mask for z, mask in slices.items() if mask is not None})
    if not made:
        raise BadInput(
            "nothing lies between your slices: draw the structure on two that are apart, with none "
            "of yours between them"
        )
    names = {plane.z: plane.name for plane in planes}
    count = counted(len(made), "slice")
    return (
        structure,
        f"{count} drawn; Undo takes them back.",
        {names[z]: mask for z, mask in made.items()},
    )


def _proposal(
    files: MaskFiles, masks: Masks, structure: str, image: str
) -> Generator[None, None, tuple[str, str, Drawn]]:
    yield
    mask = files.read_proposal(masks, structure, image)
    assert mask is not None
    return structure, "The proposal is your mask now: correct it.", {image: mask}


def _earlier(
    files: MaskFiles, version: Version, structure: str, image: str
) -> Generator[None, None, tuple[str, str, Drawn]]:
    yield
    mask = files.read_version(version, image)
    return structure, "The mask is as it was then; Undo takes it back.", {image: mask}
