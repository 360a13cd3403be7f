"""Writes the sets to a folder: images, masks, landmarks and the read-me."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from . import fundus, heart, skeleton
from .arrays import Floats
from .figures import copying_errors, spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

COUNT = 40
SEEDS = {"skeleton": 20_240_117, "fundus": 20_240_118, "heart": 20_240_119}
Truth = dict[str, Floats]


def write_all(out: Path) -> Iterator[str]:
    """Write all sets below `out`, naming each image as it is done."""
    truths: dict[str, dict[str, Truth]] = {}
    writers = {"skeleton": write_skeleton, "fundus": write_fundus, "heart": write_heart}
    for name, write in writers.items():
        truth: dict[str, Truth] = {}
        for index in range(COUNT):
            image, points = write(out / name, index)
            truth[image] = points
            yield f"{name}/{image}"
        _write_landmarks(out / name / "landmarks.csv", truth)
        truths[name] = truth
    (out / "README.md").write_text(readme(truths), encoding="utf-8")


def write_skeleton(folder: Path, index: int) -> tuple[str, Truth]:
    """Write one radiograph below `folder`; returns its file name and its landmarks."""
    image, landmarks = skeleton.draw(_chance("skeleton", index))
    name = f"hand_{index + 1:02d}.png"
    _save(folder / "images" / name, image)
    return name, landmarks


def write_fundus(folder: Path, index: int) -> tuple[str, Truth]:
    """Write one photograph and its masks below `folder`; returns its file name and landmarks."""
    eye = fundus.draw(_chance("fundus", index))
    name = f"eye_{index + 1:02d}"
    _save(folder / "images" / f"{name}.jpg", eye.image)
    for kind, mask in (("disc", eye.disc), ("vessels", eye.vessels)):
        _save(folder / "masks" / kind / f"{name}.png", mask.astype(np.uint8))
    return f"{name}.jpg", eye.landmarks


def write_heart(folder: Path, index: int) -> tuple[str, Truth]:
    """Write one slice and its labels below `folder`; returns its file name and its landmarks."""
    slice_ = heart.draw(_chance("heart", index))
    name = f"heart_{index + 1:02d}.png"
    _save(folder / "images" / name, slice_.image)
    _save(folder / "masks" / name, slice_.labels)
    return name, slice_.landmarks


def _chance(name: str, index: int) -> np.random.Generator:
    """Randomness of one image, independent of all others."""
    return np.random.default_rng((SEEDS[name], index))


def _save(path: Path, pixels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jpg":
        Image.fromarray(pixels).save(path, quality=92, subsampling=0)
    else:
        Image.fromarray(pixels).save(path, optimize=True)


def _write_landmarks(path: Path, truth: Mapping[str, Truth]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("image", "landmark", "y", "x"))
        for image, points in truth.items():
            writer.writerows(
                (image, name, f"{y:.2f}", f"{x:.2f}") for name, (y, x) in points.items()
            )


def readme(truths: Mapping[str, Mapping[str, Truth]]) -> str:
    """The read-me, with the figures of variation of the sets as drawn."""
    rows = []
    for name, truth in truths.items():
        points = list(truth.values())
        errors, (y, x) = copying_errors(points), spread(points)
        rows.append(
            f"| {name} | {len(points)} | {len(points[0])} | {y:.1f} | {x:.1f} | "
            f"{errors.mean():.1f} | {errors.min():.1f} |"
        )
    template = Path(__file__).with_name("readme.md").read_text(encoding="utf-8")
    return template.replace("{rows}", "\n".join(rows))
