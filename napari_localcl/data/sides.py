"""Which images show the left and which the right of a pair of organs, told without labels.

Eyes, hands or knees come as mirror images of each other. What differs between an image and its own
mirror image, at low resolution, is its side (where the optic disc lies, say) more than anything
else: the first principal component of that difference splits the images into two groups, and one
group can be mirrored to look like the other. Shades tell most, so this looks at images as they are,
not evened out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_localcl.data.prepared import PreparedImages

    Vectors = npt.NDArray[np.float64]

LENGTH = 96  # of the longer side of the images looked at, pixels
BLOCKS = 24  # along that side
MOST = 500  # images that a rule is found in


def side_canvas(canvas: tuple[int, int]) -> tuple[int, int]:
    """Height and width of the images that sides are told from."""
    height, width = (max(32, round(side * LENGTH / max(canvas) / 32) * 32) for side in canvas)
    return height, width


def evenly_chosen(count: int) -> list[int]:
    """Indices of at most `MOST` of some images, evenly spaced: enough to find a rule in."""
    chosen: list[int] = np.linspace(0, count - 1, min(count, MOST)).round().astype(int).tolist()
    return chosen


@dataclass(frozen=True)
class Sides:
    """A rule that tells the two sides apart.

    Attributes
    ----------
    direction : tuple of float
        The principal component.
    threshold : float
        Images whose component is larger are mirrored.
    """

    direction: tuple[float, ...]
    threshold: float

    @classmethod
    def of(cls, images: PreparedImages) -> Sides:
        """Find the rule in the images themselves; the larger group stays as it is."""
        vectors = _asymmetry(images, evenly_chosen(len(images)))
        direction = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)[2][0]
        along = vectors @ direction
        threshold = _split(along)
        if (along > threshold).mean() > 0.5:
            direction, threshold = -direction, -threshold
        return cls(tuple(direction.tolist()), threshold)

    def mirror(self, images: PreparedImages, small: PreparedImages) -> PreparedImages:
        """Mirror the images of the smaller group.

        Parameters
        ----------
        images : PreparedImages
            At working size.
        small : PreparedImages
            The same images on the :func:`side_canvas`, as they are.
        """
        direction = np.array(self.direction)
        vectors = (_asymmetry(small, [small.index(name)])[0] for name in images.names)
        return images.mirrored([bool(own @ direction > self.threshold) for own in vectors])


def _asymmetry(images: PreparedImages, chosen: Sequence[int]) -> Vectors:
    """Unit differences (N, D) between images and their mirror images, at low resolution."""
    vectors = np.stack([_blocks(images.batch([index])[0]) for index in chosen])
    vectors = (vectors - vectors[..., ::-1]).reshape(len(vectors), -1)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = vectors / np.maximum(length, 1e-9)
    return unit


def _blocks(pixels: npt.NDArray[np.uint8]) -> Vectors:
    """Mean grey levels of blocks: (C, H, W) -> (C, rows, columns)."""
    channels, height, width = pixels.shape
    side = max(1, max(height, width) // BLOCKS)
    rows, columns = height // side, width // side
    top, left = (height - rows * side) // 2, (width - columns * side) // 2
    inner = pixels[:, top : top + rows * side, left : left + columns * side]
    blocks: Vectors = inner.reshape(channels, rows, side, columns, side).mean(axis=(2, 4))
    return blocks


def _split(values: Vectors) -> float:
    """The threshold between two groups of values with the least variance within (Otsu, 1979)."""
    ordered = np.sort(values)
    if len(ordered) < 2:
        return float(ordered[0])
    spreads = [
        ordered[:cut].var() * cut + ordered[cut:].var() * (len(ordered) - cut)
        for cut in range(1, len(ordered))
    ]
    cut = int(np.argmin(spreads)) + 1
    return float(ordered[cut - 1] + ordered[cut]) / 2
