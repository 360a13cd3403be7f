"""The sample set of series: what it holds, and that its truth is true."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_localcl.data.findings import read_findings
from napari_localcl.data.samples import SERIES, sample_folder
from napari_localcl.data.series import find_series

SOURCE = Path(__file__).parents[2] / "sample_data"
PLANES = {"axial": 10, "coronal": 8}


@pytest.fixture(scope="module")
def folder():
    return sample_folder(SERIES)


@pytest.fixture(scope="module")
def truth(folder):
    return read_findings(folder / "series.csv")


def masks(folder, name):
    return {p: tifffile.imread(folder / "masks" / p / f"{name}.tif") for p in PLANES}


def test_forty_exams_of_two_planes_are_found(folder, truth):
    found = find_series(folder / "images")
    assert tuple(exam.name for exam in found.exams) == truth.series
    assert len(found.exams) == 40
    assert all({p: len(f) for p, f in e.planes.items()} == PLANES for e in found.exams)


def test_one_finding_is_frequent_and_one_is_rare_and_some_are_not_known(truth):
    known = np.isfinite(truth.values)
    assert truth.names == ("tumour", "cyst")
    assert (truth.values == 1).sum(axis=0).tolist() == [18, 6]
    assert (~known).sum(axis=0).tolist() == [1, 1]
    assert len(set(truth.patients)) == 38


def test_the_masks_show_what_the_table_says_in_both_planes(folder, truth):
    for name, values in zip(truth.series, truth.values, strict=True):
        for labels in masks(folder, name).values():
            for label, present in enumerate(values, 1):
                if np.isfinite(present):
                    assert (labels == label).any() == bool(present), name


def test_a_tumour_is_bright_and_a_cyst_is_dark(folder, truth):
    for name in truth.series:
        for plane, labels in masks(folder, name).items():
            frames = tifffile.imread(folder / "images" / plane / f"{name}.tif")
            brain = np.median(frames[:, 22:42, 22:42])
            if (labels == 1).sum() > 30:
                assert np.median(frames[labels == 1]) > 1.4 * brain
            if (labels == 2).sum() > 30:
                assert np.median(frames[labels == 2]) < 0.7 * brain


def test_the_set_is_small(folder):
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 3e6


def test_drawing_again_gives_the_committed_exam(folder, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SOURCE))
        from generator import series

        name, tumour, cyst = series.write_exam(tmp_path, 2)
    assert (name, tumour, cyst) == ("head_03", True, False)
    for plane in PLANES:
        again = tifffile.imread(tmp_path / "images" / plane / f"{name}.tif").astype(int)
        kept = tifffile.imread(folder / "images" / plane / f"{name}.tif").astype(int)
        assert np.mean(np.abs(again - kept) > 1) < 1e-3
