"""Layers as files: points as landmark tables, labels as TIFF and NIfTI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy as np
    import numpy.typing as npt

    from napari_localcl.data.annotations import Landmark

    Labels = npt.NDArray[np.integer[Any]]

_IN_MILLIMETRES = {"meter": 1e3, "centimeter": 10.0, "micrometer": 1e-3, "nanometer": 1e-6}


def write_points(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write a points layer as a landmark table.

    Parameters
    ----------
    path : str
        The CSV.
    data : (N, D) array
        Points; the last two coordinates are `(y, x)` in pixels.
    meta : mapping
        Of the layer. Its features may name the `landmark`, the `image`, the `source` and the
        `confidence`. Points without a landmark are numbered; without an image, they are named by
        the layer and, in a stack, by the slice. A landmark that an image has twice gets a number.

    Returns
    -------
    list of str
        The file.
    """
    from napari_localcl.data.annotations import write_landmarks

    write_landmarks(Path(path), list(_told_apart(_landmarks(data, meta))))
    return [path]


def write_tiff(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write a labels layer as OME-TIFF, in the smallest type that holds its labels.

    Parameters
    ----------
    path : str
        The file.
    data : (H, W), (D, H, W) or (T, D, H, W) array
        Labels.
    meta : mapping
        Of the layer; its scale becomes the physical size of a pixel.

    Returns
    -------
    list of str
        The file.

    Raises
    ------
    BadInput
        If it has another number of axes, or a label is below 0.
    """
    from napari_localcl.data import tiff

    labels = _compact(data)
    if not 2 <= labels.ndim <= 4:
        raise BadInput(f"{path} cannot hold labels of {labels.ndim} axes; save 2 to 4")
    tiff.write(Path(path), labels, "TZYX"[-labels.ndim :], _physical_sizes(meta, labels.ndim))
    return [path]


def write_nifti(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write a labels layer as NIfTI, in the smallest type that holds its labels.

    Parameters
    ----------
    path : str
        A `.nii` or `.nii.gz`.
    data : (H, W) or (D, H, W) array
        Labels.
    meta : mapping
        Of the layer; its scale becomes the spacing. A layer knows no patient: the rows point to
        the posterior and the columns to the left.

    Returns
    -------
    list of str
        The file.

    Raises
    ------
    BadInput
        If it has another number of axes, or a label is below 0.
    """
    import SimpleITK

    from napari_localcl.data import nifti

    labels = _compact(data)
    if labels.ndim not in (2, 3):
        raise BadInput(f"{path} cannot hold labels of {labels.ndim} axes; save 2 or 3, or a TIFF")
    image = SimpleITK.GetImageFromArray(labels)
    image.SetSpacing(_millimetres(meta, labels.ndim)[::-1])
    nifti.write(Path(path), image)
    return [path]


def _landmarks(data: Any, meta: Mapping[str, Any]) -> Iterator[Landmark]:
    import numpy as np

    from napari_localcl.data.annotations import Landmark

    # napari gives a table, whose columns dict() takes apart.
    features = {name: list(column) for name, column in dict(meta.get("features", {})).items()}
    nothing = [None] * len(data)
    landmarks, images, sources, confidences = (
        features.get(name, nothing) for name in ("landmark", "image", "source", "confidence")
    )
    for number, (*slices, y, x) in enumerate(np.asarray(data, float).tolist()):
        confidence = confidences[number]
        yield Landmark(
            _text(images[number]) or _image_name(meta, slices),
            _text(landmarks[number]) or f"point {number + 1}",
            y,
            x,
            None if confidence is None or np.isnan(confidence) else float(confidence),
            _text(sources[number]) or None,
        )


def _told_apart(rows: Iterable[Landmark]) -> Iterator[Landmark]:
    """Number the further points of an image that are called alike."""
    from dataclasses import replace

    seen: set[tuple[str, str]] = set()
    for row in rows:
        name, number = row.landmark, 1
        while (row.image, name) in seen:
            number += 1
            name = f"{row.landmark} {number}"
        seen.add((row.image, name))
        yield replace(row, landmark=name)


def _image_name(meta: Mapping[str, Any], slices: list[float]) -> str:
    known = dict(meta.get("metadata") or {}).get("image")
    name = str(known or meta.get("name") or "image")
    return name + "".join(f"#{round(at)}" for at in slices)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _compact(data: Any) -> Labels:
    import numpy as np

    labels: Labels = np.asarray(data)
    if labels.size and labels.min() < 0:
        raise BadInput("labels below 0 cannot be written; give them numbers from 0 on")
    most = int(labels.max(initial=0))
    kinds = (np.uint8, np.uint16, np.uint32)
    return labels.astype(next(kind for kind in kinds if most <= np.iinfo(kind).max))


def _physical_sizes(meta: Mapping[str, Any], axes: int) -> list[float | None] | None:
    """Return the millimetres along each axis but time; None where the layer states none."""
    steps = _millimetres(meta, axes)
    if set(steps[-3:]) == {1.0}:
        return None
    return [*[None] * (axes - 3), *steps[-3:]]


def _millimetres(meta: Mapping[str, Any], axes: int) -> tuple[float, ...]:
    scale = meta.get("scale")
    units = meta.get("units") or ()
    units = [units] * axes if isinstance(units, str) else list(units)
    factors = [_IN_MILLIMETRES.get(str(unit), 1.0) for unit in units] or [1.0] * axes
    steps = [1.0] * axes if scale is None else [float(step) for step in scale]
    return tuple(step * factor for step, factor in zip(steps, factors, strict=True))
