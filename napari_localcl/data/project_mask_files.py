"""The pixels of a project's masks on the disk.

``labels/<structure>/``           a person's masks, each named like its image; of a volume, slices
                                  that nobody has settled are 0
``proposals/<folder>/<run>/``     what a run wrote: masks, `uncertainty/` and `masks.csv`; the
                                  folder is called as the structure was at first

A person's mask that is replaced or taken back is kept beside it as `<name>.bak`, and in
`versions/<folder>/`.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from napari_localcl.data.atomic import keep_last, retire, way_back
from napari_localcl.data.errors import BadInput
from napari_localcl.data.mask_bits import Bits
from napari_localcl.data.mask_table import TABLE, UNCERTAINTY
from napari_localcl.data.mask_versions import Version, keep_version, versions_of
from napari_localcl.data.mask_writing import mask_name, write_mask
from napari_localcl.data.masks import read_mask
from napari_localcl.data.reading import stem
from napari_localcl.data.structures import MaskState, Structure

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from napari_localcl.data.folder import Listing, Plane
    from napari_localcl.data.project_masks import Masks
    from napari_localcl.data.structures import Said

    Labels = npt.NDArray[np.unsignedinteger[Any]]
    Mask = npt.NDArray[np.bool_]

VERSIONS = "versions"
MASK_ENDINGS = (".png", ".tif", ".nii.gz")


@dataclass(frozen=True)
class MaskFiles:
    """Where the pixels of a project's masks are, and what they are.

    Parameters
    ----------
    folder : Path
        The project.
    listing : Listing
        Its images.
    """

    folder: Path
    listing: Listing

    @property
    def labels(self) -> Path:
        """The folder of people's masks."""
        return self.folder / "labels"

    @property
    def table(self) -> Path:
        """The table of what people say of masks."""
        return self.labels / TABLE

    def drawn(self, masks: Masks) -> list[Path]:
        """Return the files of people's masks that are on the disk, each once."""
        planes = self.listing.planes
        said = {
            (structure, planes[index].item): planes[index]
            for (structure, index), words in masks.said().items()
            if words.has_mask
        }
        paths = [self.of_person(structure, plane) for (structure, _), plane in said.items()]
        return [path for path in paths if path.exists()]

    def complete(self, masks: Masks, structure: str) -> dict[Path, int]:
        """Return the files, once all is saved, of people's masks of whole images and volumes.

        Slices that nobody has settled are 0 in the file of a volume, which says nothing of them.
        Each file comes with how many images it is of.
        """
        said = masks.structures[structure].said
        found: dict[Path, int] = {}
        for planes in self.listing.items.values():
            words = [said.get(masks.images.index(plane.name)) for plane in planes]
            if all(one is not None and one.has_mask for one in words):
                found[self.of_person(structure, planes[0])] = len(planes)
        return found

    def proposals(self, folder: str, run: str) -> Path:
        """Return the folder of a run's masks of a structure, itself known by its folder."""
        return self.folder / "proposals" / folder / run

    def discard(self, folder: str, run: str) -> None:
        """Remove the masks of a run that was given up.

        Raises
        ------
        BadInput
            If they cannot be removed.
        """
        path = self.proposals(folder, run)
        try:
            shutil.rmtree(path)
        except FileNotFoundError:
            return
        except OSError as error:
            why = error.strerror or error
            raise BadInput(f"the masks in {path} cannot be removed ({why})") from error

    def of_person(self, structure: str, plane: Plane) -> Path:
        """Return the file of a person's mask of an image or of its whole volume.

        Raises
        ------
        BadInput
            If another image has the same stem.
        """
        other = next((one for one in self.by_stem[stem(plane.item)] if one != plane.item), None)
        if other is not None:
            raise BadInput(
                f"the masks of {plane.item} and {other} would have one name; rename an image"
            )
        return self.labels / structure / mask_name(plane)

    @cached_property
    def by_stem(self) -> Mapping[str, list[str]]:
        """The images and volumes by the names of their masks, without endings."""
        found: dict[str, list[str]] = {}
        for item in self.listing.items:
            found.setdefault(stem(item), []).append(item)
        return found

    def read(self, masks: Masks, structure: str, image: str) -> Mask | None:
        """Return the mask that holds for an image: a person's, else the proposal, else None.

        Raises
        ------
        BadInput
            If its file is gone or damaged; says how to go back if there is a way.
        """
        known = masks.structures.get(structure, Structure())
        plane, index = self.listing.named(image), masks.images.index(image)
        said = known.said.get(index)
        if said and said.has_mask:
            return self._read_said(said, structure, known, plane)
        if known.state(index) is MaskState.PROPOSED:
            proposals = known.proposals
            return self._read_proposal(known, proposals.run, proposals.files[index], plane)
        return None

    def read_proposal(self, masks: Masks, structure: str, image: str) -> Mask | None:
        """Return the mask that a run proposes for an image, whatever people say; None without.

        Raises
        ------
        BadInput
            If its file is gone or damaged.
        """
        known = masks.structures[structure]
        file = known.proposals.files.get(masks.images.index(image))
        plane = self.listing.named(image)
        return self._read_proposal(known, known.proposals.run, file, plane) if file else None

    def versions(self, masks: Masks, structure: str, image: str) -> list[Version]:
        """Return the earlier versions of a person's mask, the latest first."""
        folder = self.folder / VERSIONS / masks.folder_of(structure)
        return versions_of(folder, Path(mask_name(self.listing.named(image))))

    def read_version(self, version: Version, image: str) -> Mask:
        """Return an image's mask as it was; BadInput if the file is gone or damaged."""
        return _slice_of(version.path, self.listing.named(image)) > 0

    def read_said(self, masks: Masks, structure: str) -> dict[int, Bits]:
        """Return those masks of people, by index of the image, that the disk alone has.

        Raises
        ------
        BadInput
            If a file is gone or damaged.
        """
        found = {}
        for index in masks.structures[structure].unread:
            mask = self.read(masks, structure, masks.images.names[index])
            found[index] = Bits.of(cast("Mask", mask))
        return found

    def read_uncertainty(
        self, masks: Masks, structure: str, image: str
    ) -> npt.NDArray[np.uint8] | None:
        """Return how undecided the run was about each pixel, 0 to 255; None if it did not say."""
        known = masks.structures.get(structure, Structure())
        proposals, index = known.proposals, masks.images.index(image)
        if index not in proposals.files:
            return None
        folder = self.proposals(known.folder, proposals.run) / UNCERTAINTY
        path, plane = folder / proposals.files[index], self.listing.named(image)
        return _slice_of(path, plane).astype(np.uint8) if path.exists() else None

    def write(self, before: Masks, after: Masks) -> None:
        """Write the masks of which people say something else than before.

        Parameters
        ----------
        before, after : Masks
            What the disk has, and what it shall have.

        Raises
        ------
        OSError
            If the disk is full or the folder cannot be written; the mask at hand is as before.
        BadInput
            If a proposal that was accepted is gone, or a mask on the disk is damaged.
        """
        planes = self.listing.planes
        # Those that are renamed or deleted last: each mask is always somewhere on the disk.
        changed = sorted(
            after.changed_since(before), key=lambda at: (at[0] not in after.structures, at)
        )
        for (structure, _), some in groupby(changed, lambda at: (at[0], planes[at[1]].item)):
            indices = [index for _, index in some]
            self._write_item(structure, indices, after.structures.get(structure, Structure()))

    def _read_said(self, said: Said, structure: str, known: Structure, plane: Plane) -> Mask:
        if said.bits is not None:
            return said.bits.mask()
        path = self.of_person(structure, plane)
        # Accepted a moment ago, and not saved yet.
        if said.file and said.state is MaskState.ACCEPTED and not path.exists():
            return self._read_proposal(known, said.run, said.file, plane)
        return _slice_of(path, plane) > 0

    def _read_proposal(self, known: Structure, run: str, file: str, plane: Plane) -> Mask:
        return _slice_of(self.proposals(known.folder, run) / file, plane) > 0

    def _write_item(self, structure: str, changed: list[int], known: Structure) -> None:
        """Write the mask of an image, or of those slices of a volume that have changed."""
        plane = self.listing.planes[changed[0]]
        path = self.of_person(structure, plane)
        self._keep_version(structure, known, path)
        if not any(said.has_mask for said in self._all_said(plane, known)):
            retire(path)
            return
        shape = (plane.header.depth, *plane.header.size)
        labels = _stored(path, plane) if path.exists() else np.zeros(shape, np.uint8)
        for index in changed:
            one, said = self.listing.planes[index], known.said.get(index)
            labels[one.z or 0] = self._pixels(said, known, one, labels[one.z or 0])
        keep_last(path)
        write_mask(path, labels[0] if plane.z is None else labels, plane)

    def _keep_version(self, structure: str, known: Structure, path: Path) -> None:
        # The folder's name stays when the structure is renamed; of one that is gone, it is lost.
        place, file = self.folder / VERSIONS, path.relative_to(self.labels / structure)
        keep_version(place / (known.folder or structure), file, path)

    def _all_said(self, plane: Plane, known: Structure) -> list[Said]:
        """Return what people say of all slices of an item."""
        planes = self.listing.planes
        return [said for index, said in known.said.items() if planes[index].item == plane.item]

    def _pixels(
        self, said: Said | None, known: Structure, plane: Plane, stored: Labels
    ) -> Labels | Mask:
        if said is None or not said.has_mask:
            return np.zeros_like(stored)
        if said.bits is not None:
            return said.bits.mask()
        if said.file and said.state is MaskState.ACCEPTED:
            return self._read_proposal(known, said.run, said.file, plane)
        return stored


def _stored(path: Path, plane: Plane) -> Labels:
    """Return the mask of an item as it is on the disk, (Z, H, W)."""
    if not path.exists():
        raise BadInput(f"the mask {path} is gone; {way_back(path)}")
    shape = (plane.header.depth, *plane.header.size)
    labels = read_mask(path, shape if plane.z is not None else shape[1:]).labels
    return labels.reshape(shape).copy()


def _slice_of(path: Path, plane: Plane) -> Labels:
    slices: Labels = _stored(path, plane)[plane.z or 0]
    return slices
