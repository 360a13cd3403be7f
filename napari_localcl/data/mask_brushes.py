"""Ways to mark many pixels at once: a region, and slices between two that are marked."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Mask = npt.NDArray[np.bool_]
    Distances = npt.NDArray[np.float64]


def region_at(
    regions: npt.NDArray[np.integer[npt.NBitBase]],
    cell: float,
    corner: tuple[float, float],
    point: tuple[float, float],
    size: tuple[int, int],
) -> Mask:
    """Return the region that a point lies in.

    Parameters
    ----------
    regions : (h, w) integer ndarray
        The number of each cell's region; 0 is none.
    cell : float
        Side of a cell, in pixels of the file.
    corner : (float, float)
        Centre `(y, x)` of the first cell, in pixels of the file.
    point : (float, float)
        `(y, x)` in pixels of the file.
    size : (int, int)
        Height and width of the file's image.

    Returns
    -------
    (H, W) bool ndarray
        In pixels of the file; empty where the point lies in no region.
    """
    places = [np.rint((np.arange(size[axis]) - corner[axis]) / cell).astype(int) for axis in (0, 1)]
    rows, columns = (one.clip(0, regions.shape[axis] - 1) for axis, one in enumerate(places))
    near = regions[np.ix_(rows, columns)]
    y, x = (min(max(round(value), 0), size[axis] - 1) for axis, value in enumerate(point))
    chosen: Mask = (near == near[y, x]) & (near > 0)
    return chosen


def between(below: Mask, above: Mask, share: float) -> Mask:
    """Return a shape between two, by their distances from the border.

    Parameters
    ----------
    below, above : (H, W) bool ndarray
        Neither is empty.
    share : float
        How far from the first to the second, 0 to 1.

    Returns
    -------
    (H, W) bool ndarray
        Around the place between both middles, so that it does not vanish where they lie apart.
    """
    from scipy.ndimage import center_of_mass, shift

    middles = [np.array(center_of_mass(mask)) for mask in (below, above)]
    middle = (1 - share) * middles[0] + share * middles[1]
    moved = [
        shift(_inside(mask), middle - own, order=1, mode="nearest")
        for mask, own in zip((below, above), middles, strict=True)
    ]
    found: Mask = (1 - share) * moved[0] + share * moved[1] > 0
    return found


def filled_between(slices: Mapping[int, Mask]) -> dict[int, Mask]:
    """Return the slices that are missing between those that are marked.

    Parameters
    ----------
    slices : dict of int to (H, W) bool ndarray
        By their place in the stack; empty ones mark an end and fill nothing.

    Returns
    -------
    dict of int to (H, W) bool ndarray
        Those in between, of each two neighbours that both show the structure.
    """
    made = {}
    for low, high in pairwise(sorted(slices)):
        if slices[low].any() and slices[high].any():
            for z in range(low + 1, high):
                made[z] = between(slices[low], slices[high], (z - low) / (high - low))
    return made


def _inside(mask: Mask) -> Distances:
    """How far each pixel's centre lies within the border of a mask; negative outside."""
    from scipy.ndimage import distance_transform_edt

    inner, outer = distance_transform_edt(mask), distance_transform_edt(~mask)
    distances: Distances = np.where(mask, inner - 0.5, 0.5 - outer)
    return distances
