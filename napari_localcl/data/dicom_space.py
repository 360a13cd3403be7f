"""Where DICOM says its planes lie in the patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data.dicom_tags import find, frames, numbers
from napari_localcl.data.geometry import IDENTITY, Geometry, regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
STATED = (
    *_SPACINGS,
    "SpacingBetweenSlices",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)


def geometry(slices: Sequence[Any]) -> Geometry:
    """Put together where the pixels of an image or volume lie.

    Parameters
    ----------
    slices : sequence of pydicom.Dataset
        The slices of a series in their order, or one file of one or more frames.

    Returns
    -------
    Geometry
        Each plane where it says itself. Where positions are missing or all the same (a cine), the
        planes are stacked along their normal, by the distance stated or else by 1 mm; without
        spacing or orientation as by :func:`regular`.
    """
    first = slices[0]
    planes = slices if len(slices) > 1 else frames(first) or slices
    depth = max(len(planes), int(first.get("NumberOfFrames") or 1))
    spacing = (frame_distance(first) or 1.0, *(plane_spacing(first) or (1.0, 1.0)))
    places = [numbers(plane, "ImagePositionPatient") for plane in planes]
    stack = regular(depth, spacing, places[0] or (0.0, 0.0, 0.0), direction(first) or IDENTITY)
    stated = tuple((x, y, z) for x, y, z in filter(None, places))
    return Geometry(stated, stack.down, stack.right) if len(set(stated)) == depth else stack


def plane_spacing(data: Any) -> tuple[float, float] | None:
    """Look up the distance of pixels.

    Parameters
    ----------
    data : pydicom.Dataset
        A file.

    Returns
    -------
    (float, float) or None
        Millimetres from row to row and from column to column.
    """
    for keyword in _SPACINGS:
        value = numbers(data, keyword)
        if value and len(value) == 2 and min(value) > 0:
            return value[0], value[1]
    return None


def along_normal(
    position: tuple[float, ...] | None, direction: tuple[float, ...] | None
) -> float | None:
    """Return how far along the planes' normal a position lies.

    Parameters
    ----------
    position : (x, y, z) or None
        Millimetres.
    direction : nine floats or None
        As :func:`direction` returns them.

    Returns
    -------
    float or None
        Millimetres; None unless both are known.
    """
    if position is None or direction is None:
        return None
    # Rounded, so that slices that lie at one place (a cine) are in the order of their numbers.
    return round(float(np.dot(position, direction[2::3])), 4)


def direction(data: Any) -> tuple[float, ...] | None:
    """Look up the orientation of the planes.

    Parameters
    ----------
    data : pydicom.Dataset
        A file.

    Returns
    -------
    nine floats or None
        Direction cosines, row-major; columns for the x, y and z index, in LPS.
    """
    cosines = numbers(data, "ImageOrientationPatient")
    if cosines is None or len(cosines) != 6:
        return None
    x, y = np.array(cosines[:3]), np.array(cosines[3:])
    return tuple(float(value) for value in np.stack([x, y, np.cross(x, y)], axis=1).ravel())


def frame_distance(data: Any) -> float | None:
    """Find the distance of the frames of a file.

    Parameters
    ----------
    data : pydicom.Dataset
        A file.

    Returns
    -------
    float or None
        Millimetres, from the frames' positions or as stated.
    """
    told = direction(data)
    places = [along_normal(numbers(frame, "ImagePositionPatient"), told) for frame in frames(data)]
    stated = find(data, "SpacingBetweenSlices")
    found = typical_step(place for place in places if place is not None)
    return found or (abs(float(stated)) if stated else None)


def typical_step(places: Iterable[float]) -> float | None:
    """Return the median distance of neighbours among places on a line; None if all are one."""
    steps = np.diff(np.unique(list(places)))
    return float(np.median(steps)) if steps.size else None
