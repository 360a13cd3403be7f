"""Grey values made comparable: every image on 0 to 255, robust against a few extreme pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_localcl.data.scan import Pixels

PERCENTILES = (0.5, 99.5)

# The 0.5th percentile of this many random pixels is the 0.48th to 0.52th of all, and takes
# milliseconds where sorting all the voxels of a volume would take seconds.
_SAMPLES = 100_000


def to_uint8(
    pixels: Pixels,
    window: tuple[float, float] | None = None,
    percentiles: tuple[float, float] = PERCENTILES,
) -> npt.NDArray[np.uint8]:
    """Normalise an image or volume to eight bits.

    Parameters
    ----------
    pixels : (C, [D,] H, W) ndarray
        Of any real type. All channels and planes are stretched alike, so that colours and the
        slices of a volume stay comparable.
    window : (float, float), optional
        Values to become 0 and 255, as the file states them.
    percentiles : (float, float)
        Where there is no window: which percentiles of the pixels become 0 and 255.

    Returns
    -------
    ndarray of uint8
        Of the same shape.

    Raises
    ------
    BadInput
        If the image is empty or constant, or holds NaN or infinite values.
    """
    return stretch(pixels, limits(pixels, window, percentiles))


def limits(
    pixels: Pixels,
    window: tuple[float, float] | None = None,
    percentiles: tuple[float, float] = PERCENTILES,
) -> tuple[float, float]:
    """Find the values that become black and white.

    Parameters
    ----------
    pixels, window, percentiles
        As in :func:`to_uint8`.

    Returns
    -------
    (low, high)
        The window, unless it would make the image constant; else the percentiles; else, where most
        of the image is background of one value, the extremes. Always low < high.

    Raises
    ------
    BadInput
        As in :func:`to_uint8`.
    """
    lowest, highest = _extremes(pixels)
    inner = np.percentile(_some(pixels), percentiles)
    if window is not None and window[0] < window[1]:
        shown = np.clip(inner, *window)
        if shown[0] < shown[1]:
            return window
    low, high = float(inner[0]), float(inner[1])
    return (low, high) if low < high else (lowest, highest)


def stretch(pixels: Pixels, limits: tuple[float, float]) -> npt.NDArray[np.uint8]:
    """Map grey values linearly to eight bits.

    Parameters
    ----------
    pixels : ndarray
        Of any shape and real type.
    limits : (float, float)
        Values to become 0 and 255; what lies outside is clipped.

    Returns
    -------
    ndarray of uint8
        Of the same shape.
    """
    return eight_bits(scaled(pixels, limits))


def eight_bits(levels: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Grey levels from 0 to 1 of any shape, as the nearest of 256."""
    return (levels * 255.0 + 0.5).astype(np.uint8)


def scaled(pixels: Pixels, limits: tuple[float, float]) -> npt.NDArray[np.float32]:
    """Map grey values linearly to 0 to 1; as :func:`stretch`, but float32."""
    low, high = limits
    levels = pixels.astype(np.float32) - np.float32(low)
    levels /= np.float32(high - low)
    np.clip(levels, 0.0, 1.0, out=levels)
    return levels


def _extremes(pixels: Pixels) -> tuple[float, float]:
    if not pixels.size:
        raise BadInput("holds no pixels")
    if pixels.dtype.kind not in "buif":
        raise BadInput(f"holds values of type {pixels.dtype}, which are no grey values")
    values: npt.NDArray[Any] = pixels
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise BadInput("contains NaN or infinite values; replace them or leave the image out")
    if max(-low, high) > float(np.finfo(np.float32).max) / 2:
        raise BadInput(f"has values up to {max(-low, high):g}, too large for grey values")
    # In float32, which is what they are stretched in.
    if np.float32(low) == np.float32(high):
        raise BadInput(f"is constant: every pixel is {low:g}")
    return low, high


def _some(pixels: Pixels) -> npt.NDArray[np.float64]:
    flat = pixels.ravel(order="K")
    if flat.size > _SAMPLES:
        # Random rather than every nth, which could fall on the same columns of each row.
        chosen = np.random.default_rng(0).integers(0, flat.size, _SAMPLES)
        flat = flat[chosen]
    return flat.astype(np.float64)
