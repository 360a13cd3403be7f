"""ACTION, small enough to train in a test, and discs to segment."""

from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

SMALL_ACTION = {
    "image_size": 64,
    "width": 4,
    "batch": 2,
    "labelled": 2,
    "unlabelled": 2,
    "distillation.bank": 4,
    "distillation.hidden": 8,
    "distillation.dimensions": 8,
    "contrast.queries": 4,
    "contrast.keys": 4,
    "contrast.dimensions": 8,
}
ACTION_FLAGS = [
    part for name, value in SMALL_ACTION.items() for part in ("--set", f"{name}={value}")
]


def write_discs(folder: Path, count: int = 6, labelled: int = 2) -> None:
    """Write images of a bright disc with a dark core, and masks of the first few: 1 and 2."""
    chance = np.random.default_rng(0)
    for kind in ("images", "labels", "truth"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for index in range(count):
        y, x = np.mgrid[:72, :72]
        centre = chance.uniform(24, 48, 2)
        away = np.hypot(y - centre[0], x - centre[1])
        mask = (away <= 16).astype(np.uint8) + (away <= 8)
        ground = gaussian_filter(chance.normal(0, 40, mask.shape), 2)
        pixels = 90 + ground + np.array([0, 100, -60])[mask]
        name = f"disc_{index}.png"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / "images" / name)
        Image.fromarray(mask).save(folder / "truth" / name)
        if index < labelled:
            Image.fromarray(mask).save(folder / "labels" / name)
