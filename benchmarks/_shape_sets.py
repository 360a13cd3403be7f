"""The sets that a structure is segmented on: images, truth and prior, written to one folder.

Nothing of the tested images' truth is in a prior. Where a prior is made of masks, those images are
learned from like all others, without labels, and are left out of the test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt

    Mask = npt.NDArray[np.bool_]
    Pictures = dict[str, npt.NDArray[np.uint8]]


@dataclass(frozen=True)
class ShapeSet:
    """What is segmented, and from what."""

    name: str
    asked: float  # Dice that the project asks for
    minutes: float
    appearance: str
    fill: Callable[[Path, Path], None]
    prior: str = ""  # empty: the masks that `fill` wrote
    settings: dict[str, object] = field(default_factory=dict)


def sets() -> dict[str, ShapeSet]:
    """Every set by name."""
    every = {"shape.expected": True}
    # As seen in the preview over one eye: 0.18 of the height, give or take a fifth.
    disc = {"prior.smallest": 0.15, "prior.largest": 0.22, **every}
    heart = {"prior.position": "around", "prior.spread": 0.05, **every}
    cavity = {"prior.smallest": 0.11, "prior.largest": 0.3}
    wall = {"prior.smallest": 0.17, "prior.largest": 0.36, "prior.thinnest": 0.09}
    known = [
        ShapeSet("vessels", 0.67, 7.5, "darker", vessels, settings={"shape.channel": "green"}),
        ShapeSet("disc", 0.78, 8, "brighter", disc_images, "ellipse", disc),
        ShapeSet("lungs", 0.86, 4, "darker", lungs, settings=every),
        ShapeSet("heart", 0.80, 4, "any", heart_shadow, settings=every),
        ShapeSet("ventricle", 0.70, 5, "brighter", ventricle, "ellipse", heart | cavity),
        ShapeSet("ring", float("nan"), 8, "darker", ring, "ring", heart | wall),
    ]
    return {one.name: one for one in known}


def _save(folder: Path, name: str, pixels: npt.NDArray[np.generic]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shown = pixels.astype(np.uint8) if pixels.dtype == bool else pixels
    Image.fromarray(shown).save(folder / f"{name}.png")


def vessels(data: Path, out: Path) -> None:
    """CHASE_DB1: masks of both eyes of the first five children are the prior."""
    for number, path in enumerate(sorted((data / "chase_db1/images").glob("*.jpg"))):
        _save(out / "images", path.stem, np.asarray(Image.open(path)))
        for observer, folder in (("1stHO", "truth"), ("2ndHO", "second")):
            mask = data / f"chase_db1/masks_{observer}/{path.stem}_{observer}.png"
            where = "prior" if number < 10 and folder == "truth" else folder
            _save(out / where, path.stem, np.asarray(Image.open(mask)) > 0)


def disc_images(data: Path, out: Path) -> None:
    """IDRiD: all images are tested, the prior are ellipses."""
    for path in sorted((data / "idrid_disc/images").glob("*.jpg")):
        _save(out / "images", path.stem, np.asarray(Image.open(path)))
        mask = next((data / "idrid_disc/masks").glob(f"{path.stem}_OD.*"))
        _save(out / "truth", path.stem, np.asarray(Image.open(mask)) > 0)


def lungs(data: Path, out: Path) -> None:
    """Chest X-rays: both lungs; masks of the first twelve images are the prior."""
    _chest(data, out, ("left_lung", "right_lung"))


def heart_shadow(data: Path, out: Path) -> None:
    """Chest X-rays: heart and mediastinum."""
    _chest(data, out, ("cardiomediastinum",))


def _chest(data: Path, out: Path, structures: tuple[str, ...]) -> None:
    for number, path in enumerate(sorted((data / "chest_xray/images").glob("*.png"))):
        _save(out / "images", path.stem, np.asarray(Image.open(path).convert("L")))
        masks = [
            np.asarray(Image.open(data / "chest_xray/masks" / one / path.name)) > 0
            for one in structures
        ]
        where = "prior" if number < 12 else "truth"
        _save(out / where, path.stem, np.any(masks, axis=0))


def ventricle(data: Path, out: Path) -> None:
    """ACDC: the left ventricle in the middle slice of each volume."""
    _slices(data, out, (3,))


def ring(data: Path, out: Path) -> None:
    """ACDC: the myocardium around it."""
    _slices(data, out, (2,))


def _slices(data: Path, out: Path, labels: tuple[int, ...]) -> None:
    import tifffile

    for path in sorted((data / "acdc/images").glob("*.tif")):
        volume = tifffile.imread(path)
        middle = len(volume) // 2
        truth = tifffile.imread(data / "acdc/labels" / path.name)[middle]
        _save(out / "images", path.stem, volume[middle])
        _save(out / "truth", path.stem, np.isin(truth, labels))


def masks(folder: Path) -> dict[str, Mask]:
    """Masks of a folder by stem."""
    return {path.stem: np.asarray(Image.open(path)) > 0 for path in sorted(folder.glob("*.png"))}


def pictures(folder: Path) -> Iterator[tuple[str, npt.NDArray[np.uint8]]]:
    """Images of a folder by stem."""
    for path in sorted(folder.glob("*.png")):
        yield path.stem, np.asarray(Image.open(path))
