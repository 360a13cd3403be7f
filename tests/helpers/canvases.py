"""Prepared images made of arrays, and images that show where their pixels are."""

from pathlib import Path

import numpy as np

from napari_localcl.data.cache import PlaneCache
from napari_localcl.data.contrast import field_of_view
from napari_localcl.data.placement import fit
from napari_localcl.data.prepared import PreparedImages


def prepared(pixels: np.ndarray, folder: Path, file_size: tuple[int, int] | None = None):
    """Return uint8 pixels (N, C, H, W) as prepared images, as if of files of that size."""
    count, channels, *canvas = pixels.shape
    folder.mkdir(parents=True, exist_ok=True)
    files = tuple(folder / f"image_{index}.npy" for index in range(count))
    cache = PlaneCache(folder, pixels.shape[1:], None)
    for file, image in zip(files, pixels, strict=True):
        cache.write(file, image, field_of_view(image.astype(np.float32) / 255))
    return PreparedImages(
        canvas=tuple(canvas),
        channels=channels,
        names=tuple(f"image_{index}.png" for index in range(count)),
        hashes=tuple(f"{index:064d}" for index in range(count)),
        placements=(fit(file_size or tuple(canvas), tuple(canvas)),) * count,
        spacings=(None,) * count,
        files=files,
    )


def coordinates(count: int, size: tuple[int, int]) -> np.ndarray:
    """Images (count, 3, H, W) whose channels are their own y and x, and which image it is.

    Sides are at most 64, one pixel is four grey levels.
    """
    rows, columns = np.meshgrid(*(np.arange(n) * 4 for n in size), indexing="ij")
    one = [np.stack([rows, columns, np.full_like(rows, 40 * index)]) for index in range(count)]
    return np.stack(one).astype(np.uint8)
