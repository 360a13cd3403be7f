from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from napari_localcl.data.annotations import read_landmarks
from napari_localcl.data.errors import BadInput
from napari_localcl.data.reading import read
from napari_localcl.layers.writers import write_nifti, write_points, write_tiff

if TYPE_CHECKING:
    from pathlib import Path


def rows(path: Path):
    return [(row.image, row.landmark, row.y, row.x) for row in read_landmarks(path)]


def test_points_are_named_by_their_features(tmp_path: Path):
    path = tmp_path / "a.csv"
    features = {
        "landmark": ["tip", "base"],
        "image": ["a.png", "b.png"],
        "source": ["human", "machine:one"],
        "confidence": [np.nan, 0.25],
    }
    meta = {"features": pd.DataFrame(features)}
    assert write_points(str(path), [[0, 1, 2], [1, 3, 4]], meta) == [str(path)]
    assert rows(path) == [("a.png", "tip", 1, 2), ("b.png", "base", 3, 4)]
    assert [row.confidence for row in read_landmarks(path)] == [None, 0.25]
    assert [row.source for row in read_landmarks(path)] == ["human", "machine:one"]


def test_points_without_names_are_numbered_and_slices_are_told(tmp_path: Path):
    path = tmp_path / "a.csv"
    write_points(str(path), np.array([[0, 1, 2], [7, 3, 4]]), {"name": "spots"})
    assert rows(path) == [("spots#0", "point 1", 1, 2), ("spots#7", "point 2", 3, 4)]


def test_two_points_of_one_name_on_one_image_are_both_kept(tmp_path: Path):
    path = tmp_path / "a.csv"
    meta = {"features": {"landmark": ["tip", "tip"]}, "metadata": {"image": "a.png"}}
    write_points(str(path), [[1, 2], [3, 4]], meta)
    assert rows(path) == [("a.png", "tip", 1, 2), ("a.png", "tip 2", 3, 4)]


def test_no_points_give_a_table_without_rows(tmp_path: Path):
    write_points(str(tmp_path / "a.csv"), np.empty((0, 2)), {})
    assert rows(tmp_path / "a.csv") == []


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif", "a.nii", "a.NII.GZ"])
@pytest.mark.parametrize("shape", [(12, 10), (3, 12, 10)])
def test_labels_come_back_with_their_spacing(tmp_path: Path, name, shape):
    labels = np.arange(np.prod(shape), dtype=np.int64).reshape(shape)
    steps = (2.0, 0.5, 0.25)[-len(shape) :]
    write = write_tiff if "tif" in name else write_nifti
    write(str(tmp_path / name), labels, {"scale": np.array(steps)})
    scan = read(tmp_path / name)
    np.testing.assert_array_equal(scan.pixels[0], labels)
    assert scan.spacing == pytest.approx(steps)
    assert scan.pixels.dtype.itemsize <= 2
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_micrometres_are_written_as_such(tmp_path: Path):
    meta = {"scale": (500, 250), "units": ("micrometer", "micrometer")}
    write_tiff(str(tmp_path / "a.tif"), np.ones((8, 8), int), meta)
    assert read(tmp_path / "a.tif").spacing == pytest.approx((0.5, 0.25))


def test_a_layer_without_a_scale_claims_no_spacing(tmp_path: Path):
    write_tiff(str(tmp_path / "a.tif"), np.ones((8, 8), int), {"scale": (1, 1)})
    assert read(tmp_path / "a.tif").spacing is None


def test_what_cannot_be_written_is_told(tmp_path: Path):
    with pytest.raises(BadInput, match="4 axes"):
        write_nifti(str(tmp_path / "a.nii"), np.ones((2, 2, 2, 2), int), {})
    with pytest.raises(BadInput, match="below 0"):
        write_tiff(str(tmp_path / "a.tif"), np.full((8, 8), -1), {})
    assert list(tmp_path.iterdir()) == []
