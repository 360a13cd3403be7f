"""COCO keypoints: one JSON file for all images.

Source: COCO data format, object detection and keypoint detection. Landmarks are the keypoints of
one category, and an image's landmarks are one annotation. Keypoints are `x, y, v` with v = 2 for a
point that is there and `0, 0, 0` for one that is not (absent, or not known); on reading, v = 1
(there but hidden) counts as there.

COCO counts keypoints in whole pixels from 0, so the first pixel is (0, 0), as in this project,
where that is its centre: positions go over unchanged, with their fractions. Boxes are measured from
the image's corner, so `bbox` covers all pixels that hold a point and has an area even around one.

COCO knows no volumes: a slice is an image whose `file_name` ends in `#z`. Of confidences it knows
one per annotation, `score`: the points' mean. Those of each point, and sources, stand beside it in
`keypoint_confidences` and `keypoint_sources`, which other readers ignore.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from napari_localcl.data.annotations import Landmark, by_image, names
from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.matching import ImageNames

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from napari_localcl.data.exchange.documents import CocoAnnotation
    from napari_localcl.data.folder import Listing

Value = TypeVar("Value")

SUFFIX = ".json"
_ABSENT, _PRESENT = 0, 2


def write(path: Path, rows: Iterable[Landmark], listing: Listing) -> None:
    """Write all landmarks to one file.

    Parameters
    ----------
    path : Path
        The JSON to write.
    rows : iterable of Landmark
        Points in pixels; images and keypoints are in order of first appearance.
    listing : Listing
        The images they are on; those without landmarks are left out.

    Raises
    ------
    BadInput
        If an image is unknown.
    """
    placed = by_image(kept := tuple(rows))
    keypoints = names(kept)
    sizes = [listing.named(image).header.size for image in placed]
    document = {
        "info": {"description": "Landmarks by napari-localcl"},
        "images": [
            {"id": number, "file_name": image, "height": height, "width": width}
            for number, (image, (height, width)) in enumerate(zip(placed, sizes, strict=True), 1)
        ],
        "categories": [{"id": 1, "name": "landmarks", "keypoints": keypoints, "skeleton": []}],
        "annotations": [
            {"id": number, "image_id": number, "category_id": 1, **_annotation(points, keypoints)}
            for number, points in enumerate(placed.values(), 1)
        ],
    }
    with replacing(path) as part:
        part.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")


def read(path: Path, listing: Listing, strangers: set[str] | None = None) -> tuple[Landmark, ...]:
    """Read the landmarks of all images.

    Parameters
    ----------
    path : Path
        A COCO file; annotations without keypoints are left out.
    listing : Listing
        The images it may be about; `file_name` may begin in another folder.
    strangers : set of str or None
        Takes the names of unknown images, whose annotations are left out; None refuses them.

    Returns
    -------
    tuple of Landmark
        In file order.

    Raises
    ------
    BadInput
        If it is no such file, an image is unknown, or an annotation has another number of keypoints
        than its category.
    """
    from napari_localcl.data.exchange.documents import CocoFile, read_json

    document = read_json(path, CocoFile, "a COCO file")
    known = ImageNames.of_planes(listing, strangers)
    files = {image.id: image.file_name for image in document.images}
    keypoints = {category.id: category.keypoints for category in document.categories}
    rows: list[Landmark] = []
    for annotation in document.annotations:
        if annotation.keypoints is not None:
            image = known.find(_named(path, "image", files, annotation.image_id), str(path))
            if image is None:
                continue
            labels = _named(path, "category", keypoints, annotation.category_id)
            rows += _landmarks(f"{path}: the annotation of {image}", image, annotation, labels)
    return tuple(rows)


def _annotation(points: Sequence[Landmark], keypoints: Sequence[str]) -> dict[str, Any]:
    at = {point.landmark: point for point in points}
    found = [at.get(name) for name in keypoints]
    return {
        "iscrowd": 0,
        "keypoints": [value for point in found for value in _keypoint(point)],
        "num_keypoints": len(at),
        **_box(points),
        **_prediction(found),
    }


def _keypoint(point: Landmark | None) -> tuple[float, float, int]:
    return (0, 0, _ABSENT) if point is None else (float(point.x), float(point.y), _PRESENT)


def _box(points: Sequence[Landmark]) -> dict[str, Any]:
    left, top = min(point.x for point in points), min(point.y for point in points)
    width = max(point.x for point in points) - left + 1
    height = max(point.y for point in points) - top + 1
    return {
        "bbox": [float(value) for value in (left, top, width, height)],
        "area": float(width * height),
    }


def _prediction(found: Sequence[Landmark | None]) -> dict[str, Any]:
    confidences = [point.confidence if point else None for point in found]
    sources = [point.source if point else None for point in found]
    known = [value for value in confidences if value is not None]
    told: dict[str, Any] = {"keypoint_sources": sources} if any(sources) else {}
    if known:
        told |= {"score": sum(known) / len(known), "keypoint_confidences": confidences}
    return told


def _named(path: Path, what: str, known: Mapping[int | str, Value], number: int | str) -> Value:
    if number not in known:
        raise BadInput(f"{path} has an annotation of {what} {number}, which it does not list")
    return known[number]


def _landmarks(
    place: str, image: str, annotation: CocoAnnotation, labels: Sequence[str]
) -> list[Landmark]:
    values = annotation.keypoints or []
    count = len(labels)
    confidences = annotation.confidences or [annotation.score] * count
    sources = annotation.sources or [None] * count
    if len(values) != 3 * count:
        raise BadInput(
            f"{place} has {len(values)} keypoint values; its category's {count} keypoints "
            f"need {3 * count} (x, y, v of each)"
        )
    if {len(confidences), len(sources)} != {count}:
        raise BadInput(f"{place} has not one confidence and source for each of {count} keypoints")
    triples = zip(values[::3], values[1::3], values[2::3], strict=True)
    return [
        Landmark(image, label, y, x, confidence, source)
        for label, (x, y, visible), confidence, source in zip(
            labels, triples, confidences, sources, strict=True
        )
        if visible != _ABSENT
    ]
