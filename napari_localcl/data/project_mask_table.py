"""What people say of the masks of a project, and what runs propose: a `masks.csv` of each.

``labels/masks.csv``                      `image,structure,state,run,proposal`, where the last two
                                          name the proposal that somebody has settled
``proposals/<structure>/<run>/masks.csv``  as :mod:`napari_localcl.data.mask_table` says

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
from napari_localcl.data.project_masks import Masks, MaskState, Proposals, Said, Structure
from napari_localcl.data.reading import stem
from napari_localcl.data.tables import read_table, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari_localcl.data.project_images import ProjectImages
    from napari_localcl.data.tables import Line

    Words = dict[str, dict[int, Said]]

_COLUMNS = ("image", "structure", "state", "run", "proposal")


def read_proposals(files: MaskFiles, structure: str, run: str) -> Proposals:
    """Read what a run proposes for a structure.

    Parameters
    ----------
    files : MaskFiles
        Of the project.
    structure, run : str
        The structure, and the run's folder.

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
    rows = read_mask_rows(files.proposals(structure, run) / TABLE)
    known = {places[row.image]: row for row in rows if row.image in places}
    return Proposals(
        run,
        {index: row.mask for index, row in known.items()},
        {index: row.confidence for index, row in known.items()},
    )


def read_project_masks(
    files: MaskFiles, images: ProjectImages, proposed_by: Mapping[str, str]
) -> Masks:
    """Read what is known of the masks of a project.

    Parameters
    ----------
    files : MaskFiles
        Of the project.
    images : ProjectImages
        Its images.
    proposed_by : dict of str to str
        Whose proposals there are, by structure; those that are gone from the disk are passed over.

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
    structures = {name: Structure(said=words) for name, words in said.items()}
    for name, run in proposed_by.items():
        if (files.proposals(name, run) / TABLE).exists():
            words = structures.get(name, Structure()).said
            structures[name] = Structure(read_proposals(files, name, run), words)
    return Masks(images, structures)


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
