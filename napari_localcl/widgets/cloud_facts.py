"""What a project knows of the points of a scatter plot: masks below them, how sure they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data.marks import Kind
from napari_localcl.widgets.point_cloud import CONFIDENCE, LABEL, LANDMARK

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.project import Project
    from napari_localcl.data.project_annotations import Annotations
    from napari_localcl.widgets.point_cloud import PointCloud

    Facts = dict[str, NDArray[Any]]

NO_MASK = "no mask"


def landmarks_of(annotations: Annotations) -> list[Landmark]:
    """Return all points of all images, placed and predicted."""
    return [point for image in annotations.images.names for point in annotations.points(image)]


def learn_facts(
    project: Project, cloud: PointCloud, fact: str, structure: str = ""
) -> Generator[None, None, Facts]:
    """Find out a fact of points.

    Parameters
    ----------
    project : Project
        Of the images.
    cloud : PointCloud
        The points.
    fact : str
        `label`: whether the mask of a structure lies there; `confidence`: of landmarks, their own,
        1 where a person placed them; of others, the lowest of their image.
    structure : str
        Whose mask.

    Returns
    -------
    dict
        What the generator returns at its end: the fact by its name.
    """
    if fact == LABEL:
        return {LABEL: (yield from _labels(project, cloud, structure))}
    yield
    return {CONFIDENCE: _confidences(project.annotations, cloud)}


def known_structures(annotations: Annotations) -> tuple[str, ...]:
    """Return the structures of which there is any mask."""
    kinds = annotations.masks.kinds()
    shown = np.isin(kinds, (Kind.HUMAN, Kind.PREDICTED)).any(axis=1) if kinds.size else ()
    return tuple(name for name, one in zip(annotations.masks.names, shown, strict=True) if one)


def _labels(
    project: Project, cloud: PointCloud, structure: str
) -> Generator[None, None, NDArray[np.str_]]:
    masks = project.annotations.masks
    outside = f"not {structure}"
    labels = np.full(len(cloud), NO_MASK, dtype=f"<U{max(len(outside), len(NO_MASK))}")
    for index in np.unique(cloud.images).tolist():
        yield
        mask = project.masks.read(masks, structure, cloud.names[index])
        if mask is None:
            continue
        own = np.flatnonzero(cloud.images == index)
        y, x = cloud.places[own].round().astype(int).T
        height, width = mask.shape
        there = mask[y.clip(0, height - 1), x.clip(0, width - 1)] > 0
        labels[own] = np.where(there, structure, outside)
    return labels


def _confidences(annotations: Annotations, cloud: PointCloud) -> NDArray[np.float64]:
    known: dict[tuple[str, str], float] = {}
    lowest: dict[str, float] = {}
    for point in landmarks_of(annotations):
        sure = 1.0 if point.confidence is None else point.confidence
        known[point.image, point.landmark] = sure
        lowest[point.image] = min(sure, lowest.get(point.image, 1.0))
    by_image = np.array([lowest.get(name, np.nan) for name in cloud.names])
    landmarks = cloud.facts.get(LANDMARK)
    if landmarks is None:
        return by_image[cloud.images]
    images = np.array(cloud.names)[cloud.images].tolist()
    pairs = zip(images, landmarks.tolist(), strict=True)
    return np.array([known.get(pair, np.nan) for pair in pairs])
