"""Landmarks as a points layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_localcl.data.annotations import Landmark

LayerData = tuple[Any, dict[str, Any], str]


def points_layer(name: str, rows: Sequence[Landmark], images: Sequence[str]) -> LayerData:
    """Return the points of a stack of images.

    Parameters
    ----------
    name : str
        What the layer is called.
    rows : sequence of Landmark
        The points.
    images : sequence of str
        The images in the order of the stack.

    Returns
    -------
    layer tuple
        Points (N, 3) as `(t, y, x)`. The features name the `landmark`, the `image`, the `source`
        and the `confidence` of each.
    """
    import numpy as np

    times = {image: time for time, image in enumerate(images)}
    places = np.array([(times[row.image], row.y, row.x) for row in rows]).reshape(-1, 3)
    look: dict[str, Any] = {"name": name, "features": _features(rows), "size": 7}
    if rows:
        # A layer without points has nothing to be coloured by.
        look["face_color"] = "landmark"
    return places, look, "points"


def _features(rows: Sequence[Landmark]) -> dict[str, list[Any]]:
    return {
        "landmark": [row.landmark for row in rows],
        "image": [row.image for row in rows],
        "source": [row.source or "" for row in rows],
        "confidence": [float("nan") if row.confidence is None else row.confidence for row in rows],
    }
