"""Local contrast: images evened out, so that faint structures count as much as strong shades.

Retinal photographs, ultrasound or brightfield images differ by shade, vignette and field of view
more than by anatomy. Each pixel is compared with its surroundings (local mean and standard
deviation; Jarrett et al., ICCV 2009), and beyond a field of view the image is continued by
reflection, so that the border itself is no landmark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Plane = npt.NDArray[np.float32]
    Mask = npt.NDArray[np.bool_]

REACH = 1 / 16
LEAST_SPREAD = 0.02  # of grey levels; keeps the noise of plain areas small
GAIN = 45.0  # grey levels per standard deviation: 2.8 of them fill the range

DARK = 0.07  # grey level up to which the border is a surround
LEAST_OPEN = 0.2  # part of the canvas that a field of view covers
LEAST_SOLID = 0.95  # part of its convex hull that a field of view fills
RIM = 1 / 128  # of the longer side, cut off where the field of view ends


def even_out(pixels: Plane, inside: Mask, reach: float = REACH) -> npt.NDArray[np.uint8]:
    """Compare each pixel with its surroundings.

    Parameters
    ----------
    pixels : (C, H, W) float32 ndarray
        Grey levels from 0 to 1.
    inside : (H, W) bool ndarray
        The field of view; see :func:`field_of_view`.
    reach : float
        Standard deviation of the surroundings, part of the longer side.

    Returns
    -------
    (C, H, W) uint8 ndarray
        127 is the mean of the surroundings, 45 levels are one standard deviation; beyond the field
        of view, the reflection of what lies inside.
    """
    sigma = reach * max(inside.shape)
    share = _smooth(inside.astype(np.float32), sigma) + 1e-6

    def local_mean(values: Plane) -> Plane:
        return _smooth(values * inside, sigma) / share

    mean = local_mean(pixels)
    spread = np.sqrt(local_mean((pixels - mean) ** 2) + LEAST_SPREAD**2)
    levels = np.clip(127.5 + GAIN * (pixels - mean) / spread, 0, 255).astype(np.uint8)
    return _continued(levels, inside)


def field_of_view(pixels: Plane) -> Mask:
    """Find what a dark surround leaves open, as in fundus photographs or endoscopy.

    Parameters
    ----------
    pixels : (C, H, W) float32 ndarray
        Grey levels from 0 to 1.

    Returns
    -------
    (H, W) bool ndarray
        All true where there is no surround: a field of view is convex, an object on a dark ground
        is not.
    """
    from scipy.ndimage import binary_erosion, gaussian_filter, label

    light = gaussian_filter(pixels.max(axis=0), 1) > DARK
    dark, _ = label(~light)
    border = np.concatenate([dark[0], dark[-1], dark[:, 0], dark[:, -1]])
    inside: Mask = ~np.isin(dark, border[border > 0])
    if inside.all() or inside.mean() < LEAST_OPEN or _solidity(inside) < LEAST_SOLID:
        return np.ones_like(inside)
    rim = max(1, round(RIM * max(inside.shape)))
    kept: Mask = binary_erosion(inside, iterations=rim, border_value=1)
    return kept


def _solidity(mask: Mask) -> float:
    """Part of its convex hull that a mask fills."""
    from scipy.spatial import ConvexHull

    rows = np.flatnonzero(mask.any(axis=1))
    first = mask[rows].argmax(axis=1)
    last = mask.shape[1] - mask[rows, ::-1].argmax(axis=1)
    ends = [np.stack([rows + edge, side], axis=1) for side in (first, last) for edge in (0, 1)]
    return float(mask.sum() / ConvexHull(np.concatenate(ends)).volume)


def _smooth(values: Plane, sigma: float) -> Plane:
    """Average the surroundings of each pixel, (..., H, W); two box filters are nearly a bell."""
    from scipy.ndimage import uniform_filter

    # Odd, so that a mirror image is evened out to the mirror image.
    side = 2 * round(sigma * np.sqrt(6) / 2) + 1
    sides = (*[1] * (values.ndim - 2), side, side)
    smooth: Plane = uniform_filter(uniform_filter(values, sides), sides)
    return smooth


def _continued(levels: npt.NDArray[np.uint8], inside: Mask) -> npt.NDArray[np.uint8]:
    """Reflect what lies inside at the nearest point of the border."""
    from scipy.ndimage import distance_transform_edt

    if inside.all():
        return levels
    nearest = distance_transform_edt(~inside, return_distances=False, return_indices=True)
    here = np.indices(inside.shape)
    last = np.array(inside.shape)[:, None, None] - 1
    row, column = np.clip(2 * nearest - here, 0, last)
    found = inside[row, column]
    row, column = np.where(found, row, nearest[0]), np.where(found, column, nearest[1])
    return levels[:, row, column]
