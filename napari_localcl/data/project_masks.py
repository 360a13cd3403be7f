"""All masks of a project at one moment: what runs propose and what people say of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.errors import BadInput
from napari_localcl.data.marks import Kind
from napari_localcl.data.structures import (
    BY_PEOPLE,
    MaskState,
    Said,
    Structure,
    check_structure,
    free_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from napari_localcl.data.mask_bits import Bits
    from napari_localcl.data.project_images import ProjectImages
    from napari_localcl.data.structures import Proposals

_KINDS = {
    MaskState.NOTHING: Kind.NOTHING,
    MaskState.PROPOSED: Kind.PREDICTED,
    MaskState.REJECTED: Kind.REJECTED,
    **dict.fromkeys(BY_PEOPLE, Kind.HUMAN),
}


@dataclass(frozen=True, eq=False)
class Masks:
    """Which structures there are, and what machines and people say of them in each image.

    Every change gives a new state and leaves this one as it is. It is asked as
    :class:`~napari_localcl.data.project_annotations.Annotations` is, a structure in the place of a
    landmark, so that one review serves both.

    Parameters
    ----------
    images : ProjectImages
        The N images.
    structures : dict of str to Structure
        By name, in the order in which they came.

    Notes
    -----
    A proposal becomes a person's mask by `accept` and `draw` alone, and what a person says stays
    when another run proposes. Methods raise `BadInput` where the image or the structure is unknown.
    """

    images: ProjectImages
    structures: Mapping[str, Structure] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The structures."""
        return tuple(self.structures)

    @property
    def folders(self) -> dict[str, str]:
        """What the folders of the structures are called, by name."""
        return {name: structure.folder for name, structure in self.structures.items()}

    def folder_of(self, structure: str) -> str:
        """Return what the folder of a structure is called, also of one that is still to come."""
        known = self.structures.get(structure)
        return known.folder if known else free_name(structure, self.folders.values())

    def name_of(self, folder: str, wanted: str = "") -> str:
        """Return what the structure of a folder is called, or would be if it is still to come."""
        called = (name for name, own in self.folders.items() if own == folder)
        return next(called, None) or free_name(wanted or folder, self.names)

    def state(self, image: str, structure: str) -> MaskState:
        """Return what is known of a structure in an image."""
        index = self.images.index(image)
        known = self.structures.get(structure)
        return known.state(index) if known else MaskState.NOTHING

    def kind(self, image: str, name: str) -> Kind:
        """Return the same, in the terms that landmarks have too."""
        return _KINDS[self.state(image, name)]

    def kinds(self) -> npt.NDArray[np.uint8]:
        """Return what is known, as an (S, N) array of :class:`~napari_localcl.data.marks.Kind`."""
        kinds = np.zeros((len(self.structures), len(self.images)), np.uint8)
        for row, structure in zip(kinds, self.structures.values(), strict=True):
            row[list(structure.proposals.files)] = Kind.PREDICTED
            for index in structure.said:
                row[index] = _KINDS[structure.state(index)]
        return kinds

    def confidences(self) -> npt.NDArray[np.float64]:
        """Return how sure each proposal that waits is, (S, N), infinite where none does."""
        sure = np.full((len(self.structures), len(self.images)), np.inf)
        for row, structure in zip(sure, self.structures.values(), strict=True):
            known = structure.proposals.confidences
            row[list(known)] = list(known.values())
        return np.where(self.kinds() == Kind.PREDICTED, sure, np.inf)

    # What people say

    def accept(self, image: str, structure: str, bits: Bits | None = None) -> Masks:
        """Make a proposal a person's mask, as it is; `bits` are its pixels if they are at hand."""
        index, known = self._proposed(image, structure)
        return self._say(structure, index, Said(MaskState.ACCEPTED, *known.proposal(index), bits))

    def draw(self, image: str, structure: str, bits: Bits) -> Masks:
        """Set a person's mask in one image; see :meth:`draw_all`."""
        return self.draw_all(structure, {image: bits})

    def draw_all(self, structure: str, drawn: Mapping[str, Bits]) -> Masks:
        """Set people's masks by image; one that a machine or a person had made is edited by it.

        Raises
        ------
        BadInput
            If the size of one is not that of its image, or the structure is new and no folder can
            be called like it.
        """
        structure = check_structure(structure)
        known = self._known(structure)
        said = dict(known.said)
        for image, bits in drawn.items():
            index = self.images.index(image)
            if bits.size != self.images.sizes[index]:
                raise BadInput(f"a mask of {bits.size} pixels does not fit {image}; draw it on it")
            said[index] = _drawn(known, index, bits)
        return self._with(structure, replace(known, said=said))

    def reject(self, image: str, structure: str) -> Masks:
        """Throw a proposal out; its run will not bring another one there."""
        index, known = self._proposed(image, structure)
        return self._say(structure, index, Said(MaskState.REJECTED, *known.proposal(index)))

    def forget(self, image: str, structure: str) -> Masks:
        """Forget what people said of a structure in an image: the proposal waits again."""
        index = self.images.index(image)
        return self._say(structure, index, None)

    def with_said(self, known: Mapping[int, Said]) -> Masks:
        """Return the same with other words in the place of some, by their `id`."""
        structures = dict(self.structures)
        for name, one in structures.items():
            said = {index: known.get(id(words), words) for index, words in one.said.items()}
            structures[name] = replace(one, said=said)
        return replace(self, structures=structures)

    # Structures

    def rename(self, old: str, new: str) -> Masks:
        """Give a structure another name; all that is known of it, and its place, stay."""
        self._require(old)
        if old == new.strip():
            return self
        free = self._unlike(check_structure(new))
        named = {free if name == old else name: one for name, one in self.structures.items()}
        return replace(self, structures=named)

    def delete(self, structure: str) -> Masks:
        """Remove a structure with all that is known of it."""
        self._require(structure)
        left = {name: one for name, one in self.structures.items() if name != structure}
        return replace(self, structures=left)

    # What machines say

    def with_proposals(self, folder: str, proposals: Proposals, name: str = "") -> Masks:
        """Replace all proposals for a structure, known by its folder; what people said stands.

        A new one gets the name, or that of the folder.
        """
        structure = self.name_of(folder, name)
        known = self.structures.get(structure, Structure(folder=check_structure(folder)))
        return self._with(structure, replace(known, proposals=proposals))

    def with_images(self, images: ProjectImages) -> Masks:
        """Return the same for images that were renamed, in the same number and order."""
        return replace(self, images=images)

    def said(self) -> dict[tuple[str, int], Said]:
        """Return all that people say, by structure and index of the image."""
        return {
            (name, index): said
            for name, structure in self.structures.items()
            for index, said in structure.said.items()
        }

    def changed_since(self, before: Masks) -> list[tuple[str, int]]:
        """Return of which structures and images people say something else than in another state."""
        then, now = before.said(), self.said()
        return [place for place in {**then, **now} if then.get(place) is not now.get(place)]

    def _proposed(self, image: str, structure: str) -> tuple[int, Structure]:
        index = self.images.index(image)
        if self.state(image, structure) is not MaskState.PROPOSED:
            raise BadInput(f"no mask of {structure!r} is proposed in {image}")
        return index, self.structures[structure]

    def _require(self, structure: str) -> Structure:
        if structure not in self.structures:
            raise BadInput(f"the project has no structure {structure!r}; segment or draw it first")
        return self.structures[structure]

    def _unlike(self, name: str) -> str:
        # Some systems take folders for one whose names differ in large and small letters alone.
        alike = (one for one in self.names if one.casefold() == name.casefold())
        if one := next(alike, None):
            raise BadInput(f"there is a structure {one!r} already; choose another name")
        return name

    def _known(self, structure: str) -> Structure:
        known = self.structures.get(structure)
        return known or Structure(folder=self.folder_of(structure))

    def _say(self, structure: str, index: int, said: Said | None) -> Masks:
        return self._with(structure, self._known(structure).say(index, said))

    def _with(self, name: str, structure: Structure) -> Masks:
        return replace(self, structures={**self.structures, name: structure})


def _drawn(known: Structure, index: int, bits: Bits) -> Said:
    """What a person says of an image by drawing a mask in it."""
    before = known.said.get(index)
    if before and before.has_mask:
        drawn = before.state is MaskState.DRAWN
        return replace(before, state=MaskState.DRAWN if drawn else MaskState.EDITED, bits=bits)
    if known.state(index) is MaskState.PROPOSED:
        return Said(MaskState.EDITED, *known.proposal(index), bits)
    return Said(MaskState.DRAWN, bits=bits)
