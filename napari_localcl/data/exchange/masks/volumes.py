"""Masks as maps of labels, one file for each image or volume: NIfTI with its place, or TIFF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data import nifti, reading, tiff
from napari_localcl.data.classes import TABLE, write_classes
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.masks.mask_set import MaskSet, find_mask_set
from napari_localcl.data.exchange.matching import file_for
from napari_localcl.data.reading import stem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt
    import SimpleITK

    from napari_localcl.data.classes import LabelClass
    from napari_localcl.data.folder import Listing, Plane

    Labels = npt.NDArray[np.unsignedinteger[Any]]
    Masks = dict[str, dict[str, npt.NDArray[np.bool_]]]

NIFTI, TIFF = ".nii.gz", ".tif"


def write_nifti(out: Path, masks: MaskSet) -> int:
    """Write a NIfTI file for each image or volume, where it lies in the patient; tells how many."""
    return _write(out, masks, NIFTI, lambda path, labels, plane: save_nifti(path, labels, plane))


def write_tiff(out: Path, masks: MaskSet) -> int:
    """Write a TIFF for each image or volume, with its spacing where that is known."""
    return _write(out, masks, TIFF, _save_tiff)


def read(path: Path, listing: Listing) -> tuple[tuple[LabelClass, ...], Masks]:
    """Read a folder of labels, of whatever format; see :func:`find_mask_set`."""
    found = find_mask_set([str(path)], listing)
    masks = {item: found.read(item) for item in found.files}
    return found.classes, masks


def save_nifti(path: Path, pixels: npt.NDArray[Any], plane: Plane) -> None:
    """Write pixels (Z, H, W) of an image or volume as NIfTI, where that lies in the patient.

    Raises
    ------
    BadInput
        If the slices of the volume do not lie evenly, so that no NIfTI file can place them.
    """
    first = plane.path[0] if isinstance(plane.path, tuple) else plane.path
    if reading.sniff(first) == "NIfTI" and not isinstance(plane.path, tuple):
        nifti.write_like(path, pixels if plane.z is not None else pixels[0], first)
    else:
        nifti.write(path, _placed(pixels, plane))


def _placed(pixels: npt.NDArray[Any], plane: Plane) -> SimpleITK.Image:
    import SimpleITK

    place = reading.geometry(plane.path)
    right, down = np.array(place.right), np.array(place.down)
    origins = np.array(place.origins)
    normal = np.cross(right, down) / np.linalg.norm(np.cross(right, down))
    step = (origins[-1] - origins[0]) / max(len(origins) - 1, 1) if len(origins) > 1 else normal
    even = origins[0] + np.arange(len(origins))[:, None] * step
    if np.abs(even - origins).max() > 0.01 * np.linalg.norm(step):
        raise BadInput(f"{plane.item}: its slices do not lie evenly; export it as TIFF")
    image = SimpleITK.GetImageFromArray(pixels)
    axes = [right, down, step]
    image.SetSpacing([float(np.linalg.norm(axis)) for axis in axes])
    image.SetOrigin([float(value) for value in origins[0]])
    directions = np.stack([axis / np.linalg.norm(axis) for axis in axes], axis=1)
    image.SetDirection(directions.ravel().tolist())
    return image


def _write(
    out: Path, masks: MaskSet, suffix: str, save: Callable[[Path, Labels, Plane], None]
) -> int:
    for item in masks.files:
        save(file_for(out, stem(item), suffix), masks.labels(item), masks.plane(item))
    write_classes(out / TABLE, masks.classes)
    return len(masks.files)


def _save_tiff(path: Path, labels: Labels, plane: Plane) -> None:
    place = reading.geometry(plane.path)
    steps = [float(np.linalg.norm(axis)) for axis in (place.down, place.right)]
    if plane.z is None:
        tiff.write(path, labels[0], "YX", steps)
        return
    origins = np.array(place.origins)
    between = float(np.linalg.norm(origins[1] - origins[0])) if len(origins) > 1 else None
    tiff.write(path, labels, "ZYX", [between, *steps])
