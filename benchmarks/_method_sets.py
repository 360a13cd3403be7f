"""The sets that encoders are compared on: images with landmarks or masks, written to one folder."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from napari_localcl.data.annotations import read_landmarks, write_landmarks
from napari_localcl.data.intensity import to_uint8
from napari_localcl.data.masks import read_mask
from napari_localcl.data.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt


@dataclass(frozen=True)
class MethodSet:
    """Images, what is known of them, and how every system is to see them.

    Attributes
    ----------
    fill : callable
        Writes `images/` and `masks/` or `landmarks.csv`; returns who is shown by each image, so
        that nobody is both learned from and tested on.
    settings : dict
        What a user would set for these images, the same for all systems.
    """

    name: str
    fill: Callable[[Path, Path], dict[str, str]]
    settings: dict[str, object] = field(default_factory=dict)


def sets() -> dict[str, MethodSet]:
    """Every set by name."""
    known = [
        MethodSet("fly_wings", _landmarks("fly_wings")),
        MethodSet(
            "idrid_localization", _landmarks("idrid_localization"), settings={"sides": "shades"}
        ),
        MethodSet("idrid_disc", disc, {"image_size": 256}),
        MethodSet("chest_xray", chest, {"image_size": 256}),
        MethodSet("acdc", acdc, {"image_size": 160}),
        MethodSet("msd_hippocampus", hippocampus, {"image_size": 64}),
    ]
    return {one.name: one for one in known}


def _landmarks(name: str) -> Callable[[Path, Path], dict[str, str]]:
    def fill(data: Path, out: Path) -> dict[str, str]:
        out.mkdir(parents=True)
        (out / "images").symlink_to((data / name / "images").resolve())
        write_landmarks(out / "landmarks.csv", read_landmarks(data / name / "landmarks.csv"))
        return {path.name: path.name for path in sorted((out / "images").iterdir())}

    return fill


def _save(folder: Path, name: str, pixels: npt.NDArray[np.uint8]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(folder / f"{name}.png")


def disc(data: Path, out: Path) -> dict[str, str]:
    """IDRiD: the optic disc."""
    people = {}
    for path in sorted((data / "idrid_disc/images").glob("*.jpg")):
        mask = next((data / "idrid_disc/masks").glob(f"{path.stem}_OD.*"))
        _save(out / "images", path.stem, np.asarray(Image.open(path)))
        _save(out / "masks", path.stem, (np.asarray(Image.open(mask)) > 0).astype(np.uint8))
        people[f"{path.stem}.png"] = path.stem
    return people


def chest(data: Path, out: Path) -> dict[str, str]:
    """Chest X-rays: 1 lungs, 2 heart and mediastinum, which the lungs' masks go behind."""
    people = {}
    for path in sorted((data / "chest_xray/images").glob("*.png")):
        labels = np.zeros(np.asarray(Image.open(path).convert("L")).shape, np.uint8)
        for value, name in ((1, "left_lung"), (1, "right_lung"), (2, "cardiomediastinum")):
            mask = np.asarray(Image.open(data / "chest_xray/masks" / name / path.name))
            labels[mask > 0] = value
        _save(out / "images", path.stem, np.asarray(Image.open(path).convert("L")))
        _save(out / "masks", path.stem, labels)
        people[f"{path.stem}.png"] = path.stem
    return people


def acdc(data: Path, out: Path) -> dict[str, str]:
    """ACDC: both ventricles and the myocardium in the middle slice of each volume."""
    import tifffile

    with (data / "acdc/series.csv").open(encoding="utf-8", newline="") as file:
        patients = {row["series"]: row["patient"] for row in csv.DictReader(file)}
    people = {}
    for path in sorted((data / "acdc/images").glob("*.tif")):
        volume, labels = tifffile.imread(path), tifffile.imread(data / "acdc/labels" / path.name)
        _save(out / "images", path.stem, volume[len(volume) // 2])
        _save(out / "masks", path.stem, labels[len(labels) // 2].astype(np.uint8))
        people[f"{path.stem}.png"] = patients[path.stem]
    return people


def hippocampus(data: Path, out: Path) -> dict[str, str]:
    """Medical Segmentation Decathlon: front and back of the hippocampus in the middle slice."""
    people = {}
    for path in sorted((data / "msd_hippocampus/images").glob("*.nii*")):
        volume = to_uint8(read(path).pixels)[0]
        labels = read_mask(data / "msd_hippocampus/labels" / path.name).labels
        name = path.name.partition(".")[0]
        _save(out / "images", name, volume[len(volume) // 2])
        _save(out / "masks", name, labels[len(labels) // 2].astype(np.uint8))
        people[f"{name}.png"] = name
    return people
