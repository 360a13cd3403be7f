"""The pixels of an image as napari shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Pixels = npt.NDArray[np.generic[Any]]

_FAINTEST, _BRIGHTEST = 0.5, 99.8  # percentiles shown as black and as white


def channels_last(pixels: Pixels) -> Pixels:
    """Turn an image into what napari takes.

    Parameters
    ----------
    pixels : (C, H, W) ndarray
        Any number of channels.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        Of more than three channels the first three, of two the first. Colours of more than 8 bits
        are spread from 0 to 1.
    """
    first: Pixels = pixels[0]
    if len(pixels) < 3:
        return first
    coloured: Pixels = np.moveaxis(pixels[:3], 0, -1)
    if coloured.dtype == np.uint8:
        return coloured
    values = coloured.astype(np.float32)
    spread: Pixels = (values - values.min()) / max(float(np.ptp(values)), 1e-6)
    return spread


def window(pixels: Pixels) -> tuple[float, float]:
    """Return what to show as black and as white.

    Parameters
    ----------
    pixels : (..., H, W) ndarray
        Grey values of an image or a volume.

    Returns
    -------
    (float, float)
        Percentiles, the second above the first.
    """
    # Every fourth pixel says the same in a sixteenth of the time.
    some = pixels[..., ::4, ::4] if min(pixels.shape[-2:]) > 64 else pixels
    low, high = np.nanpercentile(some.astype(np.float32), [_FAINTEST, _BRIGHTEST])
    if not np.isfinite([low, high]).all():
        return 0.0, 1.0
    return float(low), float(max(high, low + 1e-6))
