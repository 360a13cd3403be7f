"""Radiographs of hands, their landmarks, and a run that learned a little of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
from draining import finish
from small import SMALL_LD

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.samples import sample_folder

if TYPE_CHECKING:
    from pathlib import Path

    from napari_localcl.data.heat_map import HeatMap

WRIST = Landmark("hand_01.png", "wrist", 240.25, 128.0)
THUMB = Landmark("hand_01.png", "thumb", 182.63, 196.09)


def copy_hands(folder: Path, count: int = 4) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        shutil.copy(sample_folder("skeleton") / "images" / f"hand_{number:02d}.png", folder)
    return folder


def learn(images: Path, run: Path, steps: int = 16, **settings: object) -> Path:
    """Train on images of 320 pixels, at their own size."""
    # Here, because a test of the window may want the names alone.
    from napari_localcl.tasks.pretraining import pretrain
    from napari_localcl.training.budget import Budget

    given = {**SMALL_LD, "image_size": 320, "dimensions": 16, "correspondences_share": 0.0}
    work = pretrain(
        images, run, budget=Budget(steps=steps), settings={**given, **settings}, device="cpu"
    )
    finish(work)
    return run


def peak(heat: HeatMap) -> np.ndarray:
    """Where a map is highest, (y, x) in pixels of the file."""
    cell = np.unravel_index(heat.values.argmax(), heat.values.shape)
    return np.array(cell) * heat.cell + heat.corner
