"""The points of a scatter plot, what is known of each, and their colours."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import AVAILABLE_COLORMAPS

from napari_localcl.data.packing import unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Indices = NDArray[np.int32]
    Chosen = NDArray[np.bool_]

IMAGE, CLUSTER, LANDMARK, LABEL, CONFIDENCE = "image", "cluster", "landmark", "label", "confidence"
UNKNOWN = "not known"
_GREY = (0.55, 0.55, 0.55)
# Okabe and Ito's, which colour-blind people can tell apart and which show on dark and on light.
# Then Tol's, which are less easy to tell.
_FIRST = (
    *("#E69F00", "#56B4E9", "#009E73", "#D55E00", "#CC79A7", "#0072B2", "#B8AC1E"),
    *("#EE8866", "#77AADD", "#44BB99", "#AA4499", "#FFAABB", "#AAAA00"),
)


@dataclass(frozen=True, eq=False)
class PointCloud:
    """Points, each of an image.

    Attributes
    ----------
    of : str
        What they are: images, patches, landmarks or superpixels.
    names : tuple of str
        The images.
    positions : (P, 2) float32 ndarray
        In the plane of the plot, `(x, y)`.
    images : (P,) int32 ndarray
        Which image each is of.
    places : (P, 2) float32 ndarray
        Where in it, `(y, x)` in pixels of its file.
    by : str
        How they are arranged: pca, tsne or umap.
    facts : mapping of str to ndarray (P,)
        What is known of them: strings or whole numbers for groups, floats for amounts.
    """

    of: str
    names: tuple[str, ...]
    positions: Floats
    images: Indices
    places: Floats
    by: str = "pca"
    facts: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @classmethod
    def from_event(cls, of: str, event: Mapping[str, Any]) -> PointCloud:
        """Return what a `cloud` of :mod:`napari_localcl.tasks.serving_embeddings` says."""
        positions, images, places = (unpacked(event[n]) for n in ("positions", "images", "places"))
        facts = {LANDMARK: np.array(event["labels"])} if of == "landmarks" else {}
        return cls(of, tuple(event["names"]), positions, images, places, facts=facts)

    def __len__(self) -> int:
        return len(self.images)

    def arranged(self, by: str, positions: Floats) -> PointCloud:
        """Return the same points elsewhere in the plane."""
        return replace(self, by=by, positions=positions)

    def knowing(self, **facts: NDArray[Any]) -> PointCloud:
        """Return the same points with more known of them."""
        return replace(self, facts={**self.facts, **facts})

    def of_image(self, image: str) -> NDArray[np.intp]:
        """Return which points are of an image."""
        index = self.names.index(image) if image in self.names else -1
        return np.flatnonzero(self.images == index)

    def image(self, point: int) -> str:
        """Return the image that a point is of."""
        return self.names[self.images[point]]

    def place(self, point: int) -> tuple[float, float]:
        """Return where a point is in its image."""
        y, x = self.places[point].tolist()
        return y, x

    def images_of(self, points: NDArray[np.intp]) -> list[str]:
        """Return the images of some points, each once, in their order."""
        return [self.names[index] for index in np.unique(self.images[points])]

    def most_typical(self, points: NDArray[np.intp]) -> int:
        """Return which of some points lies nearest to the middle of them all in the plane."""
        own = self.positions[points]
        return int(points[np.square(own - np.median(own, axis=0)).sum(axis=1).argmin()])

    def features(self, points: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
        """Return what is known of some points, as a layer's features."""
        axes = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}[self.by]
        plane = {f"{axes} {axis + 1}": self.positions[points, axis] for axis in (0, 1)}
        names = np.array(self.names)[self.images[points]]
        known = {name: values[points] for name, values in self.facts.items()}
        return {IMAGE: names, **plane, **known}


@dataclass(frozen=True, eq=False)
class Colouring:
    """Colours of points, and what they mean.

    Attributes
    ----------
    inks : (P,) uint32 ndarray
        0xffRRGGBB.
    groups : tuple of str
        What the points fall into; empty where they have amounts.
    of : (P,) int ndarray
        Which group each is of.
    colours : tuple of int
        The groups' inks; of amounts, those of the scale from the lowest to the highest.
    limits : (float, float)
        Of amounts.
    """

    inks: NDArray[np.uint32]
    groups: tuple[str, ...]
    of: NDArray[np.intp]
    colours: tuple[int, ...]
    limits: tuple[float, float] = (0.0, 1.0)


def colouring(cloud: PointCloud, by: str) -> Colouring:
    """Colour points by a fact; by their image if it is not known."""
    values = cloud.facts.get(by)
    if values is None:
        return _by_group(cloud.images, cloud.names)
    if np.issubdtype(values.dtype, np.floating):
        return _by_amount(values)
    groups, of = np.unique(values, return_inverse=True)
    return _by_group(of, [_named(by, group) for group in groups.tolist()])


def _named(by: str, group: object) -> str:
    return f"{by} {group}" if isinstance(group, int) else str(group)


def _by_group(of: NDArray[Any], groups: Sequence[str]) -> Colouring:
    colours = _colours(len(groups))
    return Colouring(colours[of], tuple(groups), of, tuple(colours.tolist()))


def _by_amount(values: NDArray[np.floating[Any]]) -> Colouring:
    known = np.isfinite(values)
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 1.0)
    shares = np.where(known, (values - low) / max(high - low, 1e-9), 0)
    scale = AVAILABLE_COLORMAPS["viridis"]
    inks = np.where(known, _inks(scale.map(shares)[:, :3]), _inks(np.array([_GREY])))
    shown = _inks(scale.map(np.linspace(0, 1, 5))[:, :3])
    limits = float(low), float(high)
    return Colouring(inks, (), np.zeros(len(values), int), tuple(shown.tolist()), limits)


def _colours(count: int) -> NDArray[np.uint32]:
    """Return the inks of so many groups: first those that are easiest to tell."""
    from skimage.color import hsv2rgb

    first = np.array([int(colour[1:], 16) for colour in _FIRST], np.uint32) | np.uint32(0xFF000000)
    if count <= len(first):
        return first[:count]
    number = np.arange(count)
    # By the golden ratio, neighbours in the list are far apart on the circle of hues.
    hues = number * 0.618034 % 1
    shades = np.stack([hues, 0.55 + 0.4 * (number % 2), 0.95 - 0.25 * (number % 3 == 2)], axis=1)
    return _inks(hsv2rgb(shades))


def _inks(colours: NDArray[Any]) -> NDArray[np.uint32]:
    """Colours (P, 3) from 0 to 1 as 0xffRRGGBB."""
    red, green, blue = (np.asarray(colours) * 255).round().astype(np.uint32).T
    return np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
