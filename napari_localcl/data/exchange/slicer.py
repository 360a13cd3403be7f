"""3D Slicer's markups: one `.mrk.json` per image or volume, points in millimetres.

Source: 3D Slicer, Markups module, JSON schema 1.0.3. A list of type `Fiducial` holds the landmarks
of all slices of a volume; which slice a point is on follows from its position. Positions are in the
patient's left-posterior-superior frame (LPS) as :func:`napari_localcl.data.reading.geometry` reads
it. A PNG, JPEG or TIFF that states no spacing has spacing 1, origin 0, rows towards posterior and
columns towards left, so its positions are `(x, y, 0)` in pixels; where Slicer takes a printer's
dots per inch in such a file for a spacing, set the spacing to 1 there (module Volumes).

A landmark without a point, absent or not, is in no file. Confidence and source stand in the control
point's description, as `confidence=0.9, source=machine:run`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from napari_localcl.data import reading
from napari_localcl.data.annotations import Landmark
from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.matching import ImageNames, file_for

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_localcl.data.exchange.documents import ControlPoint, Markup
    from napari_localcl.data.folder import Listing, Plane
    from napari_localcl.data.geometry import Geometry, Vector

SUFFIX = ".mrk.json"
_SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/"
    "Schema/markups-schema-v1.0.3.json#"
)
_TO_LPS = {"LPS": (1.0, 1.0, 1.0), "RAS": (-1.0, -1.0, 1.0)}
_MILLIMETRES = {"mm": 1.0, "um": 1e-3}
_REMARK = re.compile(r"(?:confidence=(\d+(?:\.\d+)?(?:e[+-]?\d+)?))?(?:, )?(?:source=(.+))?")
# A millionth of a pixel: finer is the rounding of the way to millimetres and back.
_DIGITS = 6


def write(folder: Path, rows: Iterable[Landmark], listing: Listing) -> None:
    """Write one file per image or volume, each named after it, in its subfolder.

    Parameters
    ----------
    folder : Path
        Made if needed; `sub/a.nii.gz` becomes `sub/a.nii.gz.mrk.json` in it.
    rows : iterable of Landmark
        Points in pixels.
    listing : Listing
        The images they are on.

    Raises
    ------
    BadInput
        If an image is unknown or its geometry cannot be read, or if a file is given for the folder.
    """
    if folder.name.lower().endswith(".json"):
        raise BadInput(f"3D Slicer takes one file per image: give a folder instead of {folder}")
    placed: dict[str, list[tuple[Plane, Landmark]]] = {}
    for row in rows:
        plane = listing.named(row.image)
        placed.setdefault(plane.item, []).append((plane, row))
    documents = {item: _document(points) for item, points in placed.items()}
    for item, document in documents.items():
        with replacing(file_for(folder, item, SUFFIX)) as part:
            part.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")


def read(path: Path, listing: Listing, strangers: set[str] | None = None) -> tuple[Landmark, ...]:
    """Read the points of one image or volume.

    Parameters
    ----------
    path : Path
        Named after the image, with or without the image's suffix; with a single image listed, the
        name does not matter. Both LPS and RAS are understood. Points that were never placed are
        left out.
    listing : Listing
        The images it may be about.
    strangers : set of str or None
        Takes the name of a file whose image is unknown, which is left out; None refuses it.

    Returns
    -------
    tuple of Landmark
        In file order, each on the nearest slice; positions are rounded to a millionth of a pixel.

    Raises
    ------
    BadInput
        If it is no such file or holds no list of points, if its image is unknown, its frame or unit
        is, or a point lies off the image's slices.
    """
    from napari_localcl.data.exchange.documents import MarkupsFile, read_json

    document = read_json(path, MarkupsFile, "a markups file of 3D Slicer")
    lists = [markup for markup in document.markups if markup.kind == "Fiducial"]
    if not lists:
        raise BadInput(f"{path} holds no point list (type Fiducial); save the points as one")
    item = _item(path, listing, strangers)
    if item is None:
        return ()
    planes = listing.items[item]
    geometry = reading.geometry(planes[0].path)
    return tuple(
        _landmark(path, point, _millimetres(path, markup, point.position), planes, geometry)
        for markup in lists
        for point in markup.points
        if point.position is not None and point.status == "defined"
    )


def _document(points: list[tuple[Plane, Landmark]]) -> dict[str, Any]:
    geometry = reading.geometry(points[0][0].path)
    markup = {
        "type": "Fiducial",
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "controlPoints": [
            {
                "id": str(number),
                "label": row.landmark,
                "description": _remark(row),
                "position": geometry.to_patient(plane.z or 0, row.y, row.x),
                "positionStatus": "defined",
            }
            for number, (plane, row) in enumerate(points, 1)
        ],
    }
    return {"@schema": _SCHEMA, "markups": [markup]}


def _remark(row: Landmark) -> str:
    confidence = [] if row.confidence is None else [f"confidence={float(row.confidence)!r}"]
    return ", ".join([*confidence, *([f"source={row.source}"] if row.source else [])])


def _item(path: Path, listing: Listing, strangers: set[str] | None) -> str | None:
    if len(listing.items) == 1:
        return next(iter(listing.items))
    # Slicer's users name a list after the case rather than after its file.
    bare = {re.sub(r"(\.nii)?\.\w+$", "", item): item for item in listing.items}
    every = bare | {item: item for item in listing.items}
    known = ImageNames(every, str(listing.root), strangers)
    return known.find(path.as_posix().removesuffix(SUFFIX), f"{path} is not named after an image")


def _millimetres(path: Path, markup: Markup, position: Vector) -> Vector:
    if markup.system not in _TO_LPS:
        raise BadInput(
            f"{path} has its points in the frame {markup.system!r}; save them in LPS or RAS"
        )
    unit = markup.units if isinstance(markup.units, str) else "".join(markup.units[:1])
    if unit not in _MILLIMETRES:
        raise BadInput(f"{path} has its points in {unit!r}; save them in millimetres (mm)")
    x, y, z = (
        value * sign * _MILLIMETRES[unit]
        for value, sign in zip(position, _TO_LPS[markup.system], strict=True)
    )
    return x, y, z


def _landmark(
    path: Path, point: ControlPoint, place: Vector, planes: tuple[Plane, ...], geometry: Geometry
) -> Landmark:
    try:
        z, y, x = geometry.to_pixel(place)
    except BadInput as error:
        raise BadInput(
            f"{path}: {point.label!r} lies {error} of {planes[0].item}; "
            "check that the file belongs to this image"
        ) from error
    remark = _REMARK.fullmatch(point.description)
    confidence, source = remark.groups() if remark else (None, None)
    return Landmark(
        planes[z].name,
        point.label,
        round(y, _DIGITS),
        round(x, _DIGITS),
        float(confidence) if confidence else None,
        source,
    )
