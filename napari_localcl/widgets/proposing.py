"""The masks that a run leaves for some structures, read to be taken over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_localcl.data.project_mask_table import read_proposals
from napari_localcl.tasks.held_out import HeldOut, read_held_out

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from napari_localcl.data.project_mask_files import MaskFiles
    from napari_localcl.data.structures import Proposals
    from napari_localcl.widgets.session import Session


@dataclass(frozen=True)
class Proposed:
    """What a run proposes.

    Attributes
    ----------
    run : str
        Its folder.
    masks : dict of str to Proposals
        By the structures' folders.
    held_out : HeldOut or None
        How well it did on what was kept back from it.
    """

    run: str
    masks: Mapping[str, Proposals]
    held_out: HeldOut | None


def read_proposed(
    files: MaskFiles, folders: Sequence[str], run: Path
) -> Generator[None, None, Proposed]:
    """Read what a run proposes for structures, known by their folders."""
    yield
    masks = {folder: read_proposals(files, folder, run.name) for folder in folders}
    return Proposed(run.name, masks, read_held_out(run))


def take_over(session: Session, proposed: Proposed, name: str = "") -> None:
    """Let a session have them; a structure that is new gets a name."""
    at_hand = session.structure
    for folder, masks in proposed.masks.items():
        session.take_masks(folder, masks, name)
    names = [session.masks.name_of(folder) for folder in proposed.masks]
    if at_hand in names:
        session.choose_structure(at_hand)


def as_called(session: Session, one: HeldOut | None) -> HeldOut | None:
    """Return what was measured, by the names that the structures have by now."""
    if one is None:
        return None

    def called(dice: Mapping[str, float]) -> dict[str, float]:
        return {session.masks.name_of(folder): value for folder, value in dice.items()}

    return one.model_copy(update={"dice": called(one.dice), "before": called(one.before)})
