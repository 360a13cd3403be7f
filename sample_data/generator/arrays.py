"""The few things that all sets need: grids of pixel positions, smooth noise, shrinking."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

Floats: TypeAlias = NDArray[np.float64]
SUBPIXELS = 2


def grid(size: tuple[int, int]) -> Floats:
    """Positions (y, x) of the pixels of an image of `size`: (H, W, 2)."""
    return np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), axis=-1).astype(float)


def fine_grid(size: tuple[int, int]) -> Floats:
    """Positions (y, x) of the sub-pixels of an image of `size`, in its pixels: (2H, 2W, 2)."""
    axes = [(np.arange(SUBPIXELS * n) + 0.5) / SUBPIXELS - 0.5 for n in size]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def enlarge(coarse: Floats) -> Floats:
    """Interpolate the pixels (H, W) at their sub-pixels (2H, 2W)."""
    places = np.moveaxis(fine_grid((coarse.shape[0], coarse.shape[1])), -1, 0)
    return np.asarray(ndimage.map_coordinates(coarse, places, order=1, mode="nearest"))


def shrink(fine: Floats) -> Floats:
    """Average the sub-pixels of (2H, 2W[, C]) into the pixels (H, W[, C])."""
    height, width = (n // SUBPIXELS for n in fine.shape[:2])
    blocks = fine.reshape(height, SUBPIXELS, width, SUBPIXELS, *fine.shape[2:])
    return np.asarray(blocks.mean(axis=(1, 3)))


def smooth_noise(
    size: tuple[int, int], sigma: float | tuple[float, float], chance: np.random.Generator
) -> Floats:
    """Gaussian noise of `size` (H, W), blurred by `sigma` pixels, of mean 0 and deviation 1."""
    return standard(_blurred(chance.standard_normal(size), sigma))


def band_noise(size: tuple[int, int], sigma: float, chance: np.random.Generator) -> Floats:
    """Noise of one grain: details of about `sigma` pixels and nothing coarser, deviation 1."""
    noise = chance.standard_normal(size)
    return standard(_blurred(noise, sigma) - _blurred(noise, 2 * sigma))


def _blurred(noise: Floats, sigma: float | tuple[float, float]) -> Floats:
    """Blur through the spectrum: as quick for a wide blur as for a narrow one."""
    spectrum = fft.rfft2(noise)
    smooth = ndimage.fourier_gaussian(spectrum, sigma, n=noise.shape[1])
    return np.asarray(fft.irfft2(smooth, s=noise.shape))


def window(low: Floats, high: Floats, fine: tuple[int, ...]) -> tuple[slice, slice]:
    """The part of an array of `fine` sub-pixels between two places (y, x) in pixels."""
    first = np.clip(np.floor(SUBPIXELS * low), 0, fine[:2]).astype(int)
    last = np.clip(np.ceil(SUBPIXELS * high) + 1, 0, fine[:2]).astype(int)
    return slice(first[0], last[0]), slice(first[1], last[1])


def standard(values: Floats) -> Floats:
    """The same values with mean 0 and deviation 1."""
    return np.asarray((values - values.mean()) / values.std())


def ramp(values: Floats, low: float, high: float) -> Floats:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    x = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(x * x * (3 - 2 * x))


def turn(points: Floats, degrees: float) -> Floats:
    """Rotate (..., 2) points (y, x) about the origin; positive turns up (-y) towards right (+x)."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    y, x = points[..., 0], points[..., 1]
    return np.stack([y * cos + x * sin, x * cos - y * sin], axis=-1)


def heading(degrees: float) -> Floats:
    """Unit vector (y, x) that points up at 0 degrees and to the right at 90."""
    return np.array([-np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
