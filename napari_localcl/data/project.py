"""A project: a folder that keeps what people and machines say about images that lie elsewhere.

``project.json``   which images, and what a person chose (`ProjectRecord`)
``landmarks.csv``  the landmarks of people and machines
``labels/``        masks of people, ``<structure>/<image>``, and what they say of proposals
``proposals/``     masks of machines, ``<structure>/<run>/<image>``
``priors/``        drawn shapes
``series.csv``     findings of MR series
``runs/``          what was learnt from the images
``cache/``         what can be made again
``lock.json``      which window may save

The folder of the images is never written to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_localcl.data.errors import BadInput
from napari_localcl.data.history import History
from napari_localcl.data.mask_renaming import rename_masks
from napari_localcl.data.project_landmarks import write_project_landmarks
from napari_localcl.data.project_mask_files import MaskFiles
from napari_localcl.data.project_mask_table import write_project_masks
from napari_localcl.data.project_record import (
    ProjectRecord,
    images_of,
    located,
    portable,
    write_record,
)
from napari_localcl.data.review import ImageRows
from napari_localcl.data.structures import Structure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.lock import Lock
    from napari_localcl.data.mask_bits import Bits
    from napari_localcl.data.project_annotations import Annotations
    from napari_localcl.data.relocation import Relocation
    from napari_localcl.data.structures import Proposals


@dataclass(frozen=True, eq=False)
class Document:
    """All of a project that is saved, at one moment."""

    record: ProjectRecord
    annotations: Annotations


class Project:
    """A project that is open; made by :mod:`napari_localcl.data.project_opening`.

    Edits stay in memory until :meth:`save`; :class:`~napari_localcl.data.autosave.Autosave` calls
    it in time. A project that another window has open can be edited too, but not saved.

    Parameters
    ----------
    folder : Path
        Where it is.
    record : ProjectRecord
        What it is.
    annotations : Annotations
        The state to begin with.
    lock : Lock
        Whether this window may save.

    Attributes
    ----------
    listing : Listing
        The images with their paths and headers; their files may be gone.
    history : History of Annotations
        The present annotations, and those to undo and redo.
    """

    def __init__(
        self, folder: Path, record: ProjectRecord, annotations: Annotations, lock: Lock
    ) -> None:
        self.folder = folder
        self.record = record
        self.listing = record.listing(folder)
        self.history = History(annotations)
        self.lock = lock
        self._saved = Document(record, annotations)

    @property
    def annotations(self) -> Annotations:
        """The landmarks and the masks as they are now."""
        return self.history.present

    @property
    def rows(self) -> ImageRows:
        """The list of images as it is now."""
        return ImageRows(self.annotations, self.record.review_below)

    @property
    def masks(self) -> MaskFiles:
        """Where the pixels of the masks are."""
        return MaskFiles(self.folder, self.listing)

    @property
    def priors(self) -> Path:
        """The folder of drawn shapes, one folder for each."""
        return self.folder / "priors"

    @property
    def series(self) -> Path:
        """The table of findings; there once somebody has written it."""
        return self.folder / "series.csv"

    @property
    def runs(self) -> Path:
        """The folder of the runs."""
        return self.folder / "runs"

    @property
    def cache(self) -> Path:
        """The folder of what can be made again."""
        return self.folder / "cache"

    @property
    def input(self) -> tuple[Path, ...]:
        """What to give a terminal command as IMAGES."""
        return tuple(located(text, self.folder) for text in self.record.input)

    def missing(self) -> tuple[str, ...]:
        """Return the images whose files are gone; asks the disk for each."""
        return self.record.missing(self.folder)

    # Changes

    def edit(self, annotations: Annotations) -> None:
        """Go on to new annotations, as one step that can be undone."""
        self.history.push(annotations)

    def set_predictions(self, rows: Iterable[Landmark]) -> int:
        """Take a run's predictions over; see :meth:`Annotations.with_predictions`.

        Not a step of its own: they follow from the edit before, and are undone with it.

        Returns
        -------
        int
            How many predictions moved by more than a pixel.
        """
        annotations, moved = self.annotations.with_predictions(rows)
        self.history.amend(annotations)
        return moved

    def take_proposals(self, folder: str, proposals: Proposals, name: str = "") -> None:
        """Take over the masks that a run proposes for a structure.

        No step of its own, and none takes it back: it holds for the states to undo and redo too.

        Parameters
        ----------
        folder : str
            That of the structure; what people said of it stands.
        proposals : Proposals
            As :func:`~napari_localcl.data.project_mask_table.read_proposals` has read them.
        name : str
            What the structure is called if it is new; empty is as its folder.
        """
        self.history.transform(
            lambda now: now.with_masks(now.masks.with_proposals(folder, proposals, name))
        )
        self.update(proposed_by={**self.record.proposed_by, folder: proposals.run})

    def keep_mask(self, image: str, structure: str, bits: Bits) -> None:
        """Keep the pixels of one mask as :meth:`keep_masks` does."""
        self.keep_masks(structure, {self.annotations.masks.images.index(image): bits})

    def keep_masks(self, structure: str, bits: Mapping[int, Bits]) -> None:
        """Keep the pixels of people's masks in memory, because their files are about to change.

        All states to undo and redo have them then.

        Parameters
        ----------
        structure : str
            Of which the masks are.
        bits : dict of int to Bits
            Their pixels by index of the image; those that are in memory already are passed over.
        """
        known = self.annotations.masks.structures.get(structure, Structure())
        said = [(known.said[index], bits[index]) for index in known.unread if index in bits]
        kept = {id(one): replace(one, bits=pixels) for one, pixels in said}
        if kept:
            self.history.transform(lambda now: now.with_masks(now.masks.with_said(kept)))

    def update(self, **changes: Any) -> None:
        """Change fields of the record; unlike edits, not to be undone.

        Raises
        ------
        pydantic.ValidationError
            If a value is out of range, which is a mistake of the caller.
        """
        self.record = ProjectRecord.model_validate({**dict(self.record), **changes})

    def apply(self, relocation: Relocation) -> None:
        """Agree to where the images are now; steps before can no longer be undone."""
        root = portable(relocation.root, self.folder)
        self.update(root=root, input=(root,), images=relocation.images)
        before, self.listing = self.masks, self.record.listing(self.folder)
        rename_masks(before, self.masks, self.annotations.masks)
        self.history = History(self.annotations.with_images(images_of(self.listing)))

    # Saving

    @property
    def is_dirty(self) -> bool:
        """Whether there is anything that is not saved."""
        saved = self._saved
        return saved.record is not self.record or saved.annotations is not self.annotations

    def document(self) -> Document:
        """Return all that is to be saved, which later edits leave as it is."""
        return Document(self.record, self.annotations)

    def save(self, document: Document | None = None) -> None:
        """Write what has changed.

        Parameters
        ----------
        document : Document or None
            What to write, from another thread perhaps; None is the present state.

        Raises
        ------
        BadInput
            If another window has the project, the disk is full, or the folder cannot be written.
        """
        document = document or self.document()
        self.check_writable()
        try:
            self._write(document)
        except OSError as error:
            raise BadInput(
                f"the project {self.folder} could not be saved ({error.strerror or error}); your "
                "work is kept in memory: free some space or make the folder writable"
            ) from error
        self._saved = document

    def check_writable(self) -> None:
        """Refuse what a window may not do that has the project open for reading only.

        Raises
        ------
        BadInput
            If this is such a window; says why.
        """
        if obstacle := self.lock.obstacle:
            raise BadInput(obstacle)

    def close(self) -> None:
        """Let other windows have the project; what is not saved is lost."""
        self.lock.release()

    def _write(self, document: Document) -> None:
        record, annotations = document.record, document.annotations
        saved = self._saved.annotations
        if annotations.columns is not saved.columns or annotations.images is not saved.images:
            write_project_landmarks(self.folder / "landmarks.csv", annotations)
        folders = annotations.masks.folders
        are_named = annotations.names == saved.names and folders == saved.masks.folders
        if record is not self._saved.record or not are_named:
            names = {"landmarks": annotations.names, "structures": folders}
            named = record.model_copy(update=names)
            write_record(self.folder / "project.json", named)
        # Last, so that a mask that cannot be written keeps nothing else from being saved.
        if annotations.masks is not saved.masks:
            write_project_masks(self.masks, saved.masks, annotations.masks)
