"""Masks as COCO instances: one file for all images, outlines or run lengths.

Each part of a structure that hangs together is an annotation. One with a hole cannot be an outline
and has run lengths. The slices of a volume are images of their own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.documents import read_json
from napari_localcl.data.exchange.masks.mask_set import classes_of
from napari_localcl.data.exchange.masks.outlines import (
    is_hole,
    mask_of_outlines,
    mask_of_runs,
    outlines,
    run_lengths,
    runs_of_text,
)
from napari_localcl.data.exchange.matching import ImageNames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.classes import LabelClass
    from napari_localcl.data.exchange.masks.mask_set import MaskSet
    from napari_localcl.data.folder import Listing, Plane

    Mask = npt.NDArray[np.bool_]
    Masks = dict[str, dict[str, Mask]]


class Runs(BaseModel):
    """A mask as run lengths, plain or in COCO's short form."""

    size: tuple[int, int]
    counts: str | list[int]


class Instance(BaseModel):
    """What is marked of one category in one image; without a segmentation, nothing."""

    image_id: int | str
    category_id: int | str
    segmentation: Runs | list[list[float]] | None = None


class Picture(BaseModel):
    """An image."""

    id: int | str
    file_name: str


class Category(BaseModel):
    """A structure."""

    id: int | str
    name: str


class InstancesFile(BaseModel):
    """A file of instances."""

    images: list[Picture] = []
    categories: list[Category] = []
    annotations: list[Instance] = []


def write(path: Path, masks: MaskSet) -> int:
    """Write outlines, and run lengths where there are holes; returns how many images there are."""
    return _write(path, masks, with_outlines=True)


def write_runs(path: Path, masks: MaskSet) -> int:
    """Write run lengths, one annotation for each structure of an image."""
    return _write(path, masks, with_outlines=False)


def read(path: Path, listing: Listing) -> tuple[tuple[LabelClass, ...], Masks]:
    """Read the masks of all images.

    Parameters
    ----------
    path : Path
        A COCO file.
    listing : Listing
        The images it may be about; `file_name` may begin in another folder.

    Returns
    -------
    classes : tuple of LabelClass
        The categories that anything is marked of.
    masks : dict of str to dict of str to (Z, H, W) bool ndarray
        By image or volume, then by structure.

    Raises
    ------
    BadInput
        If it is no such file, an image is unknown, or a mask does not fit its image.
    """
    document = read_json(path, InstancesFile, "a COCO file")
    known = ImageNames.of_planes(listing)
    files = {picture.id: picture.file_name for picture in document.images}
    names = {category.id: category.name for category in document.categories}
    masks: Masks = {}
    for one in document.annotations:
        if one.segmentation is None:
            continue
        if one.image_id not in files or one.category_id not in names:
            raise BadInput(f"{path} has an annotation of an image or a category that it lacks")
        image = known.find(files[one.image_id], str(path))
        assert image is not None
        plane = listing.named(image)
        shape = (plane.header.depth, *plane.header.size)
        volume = masks.setdefault(plane.item, {})
        into = volume.setdefault(names[one.category_id], np.zeros(shape, bool))
        into[plane.z or 0] |= _mask(one.segmentation, plane, str(path))
    if not masks:
        raise BadInput(f"{path} holds no masks: its annotations have no segmentation")
    return classes_of(name for own in masks.values() for name in own), masks


def _mask(told: Runs | list[list[float]], plane: Plane, place: str) -> Mask:
    size = plane.header.size
    if not isinstance(told, Runs):
        return mask_of_outlines(told, size)
    if told.size != size:
        sides = " x ".join(map(str, told.size)), " x ".join(map(str, size))
        raise BadInput(f"{place}: the mask of {plane.name} is {sides[0]} pixels, not {sides[1]}")
    counts = runs_of_text(told.counts) if isinstance(told.counts, str) else told.counts
    return mask_of_runs(counts, size)


def _write(path: Path, masks: MaskSet, with_outlines: bool) -> int:
    pictures: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    numbers = {one.name: one.value for one in masks.classes}
    for item in masks.files:
        own = masks.read(item)
        for plane in masks.listing.items[item]:
            height, width = plane.header.size
            pictures.append(
                {"id": len(pictures) + 1, "file_name": plane.name, "height": height, "width": width}
            )
            for name, mask in own.items():
                for facts in _parts(mask[plane.z or 0], with_outlines):
                    places = {"image_id": len(pictures), "category_id": numbers[name]}
                    annotations.append({"id": len(annotations) + 1, **places, **facts})
    document = {
        "info": {"description": "Masks by napari-localcl"},
        "images": pictures,
        "categories": [{"id": one.value, "name": one.name} for one in masks.classes],
        "annotations": annotations,
    }
    with replacing(path) as part:
        part.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return len(pictures)


def _parts(mask: Mask, with_outlines: bool) -> Iterator[dict[str, Any]]:
    from scipy.ndimage import find_objects, label

    if not mask.any():
        return
    if not with_outlines:
        yield _facts(mask, {"size": list(mask.shape), "counts": run_lengths(mask)})
        return
    parts, _count = label(mask)
    for number, box in enumerate(find_objects(parts), 1):
        part = parts == number
        told = outlines(part[box])
        if any(map(is_hole, told)):
            yield _facts(part, {"size": list(mask.shape), "counts": run_lengths(part)})
        else:
            corner = np.array([box[1].start, box[0].start])
            polygons = [(np.array(one) + corner).ravel().astype(float).tolist() for one in told]
            yield _facts(part, polygons)


def _facts(mask: Mask, segmentation: object) -> dict[str, Any]:
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    left, top = int(columns[0]), int(rows[0])
    width, height = int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top
    return {
        "segmentation": segmentation,
        "area": int(np.count_nonzero(mask)),
        "bbox": [left, top, width, height],
        "iscrowd": 0,
    }
