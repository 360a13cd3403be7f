"""Shapes as mask files hold them: read, checked, and the bad files named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import Skipped, find_images
from napari_localcl.data.masks import mask_files
from napari_localcl.data.reading import naming, read, read_stored, sniff
from napari_localcl.data.scan import UnusableImage

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_localcl.data.folder import Plane
    from napari_localcl.data.priors.prior import Floats, Masks
    from napari_localcl.data.scan import Pixels, Scan

# More values than an atlas of one region has labels: a picture.
_MOST_LABELS = 64
# In a mask that was smoothed or saved as JPEG, this share is still nearly black or white.
_CLEAR = 0.95
_NEAR = 0.1
_WHITE = 128
# Larger masks are kept reduced, so that hundreds fit into memory.
_LONGEST = 1024
_MOST_OUTSIDE = 0.25
_EMPTY = "is empty: no pixel is marked; draw the shape with a value above 0"
_FULL = (
    "is full: every pixel is marked; outside of the shape it must be 0 (of a map of several labels "
    "choose one with 'label')"
)


@dataclass(frozen=True, eq=False)
class Shape:
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


def load_shapes(
    source: str | Path, label: int = 0, scale: float = 1.0
) -> tuple[tuple[Shape, ...], tuple[Skipped, ...]]:
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
    shapes : tuple of Shape
        At least one.
    skipped : tuple of Skipped
        Files that hold no usable mask, with the reason.

    Raises
    ------
    BadInput
        If no file holds a usable mask; says why the first does not.
    """
    listing = find_images([*mask_files(source).values()])
    shapes: list[Shape] = []
    skipped = list(listing.skipped)
    for item, planes in listing.items.items():
        try:
            shapes += _shapes(planes, label, scale)
        except UnusableImage as error:
            skipped.append(Skipped(item, error.reason))
    if not shapes:
        raise BadInput(_none_left(source, skipped))
    return tuple(shapes), tuple(skipped)


def _shapes(planes: Sequence[Plane], label: int, scale: float) -> list[Shape]:
    path = planes[0].path
    scan = _read(path)
    with naming(scan.path):
        inside = _inside(scan.pixels, label).reshape(-1, *scan.size)
        # A volume's first and last slices may well lie beside the structure.
        found = [
            _shape(plane.name, own)
            for plane, own in zip(planes, inside, strict=True)
            if own.any() and not own.all()
        ]
        if not found:
            raise BadInput(_EMPTY if not inside.any() else _FULL)
        for shape in found:
            _check_size(shape.outside(scale), scale)
    return found


def _read(path: Path | tuple[Path, ...]) -> Scan:
    # A mask that JPEG has blurred holds no labels any more, but still a shape.
    if isinstance(path, tuple) or sniff(path) == "JPEG":
        return read(path)
    return read_stored(path)


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
    if _are_labels(levels):
        return np.asarray(values != 0)
    low, high = float(levels[0]), float(levels[-1])
    place = (values - low) / (high - low)
    if np.mean(np.abs(place - 0.5) > 0.5 - _NEAR) < _CLEAR:
        raise BadInput(
            f"holds {len(levels)} grey levels: it is a picture, not a mask; save it with 0 outside "
            "of the shape and 255 inside"
        )
    return np.asarray(place > 0.5)


def _are_labels(levels: Pixels) -> bool:
    """Whether values are labels, and not black and white with what smoothing or JPEG adds."""
    if len(levels) > _MOST_LABELS or not np.array_equal(levels, np.round(levels)):
        return False
    place = levels.astype(float) / max(float(levels[-1]), 1.0)
    nearly = [((place > 0) & (place < _NEAR)).any(), ((place > 1 - _NEAR) & (place < 1)).any()]
    return bool(levels[-1] < _WHITE or not all(nearly))


def _labelled(values: Pixels, label: int) -> Masks:
    inside = np.asarray(values == label)
    if not inside.any():
        levels = np.unique(values)
        named = ", ".join(f"{level:g}" for level in levels[levels != 0][:10]) or "nothing but 0"
        raise BadInput(f"holds no label {label}; it has {named}")
    return inside


def _check_size(outside: float, scale: float) -> None:
    if outside > _MOST_OUTSIDE:
        raise BadInput(
            f"holds a shape larger than the image: at scale={scale:g}, {outside:.0%} of it falls "
            "outside; choose a smaller scale"
        )


def _shape(name: str, inside: Masks) -> Shape:
    from PIL import Image

    height, width = inside.shape
    image = Image.fromarray(inside.astype(np.uint8) * 255)
    reduced = image.reduce(-(-max(height, width) // _LONGEST))
    return Shape(name, (height, width), np.asarray(reduced))


def _none_left(source: str | Path, skipped: Sequence[Skipped]) -> str:
    first = skipped[0]
    if Path(source).is_file():
        return f"{source} {first.reason}"
    others = f" (and {len(skipped) - 1} more files)" if len(skipped) > 1 else ""
    return f"{source} holds no usable mask: {first.name} {first.reason}{others}"
