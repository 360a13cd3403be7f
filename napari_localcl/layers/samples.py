"""The sample images as layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_localcl.data.annotations import by_image, read_landmarks
from napari_localcl.data.reading import read
from napari_localcl.data.samples import sample_folder
from napari_localcl.layers.points import points_layer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from napari_localcl.layers.points import LayerData

    Pixels = npt.NDArray[np.generic[Any]]


def skeleton_sample() -> list[LayerData]:
    """Return the radiographs of hands and their landmarks.

    Returns
    -------
    list of layer tuples
        An image (T, 320, 256) uint8 and points (N, 3) as `(t, y, x)`, whose features name the
        `landmark` and the `image`.
    """
    return _sample("skeleton")


def fundus_sample() -> list[LayerData]:
    """Return the photographs of eyes with the masks of vessels and disc, and their landmarks.

    Returns
    -------
    list of layer tuples
        An image (T, 300, 360, 3) uint8, two labels (T, 300, 360) and points (N, 3) as
        `(t, y, x)`, whose features name the `landmark` and the `image`.
    """
    return _sample("fundus")


def heart_sample() -> list[LayerData]:
    """Return the slices of hearts with the labels of their ventricles, and their landmarks.

    Returns
    -------
    list of layer tuples
        An image (T, 128, 128) uint8, labels (T, 128, 128) with 1 right ventricle, 2 myocardium and
        3 left ventricle, and points (N, 3) as `(t, y, x)`, whose features name the `landmark` and
        the `image`.
    """
    return _sample("heart")


def _sample(name: str) -> list[LayerData]:
    folder = sample_folder(name)
    rows = read_landmarks(folder / "landmarks.csv")
    images = tuple(by_image(rows))
    image = _image(name, _stack([folder / "images" / image for image in images]))
    points = points_layer(f"{name} landmarks", rows, images)
    return [image, *_masks(name, folder, images), points]


def _image(name: str, pixels: Pixels) -> LayerData:
    return pixels, {"name": f"{name} images", "rgb": pixels.ndim == 4}, "image"


def _masks(name: str, folder: Path, images: Sequence[str]) -> list[LayerData]:
    """Return one labels layer per folder that holds masks; a mask has its image's stem."""
    stems = [image.rpartition(".")[0] for image in images]
    kinds = sorted({mask.parent for mask in (folder / "masks").rglob("*.png")})
    return [
        (
            _stack([kind / f"{stem}.png" for stem in stems]),
            {"name": f"{name} {kind.name}", "opacity": 0.4, "visible": False},
            "labels",
        )
        for kind in kinds
    ]


def _stack(paths: Sequence[Path]) -> Pixels:
    """Read images of one size into (T, H, W), or (T, H, W, C) if they are coloured."""
    import numpy as np

    planes = np.stack([read(path).pixels for path in paths])
    return planes[:, 0] if planes.shape[1] == 1 else np.moveaxis(planes, 1, -1)
