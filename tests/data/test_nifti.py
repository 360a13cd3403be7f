from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK

from napari_localcl.data import nifti
from napari_localcl.data.errors import BadInput
from napari_localcl.data.scan import Header

if TYPE_CHECKING:
    from pathlib import Path

VOLUME = np.random.default_rng(0).integers(-500, 500, (5, 20, 30)).astype(np.int16)
TURNED = (0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


def saved(path: Path, pixels: np.ndarray = VOLUME, *, vector: bool = False) -> Path:
    image = SimpleITK.GetImageFromArray(pixels, isVector=vector)
    image.SetSpacing((0.5, 0.75, 3.0)[: image.GetDimension()])
    if image.GetDimension() == 3:
        image.SetDirection(TURNED)
        image.SetOrigin((10.0, -20.0, 30.0))
    SimpleITK.WriteImage(image, str(path))
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_volume_keeps_values_and_geometry(tmp_path: Path, name):
    scan = nifti.read(saved(tmp_path / name))
    assert scan.pixels.dtype == np.int16
    assert np.array_equal(scan.pixels, VOLUME[None])
    assert scan.spacing == pytest.approx((3.0, 0.75, 0.5))
    assert scan.direction == pytest.approx(TURNED)
    assert scan.origin == pytest.approx((10.0, -20.0, 30.0))


def test_the_header_tells_size_depth_and_spacing(tmp_path: Path):
    assert nifti.header(saved(tmp_path / "a.nii.gz")) == Header((20, 30), 5, 1, (0.75, 0.5))


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_voxel_lies_where_itk_places_it(tmp_path: Path, name):
    path = saved(tmp_path / name)
    place = SimpleITK.ReadImage(str(path)).TransformContinuousIndexToPhysicalPoint((6.5, 8, 2))
    assert nifti.geometry(path).to_patient(2, y=8, x=6.5) == pytest.approx(place, abs=1e-5)
    # 10 + 8 rows of 0.75; -20 + 6.5 columns of 0.5; 30 - 2 slices of 3.
    assert place == pytest.approx((16.0, -16.75, 24.0))


def test_a_file_of_two_axes_lies_at_zero(tmp_path: Path):
    assert nifti.geometry(saved(tmp_path / "a.nii", VOLUME[0])).to_patient(
        0, y=4, x=6
    ) == pytest.approx((3.0, 3.0, 0.0))


@pytest.mark.parametrize("pixels", [VOLUME[0], VOLUME[:1]])
def test_one_slice_is_a_plain_image(tmp_path: Path, pixels):
    path = saved(tmp_path / "a.nii", pixels)
    assert nifti.header(path).depth == 1
    scan = nifti.read(path)
    assert scan.pixels.shape == (1, 20, 30)
    assert scan.spacing == pytest.approx((0.75, 0.5))


def test_the_files_slope_is_applied(tmp_path: Path):
    path = saved(tmp_path / "a.nii")
    stored = bytearray(path.read_bytes())
    stored[112:120] = np.array([0.5, 10.0], "<f4").tobytes()
    path.write_bytes(stored)
    assert np.allclose(nifti.read(path).pixels, VOLUME[None] * 0.5 + 10)


def test_colour_is_kept(tmp_path: Path):
    colours = np.random.default_rng(0).integers(0, 255, (5, 20, 30, 3)).astype(np.uint8)
    path = saved(tmp_path / "a.nii", colours, vector=True)
    assert nifti.header(path).channels == 3
    assert np.array_equal(nifti.read(path).pixels, colours.transpose(3, 0, 1, 2))


def test_a_series_of_volumes_in_one_file_is_refused(tmp_path: Path):
    image = SimpleITK.JoinSeries([SimpleITK.GetImageFromArray(VOLUME)] * 2)
    SimpleITK.WriteImage(image, str(tmp_path / "a.nii"))
    with pytest.raises(BadInput, match=r"has 4 axes \(30 x 20 x 5 x 2\)"):
        nifti.header(tmp_path / "a.nii")


def test_a_file_cut_short_is_refused_instead_of_filled_with_zeros(tmp_path: Path):
    path = saved(tmp_path / "a.nii")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(BadInput, match="cut short: it holds 3000 of 6352 bytes"):
        nifti.read(path)


def test_a_compressed_file_cut_short_is_refused(tmp_path: Path):
    path = saved(tmp_path / "a.nii.gz")
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(EOFError):
        nifti.read(path)


def test_another_kind_of_file_is_refused(tmp_path: Path):
    (tmp_path / "a.nii").write_bytes(b"no image" * 100)
    with pytest.raises(BadInput, match="does not begin like a NIfTI file"):
        nifti.header(tmp_path / "a.nii")


@pytest.mark.parametrize("shape", [(10, 12), (1, 10, 12), (3, 10, 12), (1, 3, 10, 12)])
def test_a_mask_is_written_on_the_grid_of_its_image(tmp_path, shape):
    image = SimpleITK.GetImageFromArray(np.ones(shape, np.float32), isVector=False)
    image.SetSpacing((0.5, 0.75, 3.0, 1.0)[: len(shape)])
    image.SetOrigin((4.0, -5.0, 6.0, 0.0)[: len(shape)])
    SimpleITK.WriteImage(image, str(tmp_path / "image.nii"))
    expected = nifti.read(tmp_path / "image.nii")
    labels = np.arange(expected.pixels.size, dtype=np.uint16).reshape(expected.pixels.shape[1:])
    nifti.write_like(tmp_path / "mask.nii.gz", labels, tmp_path / "image.nii")
    mask = nifti.read(tmp_path / "mask.nii.gz")
    np.testing.assert_array_equal(mask.pixels[0], labels)
    assert mask.spacing == expected.spacing
    assert nifti.geometry(tmp_path / "mask.nii.gz") == nifti.geometry(tmp_path / "image.nii")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.nii", "mask.nii.gz"]
