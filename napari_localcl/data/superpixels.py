"""Superpixels: the small regions of alike pixels that an image falls into.

Felzenszwalb and Huttenlocher, "Efficient graph-based image segmentation", IJCV 2004, by
scikit-image. They are found once per image and kept beside its decoded pixels; a view of the image
carries their numbers along, so a region stays the same region in every view.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from napari_localcl.data.atomic import replacing
from napari_localcl.data.cache import is_whole, mapped, writable
from napari_localcl.data.contrast import field_of_view

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.prepared import PreparedImages

    Regions = npt.NDArray[np.int16]
    Plane = npt.NDArray[np.float32]
    Mask = npt.NDArray[np.bool_]

KIND = "<i2"  # numpy's short form of the numbers that are kept

EMPTY = 0.05  # how far the background's grey levels lie from their median, at most
LEAST_BORDER = 0.6  # part of the border that a background takes
LEAST_PART = 0.1  # of the largest foreground part; smaller ones are specks

# Part of every kept file's name: raise it when the same image would fall into other regions.
_VERSION = 1


class SuperpixelSettings(BaseModel):
    """How superpixels are found; all constants are ours, LRC's are not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reduction: Literal[1, 2, 4] = Field(
        2, description="regions are found on the image at this fraction of its size"
    )
    scale: float = Field(
        60.0, ge=0, le=2000, description="larger gives larger regions; in grey levels from 0 to 255"
    )
    sigma: float = Field(0.8, ge=0, le=10, description="smoothing before, standard deviation")
    smallest: float = Field(
        0.0015, ge=0.0002, le=0.1, description="smallest region, part of the image's area"
    )
    largest: float = Field(
        0.25, gt=0, le=1, description="larger regions are background, part of the image's area"
    )


@dataclass(frozen=True)
class Superpixels:
    """The superpixels of images, found when first asked for and kept in the images' cache.

    Parameters
    ----------
    images : PreparedImages
        The images.
    settings : SuperpixelSettings
        How to find them.
    """

    images: PreparedImages
    settings: SuperpixelSettings

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of a map of regions."""
        height, width = self.images.canvas
        return height // self.settings.reduction, width // self.settings.reduction

    def find(self, index: int) -> Path:
        """Make sure that the regions of an image are in the cache.

        Parameters
        ----------
        index : int
            Which image.

        Returns
        -------
        Path
            Where they are.

        Raises
        ------
        BadInput
            If the cache cannot be written, or lost the image.
        """
        path = self._path(index)
        if not is_whole(path, self.size, KIND):
            regions = self.compute(index)
            folder = path.parent
            with writable(folder), replacing(path, durable=False) as part, part.open("wb") as file:
                np.save(file, regions.astype(KIND))
        return path

    def compute(self, index: int) -> Regions:
        """Return the regions (h, w) of an image, not mirrored, without keeping them."""
        return find_superpixels(*self._pixels(index), self.settings)

    def batch(self, indices: Sequence[int]) -> Regions:
        """Return the regions of some images.

        Parameters
        ----------
        indices : sequence of int
            Which ones, in any order, repeats allowed.

        Returns
        -------
        (B, h, w) int16 ndarray
            1 to N where a region lies, 0 elsewhere.
        """
        regions = np.empty((len(indices), *self.size), np.int16)
        for row, index in enumerate(indices):
            kept = mapped(self.find(index), self.size, KIND)
            mirrored = self.images.placements[index].mirrored
            regions[row] = kept[:, ::-1] if mirrored else kept
        return regions

    def _path(self, index: int) -> Path:
        """Where an image's regions are kept: beside its pixels, whose name says their content."""
        text = repr((self._valid_box(index), sorted(self.settings.model_dump().items()), _VERSION))
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        file = self.images.files[index]
        return file.with_name(f"{file.stem}-regions-{digest}.npy")

    def _valid_box(self, index: int) -> tuple[int, int, int, int]:
        # Of the pixels as they are kept; mirroring comes after.
        return replace(self.images.placements[index], mirrored=False).valid_box()

    def _pixels(self, index: int) -> tuple[npt.NDArray[np.uint8], Mask]:
        image = self.images.subset([index]).mirrored([False])
        # Evened images go on beyond their field of view.
        return image.batch([0])[0], (image.valid([0]) & image.fields([0]))[0]


def find_superpixels(
    pixels: npt.NDArray[np.uint8], valid: Mask, settings: SuperpixelSettings
) -> Regions:
    """Divide an image into regions of alike pixels.

    Parameters
    ----------
    pixels : (C, H, W) uint8 ndarray
        The image at working size.
    valid : (H, W) bool ndarray
        Which pixels show the image; no region lies elsewhere.
    settings : SuperpixelSettings
        How.

    Returns
    -------
    (H / reduction, W / reduction) int16 ndarray
        1 to N; 0 on the background and where a region is too small or too large.
    """
    from skimage.segmentation import felzenszwalb

    grey = _reduced(pixels.astype(np.float32) / np.float32(255), settings.reduction)
    least = max(1, round(settings.smallest * grey[0].size))
    # The algorithm takes `scale` in grey levels from 0 to 255 of an image from 0 to 1.
    alike = felzenszwalb(grey, settings.scale, settings.sigma, least, channel_axis=0)
    shown = _reduced(valid[None].astype(np.float32), settings.reduction)[0] == 1
    regions = np.where(shown & foreground(grey), alike + 1, 0)
    return _numbered(regions, least, settings.largest * regions.size)


def foreground(pixels: Plane) -> Mask:
    """Find what is not a plain background.

    Parameters
    ----------
    pixels : (C, H, W) float32 ndarray
        Grey levels from 0 to 1.

    Returns
    -------
    (H, W) bool ndarray
        Without a field of view's surround. Where most of the border is of one shade, the largest
        part of other shades, its holes filled, and parts of at least a tenth of its area.
    """
    from scipy.ndimage import binary_fill_holes, label

    seen = field_of_view(pixels)
    grey = pixels.mean(axis=0)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    plain = np.abs(border - np.median(border)) <= EMPTY
    if not seen.all() or plain.mean() < LEAST_BORDER:
        return seen
    other = binary_fill_holes(np.abs(grey - np.median(border)) > EMPTY)
    parts, count = label(other)
    if count == 0:
        return seen
    areas = np.bincount(parts.ravel())[1:]
    kept = 1 + np.flatnonzero(areas >= LEAST_PART * areas.max())
    return np.isin(parts, kept)


def in_pixels(regions: Regions, reduction: int) -> Regions:
    """A map of regions at the size of its image, for showing it."""
    return regions.repeat(reduction, axis=0).repeat(reduction, axis=1)


def _reduced(values: Plane, by: int) -> Plane:
    """Means of blocks of pixels, (C, H / by, W / by)."""
    count, height, width = values.shape
    means: Plane = values.reshape(count, height // by, by, width // by, by).mean(axis=(2, 4))
    return means


def _numbered(regions: npt.NDArray[np.int64], least: float, most: float) -> Regions:
    """Leave out what has fewer or more pixels than that, and number the others from 1."""
    areas = np.bincount(regions.ravel())
    kept = (areas >= least) & (areas <= most)
    kept[0] = False
    return (np.cumsum(kept) * kept)[regions].astype(np.int16)
