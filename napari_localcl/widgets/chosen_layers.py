"""The points chosen in the scatter plot as napari layers, which follow from image to image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap
from qtpy.QtCore import QObject

from napari_localcl.widgets.explorer import NOTHING

if TYPE_CHECKING:
    import napari.viewer
    from napari.layers import Image, Labels, Layer, Points
    from numpy.typing import NDArray

    from napari_localcl.widgets.canvas import Canvas
    from napari_localcl.widgets.explorer import Explorer
    from napari_localcl.widgets.point_cloud import PointCloud

    Chosen = NDArray[np.intp]

MOST = 20_000  # points of a layer; napari takes long to make more
_GRID = 192  # cells along the longer side of an image, of a layer of labels
_DISC = 60  # so many points go across the image
_COLOUR = "#E69F00"
_HERE = "Place from the plot"


class ChosenLayers(QObject):
    """Makes layers of the points chosen, and marks a single place.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.
    canvas : Canvas
        The image at hand.
    explorer : Explorer
        Whose points.
    """

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        canvas: Canvas,
        explorer: Explorer,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._canvas, self._explorer = viewer, canvas, explorer
        self._points: list[tuple[Points, NDArray[np.float64]]] = []
        self._labels: list[tuple[Labels, PointCloud, Chosen]] = []
        self._goal: tuple[str, tuple[float, float]] | None = None
        self._mark: Points | None = None
        canvas.shown.connect(self._follow)
        viewer.layers.events.removed.connect(self._on_removed)

    def make_points(self, colours: NDArray[np.uint32]) -> int:
        """Make a layer of the points chosen, in the plot's colours (P,); return how many."""
        cloud, image = self._explorer.cloud, self._canvas.image
        chosen = self._explorer.chosen
        if cloud is None or image is None or not len(chosen):
            return 0
        # Of more than that, some of every image.
        chosen = chosen[:: -(-len(chosen) // MOST)]
        shades = _rgba(colours[chosen])
        layer = self._viewer.add_points(
            cloud.places[chosen],
            name=f"Chosen {cloud.of}",
            features=cloud.features(chosen),
            face_color=shades,
            size=min(image.data.shape[:2]) / _DISC,
            scale=image.scale,
        )
        layer.editable = False
        self._points.append((layer, shades))
        self._show_own(layer, shades)
        return len(chosen)

    def make_labels(self) -> int:
        """Make a layer of what lies nearer to a chosen point than to others; return how many."""
        cloud, image, chosen = self._explorer.cloud, self._canvas.image, self._explorer.chosen
        if cloud is None or image is None or not len(chosen):
            return 0
        layer = self._viewer.add_labels(
            np.zeros((2, 2), np.int32),
            name=f"Around chosen {cloud.of}",
            opacity=0.5,
            colormap=DirectLabelColormap(color_dict={None: _COLOUR, 0: "transparent"}),
        )
        self._labels.append((layer, cloud, chosen))
        self._fill(layer, cloud, chosen)
        return len(chosen)

    def go_to(self, image: str, place: tuple[float, float] | None) -> None:
        """Take an image in hand, and show where in it a place is."""
        self._goal = (image, place) if place is not None else None
        at_hand = self._canvas.image
        if at_hand is not None and at_hand.metadata["image"] == image:
            self._reach()
        else:
            self._explorer.go(image)

    def close(self) -> None:
        """Forget the viewer; the layers stay."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    # Following the image

    def _follow(self) -> None:
        for layer, shades in self._points:
            self._show_own(layer, shades)
        for layer, cloud, chosen in self._labels:
            self._fill(layer, cloud, chosen)
        if self._mark is not None:
            self._mark.visible = False
        self._reach()

    def _show_own(self, layer: Points, shades: NDArray[np.float64]) -> None:
        """Show the points of the image at hand alone; the others stay in the features."""
        image = self._canvas.image
        own = layer.features["image"].to_numpy() == image.metadata["image"]
        layer.scale = image.scale
        layer.shown = own
        # napari minds it only where a layer has more dimensions than the picture.
        layer.face_color = shades * own[:, None]
        layer.border_color = np.ones((len(own), 4)) * own[:, None]

    def _fill(self, layer: Labels, cloud: PointCloud, chosen: Chosen) -> None:
        image = self._canvas.image
        size, name = image.data.shape[:2], image.metadata["image"]
        cell = max(1.0, max(size) / _GRID)
        own = cloud.of_image(name)
        layer.data, numbers = _nearest(cloud, own, np.intersect1d(own, chosen), size, cell)
        layer.scale = np.asarray(image.scale) * cell
        layer.translate = np.asarray(image.scale) * (cell - 1) / 2
        layer.metadata = {"image": name}
        # What is painted here would go with the image; napari allows it anew for every array.
        layer.editable = False
        layer.features = {"index": np.arange(len(numbers) + 1), **_with_ground(cloud, numbers)}

    def _reach(self) -> None:
        """Bring the place that somebody wants to see into the middle, and mark it."""
        image = self._canvas.image
        if self._goal is None or image is None or image.metadata["image"] != self._goal[0]:
            return
        (_, place), self._goal = self._goal, None
        if not _is_seen(image, place):
            self._viewer.scene.camera.center = image.data_to_world(place)
        if self._mark is None:
            self._mark = self._add_mark()
        self._mark.data = np.array([place])
        self._mark.scale = image.scale
        self._mark.size = min(image.data.shape[:2]) / 18
        self._mark.visible = True

    def _add_mark(self) -> Points:
        active = self._viewer.layers.selection.active
        mark = self._viewer.add_points(
            np.zeros((1, 2)),
            name=_HERE,
            face_color="transparent",
            border_color="#56B4E9",
            border_width=0.12,
        )
        mark.editable = False
        self._viewer.layers.selection.active = active
        return mark

    def _on_removed(self, event: Any) -> None:
        gone: Layer = event.value
        self._points = [one for one in self._points if one[0] != gone]
        self._labels = [one for one in self._labels if one[0] != gone]
        if gone == self._mark:
            self._mark = None


def _is_seen(image: Image, place: tuple[float, float]) -> bool:
    first, last = np.asarray(image.corner_pixels)[:, :2]
    return bool((first <= place).all() and (place <= last).all())


def points_under(layer: Any, cloud: PointCloud, image: Image) -> Chosen:
    """Return the points of an image that somebody means in a layer over it.

    Those nearest to the points selected in a layer of points; those on the label chosen in a layer
    of labels.
    """
    own = cloud.of_image(image.metadata["image"])
    if not len(own):
        return NOTHING
    if hasattr(layer, "selected_data") and hasattr(layer, "symbol"):
        picked = np.asarray(layer.data)[sorted(layer.selected_data)].reshape(-1, 2)
        places = [image.world_to_data(layer.data_to_world(place)) for place in picked]
        away = [np.square(cloud.places[own] - place).sum(axis=1).argmin() for place in places]
        return own[np.unique(np.array(away, int))]
    if hasattr(layer, "selected_label"):
        if not layer.selected_label or layer.ndim != 2:
            return NOTHING
        return own[_labels_at(layer, image, cloud.places[own]) == layer.selected_label]
    return NOTHING


def _labels_at(layer: Labels, image: Image, places: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the labels below places of an image; 0 beside the layer."""
    world = places * np.asarray(image.scale)
    cells = ((world - layer.translate) / layer.scale).round().astype(int)
    inside = ((cells >= 0) & (cells < layer.data.shape)).all(axis=1)
    labels = np.zeros(len(places), int)
    labels[inside] = np.asarray(layer.data)[tuple(cells[inside].T)]
    return labels


def _nearest(
    cloud: PointCloud, own: Chosen, chosen: Chosen, size: tuple[int, int], cell: float
) -> tuple[NDArray[np.int32], Chosen]:
    """Divide an image among its points, and number the parts of those chosen from 1."""
    from scipy.spatial import cKDTree

    rows, columns = (max(1, round(side / cell)) for side in size)
    numbers = np.zeros(len(own), np.int32)
    numbers[np.isin(own, chosen)] = np.arange(1, len(chosen) + 1)
    if not len(chosen):
        return np.zeros((rows, columns), np.int32), chosen
    y, x = np.mgrid[:rows, :columns]
    middles = np.stack([y, x], axis=2).reshape(-1, 2) * cell + (cell - 1) / 2
    _, nearest = cKDTree(cloud.places[own]).query(middles)
    return numbers[nearest].reshape(rows, columns), chosen


def _with_ground(cloud: PointCloud, points: Chosen) -> dict[str, list[Any]]:
    """Facts of points, after an empty row for what is no point."""
    known = cloud.features(points)
    return {
        name: ["" if values.dtype.kind == "U" else np.nan, *values.tolist()]
        for name, values in known.items()
    }


def _rgba(inks: NDArray[np.uint32]) -> NDArray[np.float64]:
    channels = np.stack([inks >> shift & np.uint32(255) for shift in (16, 8, 0)], axis=1) / 255
    return np.concatenate([channels, np.ones((len(inks), 1))], axis=1)
