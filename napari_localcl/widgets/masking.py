"""The masks of a project: drawn, proposed and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal

from napari_localcl.data.mask_bits import Bits
from napari_localcl.data.review import changed_place
from napari_localcl.widgets.reviewing import Reviewing

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from napari_localcl.data.project_annotations import Annotations
    from napari_localcl.data.project_masks import Masks

    Mask = npt.NDArray[np.bool_]


class Masking(Reviewing):
    """The part of a :class:`~napari_localcl.widgets.session.Session` that is about masks.

    Attributes
    ----------
    structure_changed : Signal
        Another structure is at hand.
    structure : str
        The structure whose masks are shown and drawn; empty if there is none.
    """

    structure_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.structure = ""
        self._shown: tuple[str, str, Mask] | None = None
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

    def forget_mask(self, image: str, structure: str) -> None:
        """Forget what people said of a mask: the proposal waits again, if there is one."""
        self._keep(image, structure)
        self.edit(lambda now: now.with_masks(now.masks.forget(image, structure)))

    def way_back(self, before: Annotations) -> Callable[[], None] | None:
        """Return what goes to where people say something else than before, the image at hand first.

        A mask or a point that waits for review again is taken in hand.
        """
        changed = self.masks.changed_since(before.masks)
        masks = [(self.masks.images.names[index], name) for name, index in changed]
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

    def take_masks(self, structure: str, run: str) -> int:
        """Take over the masks that a run proposes; returns how many there are.

        Raises
        ------
        BadInput
            If the run left none.
        """
        assert self.project is not None
        count = self.project.take_proposals(structure, run)
        self.choose_structure(structure)
        self.is_on_masks = True
        self.begin_review()
        self.annotations_changed.emit()
        self.look_into(self.image)
        return count
