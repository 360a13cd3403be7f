"""Writes the set of series: two planes of each head, masks of its findings, and the table."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from . import head

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

COUNT = 40
SEED = 20_240_120
TUMOURS, CYSTS = 18, 6
UNKNOWN = {7: "cyst", 23: "tumour"}  # findings of two heads that nobody wrote down
TWICE = {12: 11, 30: 29}  # heads that were scanned a second time


def write_all(folder: Path) -> Iterator[str]:
    """Write the set below `folder`, naming each exam as it is done."""
    rows = []
    for index in range(COUNT):
        name, tumour, cyst = write_exam(folder, index)
        cells = {"tumour": str(int(tumour)), "cyst": str(int(cyst))}
        if index in UNKNOWN:
            cells[UNKNOWN[index]] = ""
        rows.append((name, f"patient_{TWICE.get(index, index) + 1:02d}", *cells.values()))
        yield name
    with (folder / "series.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("series", "patient", "tumour", "cyst"))
        writer.writerows(rows)


def findings(index: int) -> tuple[bool, bool]:
    """Whether a head has a tumour, and whether it has a cyst."""
    order = np.random.default_rng(SEED).permuted(np.tile(np.arange(COUNT), (2, 1)), axis=1)
    return bool(order[0, index] < TUMOURS), bool(order[1, index] < CYSTS)


def write_exam(folder: Path, index: int) -> tuple[str, bool, bool]:
    """Write one exam below `folder`; returns its name and its findings."""
    chance = np.random.default_rng((SEED, index))
    name, (tumour, cyst) = f"head_{index + 1:02d}", findings(index)
    drawn = head.Head.draw(tumour, cyst, chance)
    for plane in head.PLACES:
        points = head.cut(plane)
        frames = np.round(255 * head.measured(drawn.tissue(points), chance)).astype(np.uint8)
        _save(folder / "images" / plane / f"{name}.tif", frames)
        _save(folder / "masks" / plane / f"{name}.tif", drawn.labels(points).astype(np.uint8))
    return name, tumour, cyst


def _save(path: Path, frames: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *others = map(Image.fromarray, frames)
    first.save(path, save_all=True, append_images=others, compression="tiff_adobe_deflate")
