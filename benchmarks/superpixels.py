"""How long superpixels take, how many there are, and what finding them once saves.

    python benchmarks/superpixels.py --data DATA --out superpixels.json

DATA holds one folder of images per set, as ``<set>/images``; without it, the project's own samples
are taken. Times are processor seconds, which other work on the machine hardly changes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import mean, median

import numpy as np
from _report import show, write

from napari_localcl.data.contrast import REACH
from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import PreparedImages, prepare_all
from napari_localcl.data.samples import sample_folder
from napari_localcl.data.superpixels import Superpixels, SuperpixelSettings, find_superpixels

SIZES = (128, 256, 384)
REDUCTIONS = (1, 2)
SAMPLES = ("skeleton", "fundus", "heart")
SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".nii", ".gz")


def some_images(folder: Path, files: int, size: int, cache: Path, even: bool) -> PreparedImages:
    """Prepare a few files of a folder, spread evenly over it."""
    every = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    chosen = every[:: max(1, len(every) // files)][:files]
    images = prepare_all(
        find_images(chosen), size, cache=cache, contrast_reach=REACH if even else 0.0
    )
    # Volumes have many slices: as many of them as files.
    return images.subset(range(0, len(images), max(1, len(images) // files)))


def find_seconds(images: PreparedImages, settings: SuperpixelSettings) -> float:
    """Processor seconds per image, the median over images."""
    pixels, valid = images.batch(range(len(images))), images.valid(range(len(images)))
    find_superpixels(pixels[0], valid[0], settings)  # the first call loads libraries
    seconds = []
    for one, shown in zip(pixels, valid, strict=True):
        start = time.process_time()
        find_superpixels(one, shown, settings)
        seconds.append(time.process_time() - start)
    return median(seconds)


def speed(folder: Path, files: int, work: Path) -> list[dict[str, object]]:
    """Time per image at some sizes, found anew and read from the cache."""
    rows = []
    for size in SIZES:
        images = some_images(folder, files, size, work, even=True)
        for reduction in REDUCTIONS:
            settings = SuperpixelSettings(reduction=reduction)
            known, every = Superpixels(images, settings), range(len(images))
            known.batch(every)
            start = time.process_time()
            known.batch(every)
            hit = (time.process_time() - start) / len(images)
            rows.append(
                {
                    "canvas": "x".join(map(str, images.canvas)),
                    "reduction": reduction,
                    "ms per image": 1e3 * find_seconds(images, settings),
                    "ms from the cache": 1e3 * hit,
                    "kB on the disk": known.find(0).stat().st_size / 1e3,
                }
            )
    return rows


def counts(name: str, folder: Path, files: int, work: Path) -> list[dict[str, object]]:
    """How many regions there are in a set's images, evened out and as they are."""
    rows = []
    for even in (True, False):
        images = some_images(folder, files, 384, work, even)
        maps = Superpixels(images, SuperpixelSettings()).batch(range(len(images)))
        areas = [np.bincount(one.ravel())[1:] for one in maps]
        found = sorted(len(each) for each in areas)
        rows.append(
            {
                "set": name,
                "local contrast": even,
                "images": len(images),
                "regions, median": median(found),
                "fewest": found[0],
                "most": found[-1],
                "part covered": mean(float((one > 0).mean()) for one in maps),
                "largest, part": mean(max(each, default=0) / maps[0].size for each in areas),
            }
        )
    return rows


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of sets of images")
    parser.add_argument("--files", type=int, default=12, help="files of each set")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args()
    sets = {name: sample_folder(name) / "images" for name in SAMPLES}
    if given.data:
        sets = {path.parent.name: path for path in sorted(given.data.glob("*/images"))}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        results: dict[str, object] = {
            "speed": speed(sample_folder("skeleton") / "images", given.files, work),
            "regions": [
                row
                for name, images in sets.items()
                for row in counts(name, images, given.files, work)
            ],
        }
    show("superpixels of the skeleton phantoms", results["speed"])
    show("regions per image at size 384", results["regions"])
    write(given.out, results)


if __name__ == "__main__":
    main()
