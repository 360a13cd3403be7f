"""DICOM: single files, multi-frame files and series of files, with geometry and window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data import dicom_pixels
from napari_localcl.data import dicom_space as space
from napari_localcl.data.dicom_tags import numbers
from napari_localcl.data.errors import BadInput
from napari_localcl.data.scan import Header, Scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from napari_localcl.data.geometry import Geometry

_PEEKED = [
    *space.STATED,
    "SeriesInstanceUID",
    "InstanceNumber",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
]
_DIRECTORY = "1.2.840.10008.1.3.10"


@dataclass(frozen=True)
class Instance:
    """What one DICOM file says of itself; enough to find its place in a series.

    Parameters
    ----------
    path : Path
        The file.
    header : Header
        Its image.
    group : tuple
        Equal for files that are slices of one volume, and then begins with the series' UID.
    place : (float, float)
        Distance along the slices' normal in millimetres, then the number in the series.
    """

    path: Path
    header: Header
    group: tuple[Any, ...]
    place: tuple[float, float]


def peek(path: Path) -> Instance | None:
    """Read the header of a DICOM file.

    Parameters
    ----------
    path : Path
        A DICOM file.

    Returns
    -------
    Instance or None
        None for the directory file of a DICOM medium, which is no image.

    Raises
    ------
    BadInput
        If the file holds no image, such as a report.
    """
    data = _without_pixels(path)
    if data.file_meta.get("MediaStorageSOPClassUID") == _DIRECTORY:
        return None
    if not data.get("Rows") or not data.get("Columns"):
        raise BadInput("holds no DICOM image")
    return Instance(path, _header(data), _group(path, data), _place(data))


def series(instances: Iterable[Instance]) -> list[tuple[Instance, ...]]:
    """Gather the files of each volume.

    Parameters
    ----------
    instances : iterable of Instance
        Files in any order, of any number of series.

    Returns
    -------
    list of tuple of Instance
        One tuple per volume or image, its files sorted by position; in order of first appearance.
    """
    groups: dict[tuple[Any, ...], list[Instance]] = {}
    for instance in instances:
        groups.setdefault(instance.group, []).append(instance)
    return [tuple(sorted(group, key=lambda one: one.place)) for group in groups.values()]


def header(path: Path) -> Header:
    """Read size, depth, channels and spacing of one DICOM file.

    Parameters
    ----------
    path : Path
        A DICOM file.

    Returns
    -------
    Header
        The frames of a multi-frame file are its planes.
    """
    instance = peek(path)
    if instance is None:
        raise BadInput("is a directory of DICOM files, not an image")
    return instance.header


def geometry(path: Path) -> Geometry:
    """Read where the pixels of one DICOM file lie.

    Parameters
    ----------
    path : Path
        A DICOM file of one or more frames.

    Returns
    -------
    Geometry
        Its frames are the planes.
    """
    return space.geometry([_without_pixels(path)])


def series_geometry(paths: Iterable[Path]) -> Geometry:
    """Read where the pixels of a series lie.

    Parameters
    ----------
    paths : iterable of Path
        The slices of one volume, in any order.

    Returns
    -------
    Geometry
        Each plane where its own file says; in the order of :func:`read_series`.
    """
    return space.geometry(sorted(map(_without_pixels, paths), key=_place))


def spacing(paths: Sequence[Path]) -> tuple[float, float, float] | None:
    """Read the spacing of a volume, without decoding pixels.

    Parameters
    ----------
    paths : sequence of Path
        The files of its series in any order, or one file of several frames.

    Returns
    -------
    (float, float, float) or None
        Millimetres from plane to plane, row to row and column to column; None if any is unknown.
    """
    slices = [_without_pixels(path) for path in paths]
    step = space.typical_step(_place(one)[0] for one in slices) or space.frame_distance(slices[0])
    return _with_step(space.plane_spacing(slices[0]), step)


def read(path: Path) -> Scan:
    """Decode one DICOM file.

    Parameters
    ----------
    path : Path
        A DICOM file of one or more frames.

    Returns
    -------
    Scan
        Rescaled to the modality's units where the file says how, bright always high.
    """
    from pydicom import dcmread

    data = dcmread(path, force=True)
    pixels, window = dicom_pixels.decode(path, data)
    plane = space.plane_spacing(data)
    return Scan(
        pixels,
        path,
        spacing=plane if pixels.ndim == 3 else _with_step(plane, space.frame_distance(data)),
        direction=space.direction(data),
        origin=numbers(data, "ImagePositionPatient"),
        modality=str(data.get("Modality", "")),
        window=window,
    )


def read_series(paths: Sequence[Path]) -> Scan:
    """Decode the files of one series into a volume.

    Parameters
    ----------
    paths : sequence of Path
        The files, in any order.

    Returns
    -------
    Scan
        Planes sorted by their position along the slices' normal. The window is kept where all
        slices agree on it.

    Raises
    ------
    BadInput
        If the files are not the slices of one volume.
    """
    volumes = series(one for path in paths if (one := peek(path)))
    if len(volumes) != 1:
        raise BadInput(
            f"and the {len(paths) - 1} files given with it are {len(volumes)} images, "
            "not the slices of one volume"
        )
    slices = [read(one.path) for one in volumes[0]]
    first, step = slices[0], space.typical_step(one.place[0] for one in volumes[0])
    return Scan(
        np.stack([one.pixels for one in slices], axis=1),
        first.path,
        spacing=_with_step(volumes[0][0].header.spacing, step),
        direction=first.direction,
        origin=first.origin,
        modality=first.modality,
        window=first.window if len({one.window for one in slices}) == 1 else None,
    )


def _without_pixels(path: Path) -> Any:
    from pydicom import dcmread

    return dcmread(path, force=True, stop_before_pixels=True, specific_tags=list(_PEEKED))


def _header(data: Any) -> Header:
    return Header(
        (int(data.Rows), int(data.Columns)),
        int(data.get("NumberOfFrames") or 1),
        3 if dicom_pixels.has_colour(data) else 1,
        space.plane_spacing(data),
    )


def _with_step(
    plane: tuple[float, float] | None, step: float | None
) -> tuple[float, float, float] | None:
    return (step, *plane) if step and plane else None


def _group(path: Path, data: Any) -> tuple[Any, ...]:
    uid, orientation = data.get("SeriesInstanceUID"), numbers(data, "ImageOrientationPatient")
    described = _header(data)
    placed = orientation and numbers(data, "ImagePositionPatient")
    if not uid or not placed or described.depth > 1:
        return (str(path),)
    # One series may hold scouts of another orientation or size, which are no part of the volume.
    return (str(uid), described.size, described.channels, tuple(np.round(orientation or (), 2)))


def _place(data: Any) -> tuple[float, float]:
    along = space.along_normal(numbers(data, "ImagePositionPatient"), space.direction(data))
    return along or 0.0, float(data.get("InstanceNumber") or 0)
