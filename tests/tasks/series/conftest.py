"""Exams small enough to learn from in a test: a bright spot is the finding, its side another."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_localcl.data.series import find_series
from napari_localcl.tasks.series.looking import Look
from napari_localcl.tasks.series.settings import PRESETS, ClassifySettings

COUNT = 24


def draw(index: int, frames: int = 6) -> tuple[np.ndarray, bool, bool]:
    """Draw an exam; every second has a spot, left or right, in two of its frames."""
    chance = np.random.default_rng(index)
    pixels = 60 + 10 * chance.standard_normal((frames, 64, 64))
    present, right = index % 2 == 0, index % 4 == 0
    if present:
        column = 40 if right else 12
        pixels[2:4, 24:38, column : column + 12] += 150
    pixels[:, :4, :4] = 255  # every series spans the same greys
    return np.clip(pixels, 0, 255).astype(np.uint8), present, right


@pytest.fixture(scope="session")
def spots(tmp_path_factory):
    """Return a folder with `series.csv` and the exams in `images/axial`."""
    folder = tmp_path_factory.mktemp("spots")
    (folder / "images" / "axial").mkdir(parents=True)
    lines = ["series,patient,spot,right"]
    for index in range(COUNT):
        pixels, present, right = draw(index)
        tifffile.imwrite(folder / "images" / "axial" / f"exam_{index:02d}.tif", pixels)
        lines.append(f"exam_{index:02d},p{index // 2 * 2 + index % 2},{present:d},{right:d}")
    (folder / "series.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="session")
def pixels_settings():
    """Return the settings of plain pixels, small."""
    light = {"pooling": "max", "segments": 1, "cells": 8}
    return ClassifySettings(**{**PRESETS["pixels"], "grid": 8, "folds": 3, "light": light})


@pytest.fixture(scope="session")
def features(spots, pixels_settings, tmp_path_factory):
    """Return the exams' features, plain pixels in 8 x 8 cells."""
    look = Look(pixels_settings, spots, "cpu", tmp_path_factory.mktemp("features"))
    work = look.at(find_series(spots / "images"), ["axial"])
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
