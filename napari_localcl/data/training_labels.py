"""The masks that people made of some structures, as labels to learn from.

One file for each image or volume that somebody has a mask in, and `classes.csv`. What a mask marks
is its structure's; all else in that image is background, but for what a proposal covers that nobody
has accepted or corrected: that is left open. So are slices that nobody has a mask in. Where masks
overlap, the smaller one lies on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.classes import TABLE, LabelClass, write_classes
from napari_localcl.data.errors import BadInput
from napari_localcl.data.label_canvas import UNKNOWN
from napari_localcl.data.mask_writing import mask_name, write_mask
from napari_localcl.data.overlaps import lay_over
from napari_localcl.data.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.folder import Plane
    from napari_localcl.data.project_mask_files import MaskFiles
    from napari_localcl.data.project_masks import Masks

    Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class TrainingLabels:
    """Labels that were written.

    Attributes
    ----------
    folder : Path
        Where.
    images : int
        How many images and slices somebody has a mask in.
    """

    folder: Path
    images: int


def labelled(masks: Masks, structures: Collection[str]) -> list[int]:
    """Return the images, by index, in which people have a mask of one of the structures."""
    known = [masks.structures[name].said for name in structures if name in masks.structures]
    return sorted({at for said in known for at, words in said.items() if words.has_mask})


def write_training_labels(
    files: MaskFiles, masks: Masks, structures: Sequence[str], folder: Path
) -> Generator[Progress, None, TrainingLabels]:
    """Write what people have masks of, see the module.

    Parameters
    ----------
    files : MaskFiles
        Of the project.
    masks : Masks
        What is known of them.
    structures : sequence of str
        Which; the first is 1 in the labels and so on. They are called by their folders.
    folder : Path
        Where to; new.

    Returns
    -------
    TrainingLabels
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If nobody has a mask of a structure, all of them are empty, one cannot be read, or the disk
        is full.
    """
    classes = [LabelClass(at, masks.folder_of(name)) for at, name in enumerate(structures, 1)]
    planes = files.listing.planes
    chosen = labelled(masks, structures)
    has_mask = {planes[index].name for index in chosen}
    items = dict.fromkeys(planes[index].item for index in chosen)
    shown = np.zeros(len(classes) + 1, bool)
    for done, item in enumerate(items, 1):
        slices = files.listing.items[item]
        labels = np.full((slices[0].header.depth, *slices[0].header.size), UNKNOWN, np.uint8)
        for plane in slices:
            if plane.name in has_mask:
                own = _plane(files, masks, structures, plane.name)
                labels[plane.z or 0] = own
                shown[np.unique(own[own != UNKNOWN])] = True
        _write(folder, labels, slices[0])
        yield Progress("cache", step=done, steps=len(items), message="collecting your masks")
    missing = [name for name, is_shown in zip(structures, shown[1:], strict=True) if not is_shown]
    if missing:
        raise BadInput(f"no image shows {missing[0]}: paint it in one at least, or leave it out")
    write_classes(folder / TABLE, classes)
    return TrainingLabels(folder, len(chosen))


def _write(folder: Path, labels: Labels, plane: Plane) -> None:
    try:
        write_mask(folder / mask_name(plane), labels[0] if plane.z is None else labels, plane)
    except OSError as error:
        why = error.strerror or error
        raise BadInput(f"your masks cannot be collected in {folder} ({why})") from error


def _plane(files: MaskFiles, masks: Masks, structures: Iterable[str], image: str) -> Labels:
    """The labels of one image or slice, (H, W)."""
    index = masks.images.index(image)
    labels = np.zeros(files.listing.named(image).header.size, np.uint8)
    drawn = []
    for value, name in enumerate(structures, 1):
        said = masks.structures[name].said.get(index)
        if said and said.has_mask:
            mask = files.read(masks, name, image)
            assert mask is not None
            drawn.append((value, mask))
        else:
            waiting = files.read_proposal(masks, name, image)
            if waiting is not None:
                labels[waiting] = UNKNOWN
    lay_over(labels, drawn)
    return labels
