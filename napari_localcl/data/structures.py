"""A structure in all images of a project: what a run proposes of it and what people say of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain, count
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari_localcl.data.mask_bits import Bits

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
    folder : str
        What the folders of its proposals and of its drawn shapes are called: as the structure was
        at first. They stay when it is renamed, because runs are called so too.
    """

    proposals: Proposals = field(default_factory=Proposals)
    said: Mapping[int, Said] = field(default_factory=dict)
    folder: str = ""

    def state(self, index: int) -> MaskState:
        """Return what is known of it in an image; a rejection counts for its own run alone."""
        said = self.said.get(index)
        if said and (said.has_mask or said.run == self.proposals.run):
            return said.state
        return MaskState.PROPOSED if index in self.proposals.files else MaskState.NOTHING

    @property
    def unread(self) -> tuple[int, ...]:
        """Of which images people have masks whose pixels the disk alone has."""
        said = self.said.items()
        return tuple(index for index, one in said if one.has_mask and one.bits is None)

    def say(self, index: int, said: Said | None) -> Structure:
        """Return the same with other words on one image; None forgets them."""
        others = {one: words for one, words in self.said.items() if one != index}
        return replace(self, said={**others, index: said} if said else others)

    def proposal(self, index: int) -> tuple[str, str]:
        """Return the run and the file of the proposal for an image; empty if there is none."""
        file = self.proposals.files.get(index, "")
        return (self.proposals.run, file) if file else ("", "")


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


def free_name(name: str, taken: Collection[str]) -> str:
    """Return a name, with a number behind it if it is taken."""
    tried = chain([name], (f"{name} {number}" for number in count(2)))
    return next(one for one in tried if one not in taken)
