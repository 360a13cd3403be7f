from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
import tifffile
from PIL import Image

from napari_localcl.data.errors import BadInput
from napari_localcl.data.priors.shapes import load_shapes


def covered(mask) -> np.ndarray:
    return mask.coverage > 127


@pytest.mark.parametrize("inside", [1, 7, 255])
def test_whatever_is_not_0_is_inside(inside, disc, save):
    (mask,), skipped = load_shapes(save("disc.png", disc * np.uint8(inside)))
    assert (covered(mask) == disc).all()
    assert mask.size == (48, 64)
    assert skipped == ()


def test_a_mask_saved_as_a_grey_picture_of_three_equal_channels_is_a_mask(disc, save):
    colours = np.repeat(disc[..., None] * np.uint8(255), 3, axis=2)
    (mask,), _ = load_shapes(save("disc.png", colours))
    assert (covered(mask) == disc).all()


def test_a_mask_saved_as_jpeg_is_cut_in_the_middle(disc, save):
    (mask,), _ = load_shapes(save("disc.jpg", disc * np.uint8(255)))
    assert np.mean(covered(mask) != disc) < 0.01


def test_grey_levels_far_apart_are_labels(disc, save):
    labels = disc * np.uint8(128)
    labels[40:] = 255
    (mask,), _ = load_shapes(save("labels.png", labels))
    assert (covered(mask) == (labels > 0)).all()


def test_one_label_of_several_is_chosen(disc, save):
    labels = disc + 2 * np.eye(48, 64, 8, dtype=np.uint8) * ~disc
    path = save("labels.png", labels)
    (one,), _ = load_shapes(path, label=1)
    (any_,), _ = load_shapes(path)
    assert (covered(one) == disc).all()
    assert (covered(any_) == (labels > 0)).all()
    with pytest.raises(BadInput, match=r"labels\.png holds no label 5; it has 1, 2"):
        load_shapes(path, label=5)


def test_a_nifti_volume_gives_a_mask_for_each_slice_that_shows_the_shape(disc, tmp_path):
    volume = np.stack([np.zeros_like(disc), disc, disc[::-1]])
    SimpleITK.WriteImage(
        SimpleITK.GetImageFromArray(volume.astype(np.float32)), str(tmp_path / "heart.nii.gz")
    )
    masks, skipped = load_shapes(tmp_path)
    assert [mask.name for mask in masks] == ["heart.nii.gz#1", "heart.nii.gz#2"]
    assert skipped == ()


def test_a_tiff_stack_is_read_too(disc, tmp_path):
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([disc] * 5).astype(np.uint8))
    masks, _ = load_shapes(tmp_path)
    assert len(masks) == 5


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.zeros((48, 64), np.uint8), "is empty"),
        (np.full((48, 64), 255, np.uint8), "is full"),
        (np.add.outer(np.arange(48), 3 * np.arange(64)).astype(np.uint8), "grey levels"),
        (np.dstack([np.eye(48, 64), *np.zeros((2, 48, 64))]).astype(np.uint8), "colour picture"),
    ],
)
def test_what_is_no_mask_is_refused_by_name(pixels, reason, save):
    path = save("bad.png", pixels)
    with pytest.raises(BadInput, match=rf"bad\.png .*{reason}") as error:
        load_shapes(path)
    assert "\n" not in str(error.value)


def test_bad_files_among_good_ones_are_left_out_and_listed(disc, save):
    save("a.png", disc)
    save("b.png", np.zeros((48, 64), np.uint8))
    folder = save("c.png", disc).parent
    (folder / "d.png").write_bytes(b"\x89PNG no picture")
    masks, skipped = load_shapes(folder)
    assert [mask.name for mask in masks] == ["a.png", "c.png"]
    assert {one.name for one in skipped} == {"b.png", "d.png"}


def test_a_folder_of_bad_masks_says_what_is_wrong_with_the_first(save):
    save("a.png", np.zeros((48, 64), np.uint8))
    folder = save("b.png", np.zeros((48, 64), np.uint8)).parent
    with pytest.raises(BadInput, match=r"a\.png is empty.*\(and 1 more files\)"):
        load_shapes(folder)


def test_a_folder_without_masks_is_refused(tmp_path):
    with pytest.raises(BadInput, match="holds no masks; give a folder with PNG, TIFF or NIfTI"):
        load_shapes(tmp_path)


def test_a_shape_that_its_scale_makes_larger_than_the_image_is_refused(disc, save):
    path = save("disc.png", disc)
    load_shapes(path, scale=2)
    # At six times its size a disc of radius 60 is seen through a window of 48 x 64.
    with pytest.raises(BadInput, match=r"disc\.png .*scale=6, 7\d% of it falls outside"):
        load_shapes(path, scale=6)


def test_the_middle_is_that_of_the_box_around_the_shape(disc, save):
    (mask,), _ = load_shapes(save("disc.png", disc))
    np.testing.assert_allclose(mask.middle, (20, 30))


def test_a_large_mask_is_kept_reduced_and_still_knows_its_size_and_middle(tmp_path):
    mask = np.zeros((2000, 3000), np.uint8)
    mask[300:600, 900:1500] = 1
    tifffile.imwrite(tmp_path / "large.tif", mask)
    (read,), _ = load_shapes(tmp_path)
    assert read.size == (2000, 3000)
    assert max(read.coverage.shape) <= 1024
    np.testing.assert_allclose(read.middle, (449.5, 1199.5), atol=2)


def test_the_entries_of_a_coloured_palette_are_labels(disc, tmp_path):
    image = Image.fromarray(disc.astype(np.uint8))
    image.putpalette([0, 0, 0, 128, 0, 0])
    image.save(tmp_path / "person.png")
    (shape,), _ = load_shapes(tmp_path, label=1)
    assert (covered(shape) == disc).all()


def test_a_tiff_in_which_black_is_marked_is_not_turned(disc, tmp_path):
    tifffile.imwrite(tmp_path / "disc.tif", disc)
    (shape,), _ = load_shapes(tmp_path)
    assert (covered(shape) == disc).all()


def test_masks_that_this_program_wrote_are_taken_without_their_uncertainty(disc, save):
    folder = save("eye.png", disc).parent
    save("uncertainty/eye.png", ~disc)
    (folder / "masks.csv").write_text("image,mask,confidence,area\neye.jpg,eye.png,1,317\n")
    shapes, _ = load_shapes(folder)
    assert [shape.name for shape in shapes] == ["eye.png"]
