"""Masks as files: the format that fits the image, slices gathered, nothing else touched."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
import tifffile
from PIL import Image

from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import Listing, find_images
from napari_localcl.data.mask_table import MaskRow, read_mask_rows
from napari_localcl.data.mask_writing import MaskFolder, mask_name
from napari_localcl.data.masks import find_masks, read_mask
from napari_localcl.data.nifti import read as read_nifti

DEPTH, HEIGHT, WIDTH = 3, 10, 12


@pytest.fixture
def images(tmp_path, write_dicom):
    """A picture, a stack with its spacing, a tilted NIfTI volume and a DICOM series."""
    root = tmp_path / "images"
    (root / "sub").mkdir(parents=True)
    (root / "mr.1").mkdir()
    volume = np.arange(DEPTH * HEIGHT * WIDTH).reshape(DEPTH, HEIGHT, WIDTH).astype(np.uint16)
    Image.fromarray(volume[0].astype(np.uint8)).save(root / "sub" / "a.jpg")
    metadata = {"axes": "ZYX"}
    for axis, step in zip("ZYX", (4.0, 0.5, 0.25), strict=True):
        metadata |= {f"PhysicalSize{axis}": step, f"PhysicalSize{axis}Unit": "mm"}
    tifffile.imwrite(root / "stack.tif", volume, ome=True, metadata=metadata)
    image = SimpleITK.GetImageFromArray(volume)
    image.SetSpacing((0.5, 0.75, 3.0))
    image.SetOrigin((-12.5, 7.25, 30.0))
    image.SetDirection((0.0, 0.0, 1.0, -1.0, 0.0, 0.0, 0.0, -1.0, 0.0))
    SimpleITK.WriteImage(image, str(root / "brain.nii"))
    for z, plane in enumerate(volume):
        write_dicom(
            root / "mr.1" / f"{z}.dcm",
            plane,
            SeriesInstanceUID="1.2.3",
            ImagePositionPatient=[0, 0, 5 * z],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            PixelSpacing=[0.6, 0.7],
        )
    return find_images(root)


def mask_of(plane):
    """A mask that tells every plane from every other."""
    mask = np.zeros(plane.header.size, np.uint8)
    mask[2 : 4 + (plane.z or 0), 3:7] = 1
    return mask


def fill(folder, listing):
    with MaskFolder.create(folder, listing) as masks:
        for plane in listing.planes:
            mask = mask_of(plane)
            masks.write(plane.name, mask, 0.5, uncertainty=mask * 200)
    return folder


def test_each_image_gets_the_format_that_fits_it_and_is_found_again(images, tmp_path):
    folder = fill(tmp_path / "out", images)
    names = {item: mask_name(planes[0]) for item, planes in images.items.items()}
    assert names == {
        "brain.nii": "brain.nii.gz",
        "mr.1": "mr.1.tif",
        "stack.tif": "stack.tif",
        "sub/a.jpg": "sub/a.png",
    }
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    uncertain = {f"uncertainty/{name}" for name in names.values()}
    assert written == {"masks.csv", *names.values(), *uncertain}
    found = find_masks(folder, images.items)
    assert found == {item: folder / name for item, name in names.items()}
    for item, path in found.items():
        expected = np.squeeze(np.stack([mask_of(plane) for plane in images.items[item]]))
        np.testing.assert_array_equal(read_mask(path, expected.shape).labels, expected)
        uncertainty = read_mask(folder / "uncertainty" / names[item]).labels
        np.testing.assert_array_equal(uncertainty, expected * 200)


def test_a_mask_lies_where_its_image_lies(images, tmp_path):
    folder = fill(tmp_path / "out", images)
    image, mask = (
        read_nifti(path) for path in (images.root / "brain.nii", folder / "brain.nii.gz")
    )
    assert mask.pixels.dtype == np.uint8
    for fact in ("spacing", "origin", "direction"):
        np.testing.assert_allclose(getattr(mask, fact), getattr(image, fact), atol=1e-6)
    assert read_mask(folder / "stack.tif").spacing == (4.0, 0.5, 0.25)
    assert read_mask(folder / "mr.1.tif").spacing == (5.0, 0.6, 0.7)


def test_the_table_has_a_row_for_each_image_and_slice(images, tmp_path):
    rows = read_mask_rows(fill(tmp_path / "out", images) / "masks.csv")
    assert [row.image for row in rows] == [plane.name for plane in images.planes]
    assert rows[0] == MaskRow("brain.nii#0", "brain.nii.gz", 0.5, 2 * 4)
    assert rows[2].area == 4 * 4


def test_planes_that_never_come_stay_empty_and_undecided(images, tmp_path):
    with MaskFolder.create(tmp_path / "out", images) as masks:
        plane = images.named("stack.tif#1")
        masks.write(plane.name, mask_of(plane), 0.25, uncertainty=mask_of(plane))
        assert not (tmp_path / "out" / "stack.tif").exists()
    labels = read_mask(tmp_path / "out" / "stack.tif").labels
    assert [plane.sum() for plane in labels] == [0, 12, 0]
    uncertainty = read_mask(tmp_path / "out" / "uncertainty" / "stack.tif").labels
    assert [int(plane.min()) for plane in uncertainty] == [255, 0, 255]
    assert [row.image for row in read_mask_rows(tmp_path / "out" / "masks.csv")] == ["stack.tif#1"]


def test_a_volume_is_there_with_its_last_plane_and_no_second_is_held(images, tmp_path):
    with MaskFolder.create(tmp_path / "out", images) as masks:
        for z in range(DEPTH):
            masks.write(f"stack.tif#{z}", np.ones((HEIGHT, WIDTH), bool), 1.0)
        assert (tmp_path / "out" / "stack.tif").exists()
        masks.write("brain.nii#0", np.ones((HEIGHT, WIDTH), np.uint8), 1.0)
        with pytest.raises(ValueError, match=r"after stack\.tif was written"):
            masks.write("stack.tif#0", np.ones((HEIGHT, WIDTH), np.uint8), 1.0)
        with pytest.raises(ValueError, match=r"its mask \(5, 5\)"):
            masks.write("sub/a.jpg", np.ones((5, 5), np.uint8), 1.0)


def test_when_the_work_is_interrupted_what_was_finished_is_kept(images, tmp_path):
    def work():
        with MaskFolder.create(tmp_path / "out", images) as masks:
            masks.write("sub/a.jpg", np.ones((HEIGHT, WIDTH), np.uint8), 1.0)
            masks.write("stack.tif#0", np.ones((HEIGHT, WIDTH), np.uint8), 1.0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert [row.image for row in read_mask_rows(tmp_path / "out" / "masks.csv")] == ["sub/a.jpg"]
    assert not (tmp_path / "out" / "stack.tif").exists()


def test_a_folder_of_ours_goes_on_and_keeps_what_is_not_written_anew(images, tmp_path):
    folder = fill(tmp_path / "out", images)
    with MaskFolder.create(folder, images) as masks:
        masks.write("sub/a.jpg", np.zeros((HEIGHT, WIDTH), np.uint8), 0.75)
    rows = {row.image: row for row in read_mask_rows(folder / "masks.csv")}
    assert len(rows) == len(images)
    assert rows["sub/a.jpg"] == MaskRow("sub/a.jpg", "sub/a.png", 0.75, 0)
    assert read_mask(folder / "stack.tif").labels.any()


def test_a_folder_with_other_things_is_left_alone(images, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match=r"is not empty and holds no masks\.csv"):
        MaskFolder.create(tmp_path / "out", images)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_two_images_that_would_share_a_mask_are_told(tmp_path):
    for name in ("a.jpg", "a.png"):
        Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / name)
    with pytest.raises(BadInput, match=r"a\.jpg and a\.png of .* would share the mask a\.png"):
        MaskFolder.create(tmp_path / "out", find_images(tmp_path))


def test_labels_beyond_a_byte_survive_in_every_format(images, tmp_path):
    with MaskFolder.create(tmp_path / "out", images) as masks:
        for plane in images.planes:
            masks.write(plane.name, mask_of(plane).astype(np.uint16) * 1000, 1.0)
    for path in find_masks(tmp_path / "out", images.items).values():
        assert np.unique(read_mask(path).labels).tolist() == [0, 1000]


def test_a_part_of_a_listing_is_enough_to_finish_a_volume(images, tmp_path):
    part = Listing(images.root, tuple(plane for plane in images.planes if plane.z == 1))
    with MaskFolder.create(tmp_path / "out", part) as masks:
        masks.write("stack.tif#1", np.ones((HEIGHT, WIDTH), np.uint8), 1.0)
        assert read_mask(tmp_path / "out" / "stack.tif").labels.shape == (DEPTH, HEIGHT, WIDTH)
