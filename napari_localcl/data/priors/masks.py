"""Binary masks as files hold them: read, checked, and the bad ones named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import Skipped, find_images
from napari_localcl.data.reading import naming, read
from napari_localcl.data.scan import UnusableImage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.folder import Plane
    from napari_localcl.data.priors.prior import Floats, Masks
    from napari_localcl.data.scan import Pixels

# More values than an atlas of one region has labels: a picture.
_MOST_LABELS = 64
# In a mask that was smoothed or saved as JPEG, this share is still black or white.
_CLEAR = 0.95
# Larger masks are kept reduced, so that hundreds fit into memory.
_LONGEST = 1024
_MOST_OUTSIDE = 0.1


@dataclass(frozen=True, eq=False)
class Mask:
    """One shape, as large as a file's plane.

    Parameters
    ----------
    name : str
        The file, relative to its folder; with `#z` for a slice.
    size : (int, int)
        Height and width of the plane in pixels.
    coverage : (h, w) uint8 ndarray
        How much of each pixel lies within the shape, 0 to 255; reduced if the plane is large.
    """

    name: str
    size: tuple[int, int]
    coverage: npt.NDArray[np.uint8]

    @property
    def reduction(self) -> float:
        """Pixels of the plane per pixel of `coverage`."""
        return float(max(self.size) / max(self.coverage.shape))

    @property
    def middle(self) -> Floats:
        """The middle of the box around the shape, `(y, x)` in pixels of the plane."""
        seen = self.coverage > 0
        places = [np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0)]
        middle = np.array([(own[0] + own[-1]) / 2 for own in places])
        return np.asarray((middle + 0.5) * self.reduction - 0.5)

    def outside(self, scale: float) -> float:
        """Return which part of the shape leaves the plane when it is scaled about its middle.

        Parameters
        ----------
        scale : float
            Factor on the shape's size.

        Returns
        -------
        float
            From 0 to 1.
        """
        places = (np.argwhere(self.coverage > 0) + 0.5) * self.reduction - 0.5
        moved = (places - self.middle) * scale + self.middle
        seen = (moved > -0.5) & (moved < np.array(self.size) - 0.5)
        return float(1 - seen.all(axis=1).mean())


def load_masks(
    source: str | Path, label: int = 0, scale: float = 1.0
) -> tuple[tuple[Mask, ...], tuple[Skipped, ...]]:
    """Read the masks of a folder or of one file.

    Parameters
    ----------
    source : str or Path
        A folder (with its subfolders) or a file; also a list or a glob, as for images. Of a volume
        each slice that shows the shape is a mask.
    label : int
        Which value is the shape; 0 for all that are not 0.
    scale : float
        Factor on the shapes' size that they must bear without leaving the image.

    Returns
    -------
    masks : tuple of Mask
        At least one.
    skipped : tuple of Skipped
        Files that hold no usable mask, with the reason.

    Raises
    ------
    BadInput
        If no file holds a usable mask; says why the first does not.
    """
    listing = find_images(source)
    masks: list[Mask] = []
    skipped = list(listing.skipped)
    for item, planes in listing.items.items():
        try:
            masks += _masks(planes, label, scale)
        except UnusableImage as error:
            skipped.append(Skipped(item, error.reason))
    if not masks:
        raise BadInput(_none_left(source, skipped))
    return tuple(masks), tuple(skipped)


def _masks(planes: Sequence[Plane], label: int, scale: float) -> list[Mask]:
    path = planes[0].path
    scan = read(path)
    first = path if not isinstance(path, tuple) else path[0]
    with naming(first):
        inside = _inside(scan.pixels, label)
        _check_filled(inside)
        # A volume's first and last slices may well lie beside the structure.
        found = [
            _mask(plane.name, own)
            for plane, own in zip(planes, inside.reshape(-1, *scan.size), strict=True)
            if own.any() and not own.all()
        ]
        for mask in found:
            _check_size(mask.outside(scale), scale)
    return found


def _inside(pixels: Pixels, label: int) -> Masks:
    """Return where the shape is, ([D,] H, W), of the pixels (C, [D,] H, W) of a file."""
    if (pixels != pixels[:1]).any():
        raise BadInput(
            "is a colour picture, not a mask; save it with 0 outside of the shape and 255 inside"
        )
    values = np.nan_to_num(pixels[0])
    if label:
        return _labelled(values, label)
    levels = np.unique(values)
    if len(levels) <= _MOST_LABELS and np.array_equal(levels, np.round(levels)):
        return np.asarray(values != 0)
    low, high = float(levels[0]), float(levels[-1])
    place = (values - low) / (high - low)
    if np.mean(np.abs(place - 0.5) > 0.4) < _CLEAR:
        raise BadInput(
            f"holds {len(levels)} grey levels: it is a picture, not a mask; save it with 0 outside "
            "of the shape and 255 inside"
        )
    return np.asarray(place > 0.5)


def _labelled(values: Pixels, label: int) -> Masks:
    inside = np.asarray(values == label)
    if not inside.any():
        levels = np.unique(values)
        named = ", ".join(f"{level:g}" for level in levels[levels != 0][:10]) or "nothing but 0"
        raise BadInput(f"holds no label {label}; it has {named}")
    return inside


def _check_filled(inside: Masks) -> None:
    if not inside.any():
        raise BadInput("is empty: no pixel is marked; draw the shape with a value above 0")
    if inside.all():
        raise BadInput(
            "is full: every pixel is marked; outside of the shape it must be 0 (of a map of "
            "several labels choose one with 'label')"
        )


def _check_size(outside: float, scale: float) -> None:
    if outside > _MOST_OUTSIDE:
        raise BadInput(
            f"holds a shape larger than the image: at scale={scale:g}, {outside:.0%} of it falls "
            "outside; choose a smaller scale"
        )


def _mask(name: str, inside: Masks) -> Mask:
    from PIL import Image

    height, width = inside.shape
    image = Image.fromarray(inside.astype(np.uint8) * 255)
    reduced = image.reduce(-(-max(height, width) // _LONGEST))
    return Mask(name, (height, width), np.asarray(reduced))


def _none_left(source: str | Path, skipped: Sequence[Skipped]) -> str:
    first = skipped[0]
    others = f" (and {len(skipped) - 1} more files)" if len(skipped) > 1 else ""
    return f"{source} holds no usable mask: {first.name} {first.reason}{others}"
