"""Exams small enough to learn from in a test: a bright spot is the finding, its side another."""

from __future__ import annotations

import pytest
import tifffile
from draining import finish
from spots import draw

from napari_localcl.data.series import find_series
from napari_localcl.tasks.series.looking import Look
from napari_localcl.tasks.series.settings import PRESETS, ClassifySettings

COUNT = 24


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
    return finish(look.at(find_series(spots / "images"), ["axial"]))[1]
