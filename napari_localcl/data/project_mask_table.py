"""What people say of the masks of a project, and what runs propose: a `masks.csv` of each.

``labels/masks.csv``                      `image,structure,state,run,proposal`, where the last two
                                          name the proposal that somebody has settled
``proposals/<folder>/<run>/masks.csv``     as :mod:`napari_localcl.data.mask_table` says

A mask in `labels/<structure>/` that the table does not know was put there by a person, and counts
as drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_localcl.data import sources
from napari_localcl.data.atomic import has_copy, keep_last, way_back
from napari_localcl.data.errors import BadInput
from napari_localcl.data.mask_table import TABLE, read_mask_rows
from napari_localcl.data.project_mask_files import MASK_ENDINGS, MaskFiles
from napari_localcl.data.project_masks import Masks
from napari_localcl.data.reading import stem
from napari_localcl.data.structures import MaskState, Proposals, Said, Structure, free_name
from napari_localcl.data.tables import read_table, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari_localcl.data.project_images import ProjectImages
    from napari_localcl.data.tables import Line

    Words = dict[str, dict[int, Said]]

_COLUMNS = ("image", "structure", "state", "run", "proposal")


def read_proposals(files: MaskFiles, folder: str, run: str) -> Proposals:
    """Read what a run proposes for a structure.

    Parameters
    ----------
    files : MaskFiles
        Of the project.
    folder, run : str
        The structure's folder, and the run's.

    Returns
    -------
    Proposals
        Of images that the project has.

    Raises
    ------
    BadInput
        If the run left no table of masks, or it is damaged.
    """
    places = {plane.name: index for index, plane in enumerate(files.listing.planes)}
    rows = read_mask_rows(files.proposals(folder, run) / TABLE)
    known = {places[row.image]: row for row in rows if row.image in places}
    return Proposals(
        run,
        {index: row.mask for index, row in known.items()},
        {index: row.confidence for index, row in known.items()},
    )


def read_project_masks(
    files: MaskFiles,
    images: ProjectImages,
    proposed_by: Mapping[str, str],
    folders: Mapping[str, str] | None = None,
) -> Masks:
    """Read what is known of the masks of a project.

    Parameters
    ----------
    files : MaskFiles
        Of the project.
    images : ProjectImages
        Its images.
    proposed_by : dict of str to str
        Whose proposals there are, by the structure's folder; those that are gone from the disk, or
        of a structure that was deleted, are passed over.
    folders : dict of str to str or None
        The structures' folders by name; None, as no project had them at first, is their names.

    Returns
    -------
    Masks
        Without pixels: they are read when they are looked at.

    Raises
    ------
    BadInput
        If a table is damaged, or gone although there is a copy; says how to go back to that.
    """
    said = _read_said(files.table, images)
    if files.labels.is_dir():
        _add_found(files, said)
    noted = {name: name for name in proposed_by} if folders is None else folders
    masks = Masks(images, _structures(said, noted))
    there = masks.folders.values()
    for folder, run in proposed_by.items():
        if folder in there and (files.proposals(folder, run) / TABLE).exists():
            masks = masks.with_proposals(folder, read_proposals(files, folder, run))
    return masks


def write_project_masks(files: MaskFiles, before: Masks, after: Masks) -> None:
    """Write what people say, and their masks; the table before is kept as `masks.csv.bak`.

    Parameters
    ----------
    files : MaskFiles
        Of the project.
    before, after : Masks
        What the disk has, and what it shall have.

    Raises
    ------
    OSError, BadInput
        As :meth:`MaskFiles.write`; the table is written last, so that it names no mask that is not
        there.
    """
    if not after.changed_since(before) and before.images is after.images:
        return
    files.write(before, after)
    keep_last(files.table)
    write_table(files.table, _COLUMNS, _rows(after))


def _structures(said: Words, folders: Mapping[str, str]) -> dict[str, Structure]:
    """Return the structures that were noted, then those of which people only have masks."""
    found = {name: Structure(said=said.get(name, {}), folder=own) for name, own in folders.items()}
    for name in [one for one in said if one not in found]:
        taken = [one.folder for one in found.values()]
        found[name] = Structure(said=said[name], folder=free_name(name, taken))
    return found


def _rows(masks: Masks) -> Iterator[tuple[str, ...]]:
    for (structure, index), words in sorted(masks.said().items(), key=lambda one: one[0][::-1]):
        yield masks.images.names[index], structure, words.state, words.run, words.file


def _read_said(table: Path, images: ProjectImages) -> Words:
    if not table.exists() and not has_copy(table):
        return {}
    said: Words = {}
    try:
        for line in read_table(table, "table of masks", _COLUMNS, key=("image", "structure")):
            words = said.setdefault(line.cells["structure"], {})
            words[images.index(line.cells["image"])] = _words(line)
    except BadInput as error:
        raise BadInput(f"{error}; {way_back(table)}") from error
    return said


def _words(line: Line) -> Said:
    state = line.cells["state"]
    if state not in list(MaskState):
        raise BadInput(f"{line.place} has the state {state!r}; write one of {', '.join(MaskState)}")
    return Said(MaskState(state), line.cells["run"], line.cells["proposal"])


def _add_found(files: MaskFiles, said: Words) -> None:
    """Take note of masks that somebody has put into the folder."""
    planes: dict[str, list[int]] = {}
    for index, plane in enumerate(files.listing.planes):
        planes.setdefault(stem(plane.item), []).append(index)
    for folder in sorted(path for path in files.labels.iterdir() if path.is_dir()):
        words = said.get(folder.name, {})
        for path in sources.walk(folder):
            name = sources.name(path, folder)
            there = planes.get(stem(name), []) if name.endswith(MASK_ENDINGS) else []
            if not any(index in words and words[index].has_mask for index in there):
                words |= dict.fromkeys(there, Said(MaskState.DRAWN))
        if words:
            said[folder.name] = words
