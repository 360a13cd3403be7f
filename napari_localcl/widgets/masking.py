"""The masks of a project: drawn, proposed and taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal

from napari_localcl.data.errors import BadInput
from napari_localcl.data.mask_bits import Bits
from napari_localcl.data.review import changed_place
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.reviewing import Reviewing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import numpy as np
    import numpy.typing as npt

    from napari_localcl.data.project import Project
    from napari_localcl.data.project_annotations import Annotations
    from napari_localcl.data.project_masks import Masks
    from napari_localcl.data.structures import Proposals

    Mask = npt.NDArray[np.bool_]
    MaskChange = Callable[[Masks], Masks]


@dataclass(frozen=True)
class _Read:
    """Masks of people that the disk alone had."""

    project: Project
    bits: dict[int, Bits]


class Masking(Reviewing):
    """The part of a :class:`~napari_localcl.widgets.session.Session` that is about masks.

    Attributes
    ----------
    structure_changed : Signal
        Another structure is at hand.
    settling : Signal
        People's masks are about to be read: what is painted and not told yet is lost.
    structure : str
        The structure whose masks are shown and drawn; empty if there is none.
    """

    structure_changed = Signal()
    settling = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.structure = ""
        self._shown: tuple[str, str, Mask] | None = None
        self._changed: tuple[str, MaskChange] = ("", lambda masks: masks)
        self._reading = Background(self)
        self._reading.result.connect(self._on_read)
        self._reading.failed.connect(lambda why: self.problem.emit(why))
        self.doubt_changed.connect(self._follow_doubt)

    def begin_masks(self) -> None:
        """Begin anew: with the first structure of a project, and with masks if it has no points."""
        self._shown = None
        self.is_on_masks = bool(self.masks.names) and not self.annotations.names
        self.structure = next(iter(self.masks.names), "")

    @property
    def masks(self) -> Masks:
        """What is known of masks."""
        return self.annotations.masks

    def _follow_doubt(self) -> None:
        if self.is_on_masks and self.doubt is not None:
            self.choose_structure(self.doubt.name)

    def choose_structure(self, name: str) -> None:
        """Take another structure in hand."""
        if name != self.structure:
            self.structure = name
            self.structure_changed.emit()

    # Pixels

    def show_mask(self, image: str, structure: str, mask: Mask) -> None:
        """Take note of the mask (H, W) that a person sees."""
        self._shown = (image, structure, mask)

    def bits(self, image: str, structure: str) -> Bits | None:
        """Return the mask that a person sees, if it is this one."""
        if self._shown is None or self._shown[:2] != (image, structure):
            return None
        return Bits.of(self._shown[2])

    # Steps that can be undone

    def draw_mask(self, image: str, structure: str, mask: Mask) -> bool:
        """Make a mask (H, W) a person's; tells whether it was, or nothing may be changed."""
        self._keep(image, structure)
        before, bits = self.masks, Bits.of(mask)
        self.edit(lambda now: now.with_masks(now.masks.draw(image, structure, bits)))
        if self.masks is before:
            return False
        self.show_mask(image, structure, mask)
        return True

    def keep_shown(self, structure: str) -> None:
        """Keep the pixels of the mask that a person sees, before it is drawn anew."""
        self._keep(self.image, structure)

    def forget_mask(self, image: str, structure: str) -> None:
        """Forget what people said of a mask: the proposal waits again, if there is one."""
        self._keep(image, structure)
        self.edit(lambda now: now.with_masks(now.masks.forget(image, structure)))

    def way_back(self, before: Annotations) -> Callable[[], None] | None:
        """Return what goes to where people say something else than before, the image at hand first.

        A mask or a point that waits for review again is taken in hand.
        """
        changed = self.masks.changed_since(before.masks)
        images, known = self.masks.images.names, self.masks.names
        masks = [(images[index], name) for name, index in changed if name in known]
        if masks:
            mask = min(masks, key=lambda place: place[0] != self.image)
            return lambda: self._return_to(True, *mask)
        point = changed_place(before, self.annotations, self.image)
        return (lambda: self._return_to(False, *point)) if point else None

    def _return_to(self, is_mask: bool, image: str, name: str) -> None:
        self.review(masks=is_mask)
        if is_mask:
            self.choose_structure(name)
        self.return_to(image, name)

    def _keep(self, image: str, structure: str) -> None:
        bits = self.bits(image, structure)
        if self.project is not None and bits is not None:
            self.project.keep_mask(image, structure, bits)

    # What a run proposes

    def take_masks(self, folder: str, proposals: Proposals, name: str) -> None:
        """Take over the masks that a run proposes for the structure of a folder.

        Parameters
        ----------
        folder : str
            That of the structure.
        proposals : Proposals
            The masks.
        name : str
            What the structure is called if it is new.
        """
        assert self.project is not None
        self.project.take_proposals(folder, proposals, name)
        self.choose_structure(self.masks.name_of(folder))
        self.is_on_masks = True
        self.begin_review()
        self.annotations_changed.emit()
        self.look_into(self.image)

    # Structures

    def rename_structure(self, old: str, new: str) -> None:
        """Give a structure another name, as a step that can be undone."""
        self._change_structure(old, lambda masks: masks.rename(old, new))

    def forget_structure(self, name: str) -> None:
        """Delete a structure with all its masks, as a step that can be undone."""
        self._change_structure(name, lambda masks: masks.delete(name))

    def stop_reading(self) -> None:
        """Give up a step that waits for pixels."""
        self._reading.stop()

    def _change_structure(self, structure: str, change: MaskChange) -> None:
        """Make the step once the pixels of all people's masks are in memory."""
        self.settling.emit()
        project = self.project
        if project is None or not self._is_possible(change):
            return
        if self.masks.structures[structure].unread:
            self._changed = (structure, change)
            self._reading.start(_read(project, self.masks, structure))
        else:
            self.edit(lambda now: now.with_masks(change(now.masks)))

    def _is_possible(self, change: MaskChange) -> bool:
        try:
            self.project.check_writable()
            change(self.masks)
        except BadInput as error:
            self.problem.emit(str(error))
            return False
        return True

    def _on_read(self, read: _Read) -> None:
        if self.project is read.project:
            structure, change = self._changed
            self.project.keep_masks(structure, read.bits)
            # Again, because something may have been said meanwhile.
            self._change_structure(structure, change)

    def follow_structure(self, before: Masks) -> None:
        """Keep the structure at hand where it was renamed, or take another one where it is gone."""
        old, now = self.structure, self.masks
        if old in now.names or (not old and not now.names):
            return
        called = {folder: name for name, folder in now.folders.items()}
        new = called.get(before.folders.get(old, ""), "")
        self._rename_doubts(old, new)
        if not now.names:
            self.review(masks=False)
        self.choose_structure(new or next(iter(now.names), ""))

    def _rename_doubts(self, old: str, new: str) -> None:
        if not self.is_on_masks:
            return
        self.only = (new or None) if self.only == old else self.only
        for place in ("doubt", "_reached"):
            doubt = getattr(self, place)
            if doubt is not None and doubt.name == old:
                setattr(self, place, doubt._replace(name=new) if new else None)


def _read(project: Project, masks: Masks, structure: str) -> Generator[None, None, _Read]:
    yield
    return _Read(project, project.masks.read_said(masks, structure))
