"""The working canvas: its shape for a listing, and planes of files drawn onto it."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_localcl.data.folder import Plane
    from napari_localcl.data.placement import Placement
    from napari_localcl.data.scan import Pixels, Scan

    Drawing = npt.NDArray[np.float32]

_STEP = 32
_LEAST = 64
# ITU-R BT.601, as in Pillow and scikit-image: how bright red, green and blue look.
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


def shape(planes: Sequence[Plane], size: int) -> tuple[int, int]:
    """Choose the canvas for a listing.

    Parameters
    ----------
    planes : sequence of Plane
        At least one.
    size : int
        Longest side in pixels.

    Returns
    -------
    (height, width)
        With the planes' median aspect ratio; multiples of 32, at least 64.
    """
    aspect = math.exp(median(math.log(h / w) for h, w in (plane.header.size for plane in planes)))
    return _rounded(size * min(aspect, 1.0)), _rounded(size * min(1.0 / aspect, 1.0))


def channels(planes: Sequence[Plane]) -> int:
    """Return 3 if any plane has colour, else 1.

    Parameters
    ----------
    planes : sequence of Plane
        The images.

    Returns
    -------
    int
        1 or 3.
    """
    return 3 if any(plane.header.channels > 1 for plane in planes) else 1


def draw(scan: Scan, z: int | None, placement: Placement, channels: int) -> Drawing:
    """Draw a plane onto the canvas, smoothed as its reduction demands.

    Parameters
    ----------
    scan : Scan
        The image or volume.
    z : int or None
        Its plane.
    placement : Placement
        Where the plane goes.
    channels : int
        1 or 3.

    Returns
    -------
    (channels, H, W) float32 ndarray
        In the plane's grey values; around the image its edge is repeated.
    """
    plane = _at_most_three(scan.plane(z), channels)
    drawn = np.stack([_resized(channel, placement, scan.reduction) for channel in plane])
    top, left, bottom, right = placement.valid_box()
    height, width = placement.canvas
    around = ((0, 0), (top, height - bottom), (left, width - right))
    return np.pad(_with_channels(drawn, channels), around, mode="edge")


def _rounded(side: float) -> int:
    return max(_LEAST, _STEP * round(side / _STEP))


def _at_most_three(pixels: Pixels, channels: int) -> Pixels:
    # A microscope's fourth channel and further ones have no colour of their own.
    return pixels[:3] if channels == 3 else pixels


def _resized(channel: Pixels, placement: Placement, reduction: int) -> Drawing:
    from PIL import Image

    exact = channel if channel.dtype == np.uint8 else channel.astype(np.float32)
    image = Image.fromarray(np.ascontiguousarray(exact))
    # Averaging whole pixels first is fast; a triangle as wide as what remains then averages to
    # fractions of a pixel. Three pixels must remain for the result to be as good as without.
    whole = max(1, int(1 / (3 * placement.scale * reduction)))
    y0, x0, y1, x1 = (edge / (reduction * whole) for edge in placement.source_box())
    top, left, bottom, right = placement.valid_box()
    if whole > 1:
        image = image.reduce(whole)
    shown = image.convert("F").resize(
        (right - left, bottom - top), Image.Resampling.BILINEAR, box=(x0, y0, x1, y1)
    )
    return np.asarray(shown, np.float32)


def _with_channels(drawn: Drawing, channels: int) -> Drawing:
    if len(drawn) == channels:
        return drawn
    if channels == 1:
        weights = _LUMINANCE if len(drawn) == 3 else np.full(len(drawn), 1 / len(drawn), np.float32)
        return np.tensordot(weights, drawn, axes=1)[None].astype(np.float32, copy=False)
    if len(drawn) == 1:
        return np.repeat(drawn, 3, axis=0)
    # Two channels are shown as red and green.
    return np.concatenate([drawn, np.full_like(drawn[:1], drawn.min())])
