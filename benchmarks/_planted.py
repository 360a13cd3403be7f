"""Images among which near-duplicates and outliers are planted, and whether they are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from _report import drain
from PIL import Image
from scipy.ndimage import affine_transform, gaussian_filter

from napari_localcl.data.samples import sample_folder
from napari_localcl.tasks.collection import open_collection
from napari_localcl.tasks.embedding import embed
from napari_localcl.tasks.odd_images import find_odd_images

if TYPE_CHECKING:
    from pathlib import Path

USUAL, PLANTED, LOOKED_AT = 190, 10, 20


def planted(work: Path, run: Path, device: str) -> dict[str, object]:
    """How many of 10 planted duplicates and 10 outliers are among the first 20 listed.

    Parameters
    ----------
    work : Path
        An empty folder.
    run : Path
        What embeds them.
    device : str
        Where to compute.
    """
    images = work / "planted"
    pairs, outliers = plant(images)
    store = work / "planted.zarr"
    drain(embed(images, run, store, device=device, cache=work / "cache"))
    odd = drain(find_odd_images(open_collection(store)))
    listed = {frozenset((pair.first, pair.second)) for pair in odd.pairs[:LOOKED_AT]}
    first = {name for name, _ in odd.outliers[:LOOKED_AT]}
    return {
        "images": USUAL + 2 * PLANTED,
        "duplicates found": len(listed & pairs),
        "outliers found": len(first & outliers),
        "of each": PLANTED,
    }


def plant(folder: Path) -> tuple[set[frozenset[str]], set[str]]:
    """Write the images; return the pairs that are the same, and the names of the outliers."""
    chance = np.random.default_rng(0)
    folder.mkdir()
    hands = _read("skeleton")
    usual = [varied(hands[number % len(hands)], chance) for number in range(USUAL)]
    for number, image in enumerate(usual):
        _write(folder / f"usual_{number:03d}.png", image)
    pairs = set()
    for number in chance.permutation(USUAL)[:PLANTED].tolist():
        _write(folder / f"twin_{number:03d}.png", saved_again(usual[number], chance))
        pairs.add(frozenset((f"usual_{number:03d}.png", f"twin_{number:03d}.png")))
    others = [*_read("fundus")[: PLANTED // 2], *_read("heart")[: PLANTED // 2]]
    for number, image in enumerate(others):
        _write(folder / f"other_{number:03d}.png", image)
    return pairs, {f"other_{number:03d}.png" for number in range(PLANTED)}


def varied(image: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Another hand: turned, larger or smaller, moved, of another brightness."""
    angle, size = chance.normal(0, 0.15), chance.uniform(0.85, 1.15)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / size
    middle = np.array(image.shape) / 2
    offset = middle - turn @ middle + chance.normal(0, 0.03, 2) * image.shape
    return affine_transform(image, turn, offset, mode="nearest") * chance.uniform(0.8, 1.1)


def saved_again(image: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """The same picture: a little brighter or darker, softer, with other noise."""
    softer = gaussian_filter(image, chance.uniform(0, 0.7)) * chance.uniform(0.95, 1.05)
    return softer + chance.normal(0, 3, image.shape)


def _read(name: str) -> list[np.ndarray]:
    files = sorted((sample_folder(name) / "images").iterdir())
    return [np.asarray(Image.open(file).convert("L"), np.float64) for file in files]


def _write(file: Path, image: np.ndarray) -> None:
    Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(file)
