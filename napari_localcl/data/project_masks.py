"""All masks of a project at one moment: what runs propose and what people say of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.errors import BadInput
from napari_localcl.data.marks import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from napari_localcl.data.mask_bits import Bits
    from napari_localcl.data.project_images import ProjectImages

# A structure's name is that of a folder too, on all systems.
_FIT_FOR_A_FOLDER = re.compile(r"\w([\w \-]*[\w\-])?")


class MaskState(StrEnum):
    """What is known of a structure in an image, in words for a person."""

    NOTHING = "nothing"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    EDITED = "edited"
    DRAWN = "drawn"
    REJECTED = "rejected"


BY_PEOPLE = (MaskState.ACCEPTED, MaskState.EDITED, MaskState.DRAWN)
_KINDS = {
    MaskState.NOTHING: Kind.NOTHING,
    MaskState.PROPOSED: Kind.PREDICTED,
    MaskState.REJECTED: Kind.REJECTED,
    **dict.fromkeys(BY_PEOPLE, Kind.HUMAN),
}


@dataclass(frozen=True, eq=False)
class Proposals:
    """The masks that one run proposes for a structure.

    Parameters
    ----------
    run : str
        The run's folder.
    files : dict of int to str
        Its mask by index of the image, as a POSIX path relative to the run's proposals.
    confidences : dict of int to float
        How sure it is of each, from 0 to 1.
    """

    run: str = ""
    files: Mapping[int, str] = field(default_factory=dict)
    confidences: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Said:
    """What a person says of a structure in an image.

    Parameters
    ----------
    state : MaskState
        Accepted, edited, drawn or rejected.
    run, file : str
        The proposal that it is about, as in :class:`Proposals`; empty if there was none.
    bits : Bits or None
        The person's mask; None where it is as the disk has it.
    """

    state: MaskState
    run: str = ""
    file: str = ""
    bits: Bits | None = None

    @property
    def has_mask(self) -> bool:
        """Whether a person has a mask there."""
        return self.state in BY_PEOPLE


@dataclass(frozen=True, eq=False)
class Structure:
    """One structure in all images.

    Parameters
    ----------
    proposals : Proposals
        What a run says of it.
    said : dict of int to Said
        What people say of it, by index of the image.
    """

    proposals: Proposals = field(default_factory=Proposals)
    said: Mapping[int, Said] = field(default_factory=dict)

    def state(self, index: int) -> MaskState:
        """Return what is known of it in an image; a rejection counts for its own run alone."""
        said = self.said.get(index)
        if said and (said.has_mask or said.run == self.proposals.run):
            return said.state
        return MaskState.PROPOSED if index in self.proposals.files else MaskState.NOTHING

    def say(self, index: int, said: Said | None) -> Structure:
        """Return the same with other words on one image; None forgets them."""
        others = {one: words for one, words in self.said.items() if one != index}
        return replace(self, said={**others, index: said} if said else others)

    def proposal(self, index: int) -> tuple[str, str]:
        """Return the run and the file of the proposal for an image; empty if there is none."""
        file = self.proposals.files.get(index, "")
        return (self.proposals.run, file) if file else ("", "")


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
        """Set a person's mask; one that a machine or a person had made is edited by it.

        Raises
        ------
        BadInput
            If its size is not that of the image, or the structure is new and no folder can be
            called like it.
        """
        index, structure = self.images.index(image), check_structure(structure)
        if bits.size != self.images.sizes[index]:
            raise BadInput(f"a mask of {bits.size} pixels does not fit {image}; draw it on it")
        known = self.structures.get(structure, Structure())
        before = known.said.get(index)
        if before and before.has_mask:
            drawn = before.state is MaskState.DRAWN
            said = replace(before, state=MaskState.DRAWN if drawn else MaskState.EDITED, bits=bits)
        elif known.state(index) is MaskState.PROPOSED:
            said = Said(MaskState.EDITED, *known.proposal(index), bits)
        else:
            said = Said(MaskState.DRAWN, bits=bits)
        return self._say(structure, index, said)

    def reject(self, image: str, structure: str) -> Masks:
        """Throw a proposal out; its run will not bring another one there."""
        index, known = self._proposed(image, structure)
        return self._say(structure, index, Said(MaskState.REJECTED, *known.proposal(index)))

    def forget(self, image: str, structure: str) -> Masks:
        """Forget what people said of a structure in an image: the proposal waits again."""
        index = self.images.index(image)
        return self._say(structure, index, None)

    def with_said(self, before: Said, after: Said) -> Masks:
        """Return the same with other words in the place of some, wherever they are."""
        place = next((place for place, said in self.said().items() if said is before), None)
        return self._say(*place, after) if place else self

    # What machines say

    def with_proposals(self, structure: str, proposals: Proposals) -> Masks:
        """Replace all proposals for a structure, which may be new; what people said stands."""
        structure = check_structure(structure)
        known = self.structures.get(structure, Structure())
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

    def _say(self, structure: str, index: int, said: Said | None) -> Masks:
        known = self.structures.get(structure, Structure())
        return self._with(structure, known.say(index, said))

    def _with(self, name: str, structure: Structure) -> Masks:
        return replace(self, structures={**self.structures, name: structure})


def check_structure(name: str) -> str:
    """Return a structure's name if a folder can be called like it.

    Parameters
    ----------
    name : str
        What a person calls it.

    Returns
    -------
    str
        Without blanks around it.

    Raises
    ------
    BadInput
        If it is empty or has other signs than letters, digits, blanks, `-` and `_`.
    """
    name = name.strip()
    if not _FIT_FOR_A_FOLDER.fullmatch(name):
        raise BadInput(
            f"a structure cannot be called {name!r}; use letters, digits, blanks, - and _"
            if name
            else "the structure needs a name; write at least one letter"
        )
    return name
