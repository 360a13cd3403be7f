from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK
import tifffile
from PIL import Image
from pydicom.uid import generate_uid

from napari_localcl.data.errors import BadInput
from napari_localcl.data.reading import geometry, header, naming, read, sniff, stem
from napari_localcl.data.scan import UnusableImage

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def every_format(tmp_path: Path, picture, write_dicom) -> dict[str, Path]:
    image = Image.fromarray(picture)
    for name in ("a.png", "a.jpg", "a.bmp", "a.gif"):
        image.save(tmp_path / name)
    tifffile.imwrite(tmp_path / "a.tif", picture)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(picture), str(tmp_path / "a.nii.gz"))
    write_dicom(tmp_path / "a.dcm", picture)
    kinds = ["PNG", "JPEG", "BMP", "GIF", "TIFF", "NIfTI", "DICOM"]
    names = ["a.png", "a.jpg", "a.bmp", "a.gif", "a.tif", "a.nii.gz", "a.dcm"]
    return {kind: tmp_path / name for kind, name in zip(kinds, names, strict=True)}


def test_every_format_gives_the_same_picture(every_format, picture):
    for kind, path in every_format.items():
        assert sniff(path) == kind
        assert header(path).size == picture.shape
        difference = read(path).pixels.astype(int) - picture[None]
        assert np.abs(difference).max() <= (8 if kind == "JPEG" else 0), kind


def test_where_no_format_states_a_geometry_pixels_are_millimetres_from_zero(every_format):
    for path in every_format.values():
        assert geometry(path).to_patient(0, y=4, x=5) == (5, 4, 0)


def test_a_damaged_geometry_is_told_with_the_files_name(tmp_path: Path, write_dicom, picture):
    parallel = [1, 0, 0, 1, 0, 0]
    path = write_dicom(tmp_path / "a.dcm", picture, ImageOrientationPatient=parallel)
    with pytest.raises(UnusableImage, match=r"a\.dcm states rows and columns that span no plane"):
        geometry(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "DICOM"])
def test_a_wrong_or_missing_suffix_does_not_matter(every_format, kind, picture):
    for name in ("image", "image.gif"):
        path = every_format[kind].rename(every_format[kind].with_name(name))
        assert sniff(path) == kind
        assert read(path).size == picture.shape
        every_format[kind] = path


def test_a_folder_with_one_series_is_a_volume(tmp_path: Path, write_dicom, picture):
    uid = generate_uid()
    for z in (2, 0, 1):
        write_dicom(
            tmp_path / f"{9 - z}",
            picture + np.uint8(z),
            SeriesInstanceUID=uid,
            ImagePositionPatient=[0, 0, z],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        )
    assert geometry(tmp_path).origins == ((0, 0, 0), (0, 0, 1), (0, 0, 2))
    scan = read(tmp_path)
    assert scan.depth == 3
    assert np.array_equal(scan.plane(1)[0], picture + 1)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.dcm", "a.nii", "a.nii.gz"])
def test_an_empty_file_is_told(tmp_path: Path, name):
    (tmp_path / name).touch()
    with pytest.raises(BadInput, match=rf"{name} is empty \(0 bytes\)"):
        read(tmp_path / name)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.dcm", "a.nii", "a.nii.gz", "a.xyz"])
def test_something_else_is_told_in_one_sentence(tmp_path: Path, name):
    (tmp_path / name).write_bytes(np.random.default_rng(1).bytes(2000))
    for look in (read, header):
        with pytest.raises(UnusableImage) as caught:
            look(tmp_path / name)
        assert str(caught.value).startswith(str(tmp_path / name))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "NIfTI", "DICOM"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.8])
def test_a_file_cut_short_is_told_whatever_its_format(every_format, kind, share):
    path = every_format[kind]
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(BadInput, match=path.name):
        read(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(BadInput, match="cannot be opened"):
        read(tmp_path / "a.png")


def test_a_lack_of_memory_is_told(tmp_path: Path):
    with pytest.raises(BadInput, match="does not fit into memory"), naming(tmp_path / "a.nii"):
        raise MemoryError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sub/a.jpg", "sub/a"),
        ("a.NII.GZ", "a"),
        ("a.b.tiff", "a.b"),
        ("case.1/t2", "case.1/t2"),
        ("1.2.840.113", "1.2.840.113"),
    ],
)
def test_a_stem_is_a_name_without_what_tells_the_format(name, expected):
    assert stem(name) == expected
