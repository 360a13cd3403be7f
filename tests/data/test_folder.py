from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK
import tifffile
from PIL import Image
from pydicom import dcmread
from pydicom.uid import MediaStorageDirectoryStorage, generate_uid

from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import find_images

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(0)


@pytest.fixture
def write_series(write_dicom):
    def write(folder: Path, depth: int = 3, prefix: str = "IM", uid: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        uid = uid or generate_uid()
        for z in range(depth):
            write_dicom(
                folder / f"{prefix}{depth - z}",
                RNG.integers(0, 900, (20, 30), np.uint16),
                SeriesInstanceUID=uid,
                ImagePositionPatient=[0, 0, 2.0 * z],
                ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
                PixelSpacing=[0.5, 0.5],
            )

    return write


def names(listing) -> list[str]:
    return [plane.name for plane in listing.planes]


def test_planes_are_named_by_path_and_slice(tmp_path: Path, picture):
    (tmp_path / "sub").mkdir()
    Image.fromarray(picture).save(tmp_path / "sub" / "b.png")
    tifffile.imwrite(tmp_path / "p1.tif", np.stack([picture] * 2), photometric="minisblack")
    SimpleITK.WriteImage(
        SimpleITK.GetImageFromArray(np.stack([picture] * 3)), str(tmp_path / "v.nii.gz")
    )
    listing = find_images(tmp_path)
    assert names(listing) == [
        "p1.tif#0",
        "p1.tif#1",
        "sub/b.png",
        "v.nii.gz#0",
        "v.nii.gz#1",
        "v.nii.gz#2",
    ]
    assert listing.planes[1].item == "p1.tif"
    assert list(listing.items) == ["p1.tif", "sub/b.png", "v.nii.gz"]
    assert listing.items["p1.tif"] == listing.planes[:2]
    assert [plane.z for plane in listing.planes] == [0, 1, None, 0, 1, 2]
    assert listing.planes[2].path == tmp_path / "sub" / "b.png"
    assert len(listing) == 6


def test_files_of_one_series_become_one_volume_named_like_its_folder(tmp_path: Path, write_series):
    write_series(tmp_path / "patient" / "T2")
    listing = find_images(tmp_path)
    assert names(listing) == ["patient/T2#0", "patient/T2#1", "patient/T2#2"]
    files = listing.planes[0].path
    # By position, which is against the order of the names.
    assert [file.name for file in files] == ["IM3", "IM2", "IM1"]
    assert listing.planes[0].header.spacing == (0.5, 0.5)


def test_the_folder_itself_may_be_the_series(tmp_path: Path, write_series):
    write_series(tmp_path / "T2")
    assert names(find_images(tmp_path / "T2"))[0] == "T2#0"


def test_two_series_in_one_folder_are_told_apart(tmp_path: Path, write_series):
    write_series(tmp_path / "mixed", prefix="a", uid="1.2.3")
    write_series(tmp_path / "mixed", prefix="b", uid="1.2.4")
    assert names(find_images(tmp_path))[::3] == ["mixed/1.2.3#0", "mixed/1.2.4#0"]


def test_a_single_slice_keeps_its_files_name(tmp_path: Path, write_series):
    write_series(tmp_path / "one", depth=1)
    assert names(find_images(tmp_path)) == ["one/IM1"]


def test_a_file_list_takes_only_what_it_names(tmp_path: Path, picture):
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(picture).save(tmp_path / name)
    (tmp_path / "notes.docx").write_bytes(b"PK")
    (tmp_path / "list.txt").write_text("c.png\na.png\nmissing.png\nnotes.docx\n")
    listing = find_images(tmp_path / "list.txt")
    assert names(listing) == ["c.png", "a.png"]
    assert [(skipped.name, skipped.reason) for skipped in listing.skipped] == [
        ("missing.png", "cannot be opened (No such file or directory)"),
        ("notes.docx", "is no PNG, JPEG, TIFF, DICOM or NIfTI image"),
    ]


def test_a_folder_of_all_sorts_is_listed_cleanly(tmp_path: Path, picture, write_dicom, capfd):
    deep = picture.astype(np.uint16) * 257
    Image.fromarray(picture).save(tmp_path / "good.png")
    Image.fromarray(deep).save(tmp_path / "deep.png")
    Image.fromarray(np.dstack([picture] * 4)).save(tmp_path / "rgba.png")
    Image.fromarray(picture).resize((300, 200)).save(tmp_path / "good.jpg")
    tifffile.imwrite(tmp_path / "float.tif", picture.astype(np.float32))
    write_dicom(tmp_path / "x.dcm", deep)
    used = ["deep.png", "float.tif", "good.jpg", "good.png", "rgba.png", "x.dcm"]

    (tmp_path / "zero.png").touch()
    (tmp_path / "text.jpg").write_text("<html>")
    (tmp_path / "noise.dcm").write_bytes(RNG.bytes(999))
    (tmp_path / "noise.nii.gz").write_bytes(RNG.bytes(999))
    (tmp_path / "noise.tif").write_bytes(b"II*\0" + RNG.bytes(999))
    (tmp_path / "volume.mha").write_text("ObjectType = Image")
    Image.fromarray(picture[:1, :1]).save(tmp_path / "pixel.png")
    expected = {
        "zero.png": "is empty (0 bytes)",
        "text.jpg": "cannot identify image file",
        "noise.dcm": "holds no DICOM image",
        "noise.nii.gz": "Not a gzipped file",
        "noise.tif": "without a whole image",
        "volume.mha": "is no PNG, JPEG, TIFF, DICOM or NIfTI image",
        "pixel.png": "is 1 x 1 pixels, too small",
    }

    for name in ("readme.md", "labels.csv", "LICENSE", ".DS_Store", "run.json", "Thumbs.db"):
        (tmp_path / name).write_text("no image")
    data = dcmread(write_dicom(tmp_path / "DICOMDIR", picture))
    data.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    data.save_as(tmp_path / "DICOMDIR")

    listing = find_images(tmp_path)
    assert sorted(names(listing)) == used
    skipped = {one.name: one.reason for one in listing.skipped}
    assert skipped.keys() == expected.keys()
    for name, part in expected.items():
        assert part in skipped[name]
        assert str(tmp_path) not in skipped[name]
    assert capfd.readouterr().err == ""


def test_a_plane_is_found_by_name_and_near_names_are_offered(tmp_path: Path, picture):
    for name in ("left_01.png", "left_02.png", "other.png"):
        Image.fromarray(picture).save(tmp_path / name)
    listing = find_images(tmp_path)
    assert listing.named("left_02.png").path == tmp_path / "left_02.png"
    with pytest.raises(BadInput, match=r"no image named 'left_2.png' .* did you mean left_02.png"):
        listing.named("left_2.png")


def test_a_folder_without_images_is_told(tmp_path: Path):
    (tmp_path / "notes.md").write_text("nothing")
    with pytest.raises(BadInput, match="holds no images"):
        find_images(tmp_path)


def test_a_folder_with_damaged_images_only_says_what_is_wrong(tmp_path: Path):
    (tmp_path / "a.png").touch()
    (tmp_path / "b.png").touch()
    with pytest.raises(
        BadInput, match=r"no usable images: a.png is empty \(0 bytes\) \(and 1 more"
    ):
        find_images(tmp_path)
