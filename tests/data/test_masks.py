"""Which file is the mask of which image, and that its labels are read as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK
import tifffile
from PIL import Image

from napari_localcl.data.errors import BadInput
from napari_localcl.data.mask_table import TABLE
from napari_localcl.data.masks import find_masks, mask_files, match, read_mask

if TYPE_CHECKING:
    from pathlib import Path

LABELS = np.zeros((10, 12), np.uint8)
LABELS[2:5, 3:9] = 1
LABELS[6:8, 1:4] = 3


def saved(path: Path, image: Image.Image) -> Path:
    image.save(path)
    return path


def touched(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


@pytest.mark.parametrize("ending", ["png", "tif", "tiff", "nii", "nii.gz", "PNG"])
def test_a_mask_lies_like_its_image_and_has_its_stem(ending):
    pairs = {"sub/a.jpg": f"sub/a.{ending}", "sub.1/a.jpg": f"sub.1/a.{ending}"}
    assert match(pairs.values(), pairs) == pairs


def test_masks_in_one_folder_serve_images_in_several():
    images = ["left/a.jpg", "right/b.jpg", "c.jpg"]
    assert match(["b.png", "a.png"], images) == {"left/a.jpg": "a.png", "right/b.jpg": "b.png"}


def test_all_masks_may_share_an_ending():
    images = ["eye_1.jpg", "eye_10.jpg", "eye_2.jpg"]
    masks = ["eye_10_OD.png", "eye_1_OD.png"]
    assert match(masks, images) == {"eye_1.jpg": "eye_1_OD.png", "eye_10.jpg": "eye_10_OD.png"}


def test_the_masks_of_images_that_are_not_asked_for_are_left_alone():
    masks = ["eye_10_OD.png", "eye_1_OD.png", "eye_1_b_OD.png"]
    assert match(masks, ["eye_1.jpg"]) == {"eye_1.jpg": "eye_1_OD.png"}


def test_a_mask_with_the_very_stem_is_preferred_to_one_with_an_ending():
    masks = ["a.png", "a_edges.png", "b_edges.png"]
    assert match(masks, ["a.jpg", "b.jpg"]) == {"a.jpg": "a.png"}


@pytest.mark.parametrize("ending", ["_manual1.gif", "_seg.nii.gz", ".png"])
def test_images_may_share_an_ending_that_their_masks_lack(ending):
    pairs = {f"p/{number}_training.tif": f"p/{number}{ending}" for number in (21, 22, 30)}
    assert match(pairs.values(), pairs) == pairs


def test_letters_that_names_merely_end_with_alike_are_no_ending():
    assert match(["xa.png", "ya.png"], ["xba.jpg", "yba.jpg"]) == {}


def test_a_series_keeps_the_dot_in_its_name():
    assert match(["case.1/t2.tif"], ["case.1/t2"]) == {"case.1/t2": "case.1/t2.tif"}


@pytest.mark.parametrize(
    ("masks", "images", "named"),
    [
        (["a_OD.png", "a_EX.png"], ["a.jpg"], ("a_OD.png", "a_EX.png", "end differently")),
        (["a_1st.png", "b_1st.png", "a_2nd.png"], ["a.jpg", "b.jpg"], ("a_1st.png", "a_2nd.png")),
        (["a.png", "a.tif"], ["a.jpg"], ("the masks a.png and a.tif", "same stem")),
        (["a.png"], ["a.jpg", "a.bmp"], ("the images a.jpg and a.bmp", "same stem")),
        (["left/a.png", "right/a.png"], ["a.jpg"], ("left/a.png", "right/a.png")),
        (["a.png"], ["left/a.jpg", "right/a.jpg"], ("left/a.jpg", "right/a.jpg")),
    ],
)
def test_what_can_be_taken_in_two_ways_is_told_with_both_files(masks, images, named):
    with pytest.raises(BadInput) as told:
        match(masks, images)
    assert all(name in str(told.value) for name in named)


def test_two_observers_in_one_folder_are_told_apart_by_a_pattern(tmp_path):
    folder = touched(tmp_path, "a_1stHO.png", "a_2ndHO.png", "b_1stHO.png", "b_2ndHO.png")
    found = find_masks(folder / "*_1stHO.png", ["a.jpg", "b.jpg"])
    assert [path.name for path in found.values()] == ["a_1stHO.png", "b_1stHO.png"]


def test_maps_of_uncertainty_tables_and_previews_are_no_masks(tmp_path):
    folder = touched(tmp_path, TABLE, "a.png", "uncertainty/a.png", "notes.txt", "preview.jpg")
    assert mask_files(folder) == {"a.png": folder / "a.png"}
    (folder / TABLE).unlink()
    assert list(mask_files(folder)) == ["a.png", "uncertainty/a.png"]


def test_a_folder_without_masks_and_masks_of_other_images_are_told(tmp_path):
    with pytest.raises(BadInput, match=r"holds no masks; give a folder"):
        find_masks(touched(tmp_path, "a.txt"), ["a.jpg"])
    with pytest.raises(BadInput, match=r"called like b\.png and the images like a\.jpg"):
        find_masks(touched(tmp_path, "b.png"), ["a.jpg"])


def palette(colours: np.ndarray) -> Image.Image:
    image = Image.fromarray(LABELS, mode=None).convert("P")
    image.putpalette(colours.astype(np.uint8).ravel().tolist())
    return image


def coloured() -> np.ndarray:
    colours = np.zeros((256, 3))
    colours[1], colours[3] = (200, 0, 0), (0, 0, 90)
    return colours


PICTURES = {
    "grey": lambda: Image.fromarray(LABELS),
    "16 bits": lambda: Image.fromarray(LABELS.astype(np.uint16)),
    "RGB, all grey": lambda: Image.fromarray(np.repeat(LABELS[..., None], 3, 2)),
    "RGBA, all grey": lambda: Image.fromarray(np.repeat(LABELS[..., None], 3, 2)).convert("RGBA"),
    "palette of colours": lambda: palette(coloured()),
    "palette of greys": lambda: palette(np.repeat(np.arange(256)[:, None], 3, 1)),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_labels_of_a_picture_are_read_as_they_are(tmp_path, kind):
    mask = read_mask(saved(tmp_path / "a.png", PICTURES[kind]()), LABELS.shape)
    assert mask.labels.dtype == np.uint8
    np.testing.assert_array_equal(mask.labels, LABELS)
    assert mask.spacing is None


def test_binary_pictures_of_0_and_255_and_of_single_bits_keep_two_values(tmp_path):
    image = Image.fromarray(np.where(LABELS > 0, 255, 0).astype(np.uint8))
    for name, picture in {"a.png": image, "b.png": image.convert("1"), "c.gif": image}.items():
        labels = read_mask(saved(tmp_path / name, picture)).labels
        np.testing.assert_array_equal(labels, np.asarray(image))


def test_a_tiff_keeps_the_labels_under_its_colours_and_under_an_inverted_look(tmp_path):
    table = (coloured().T * 257).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", LABELS, photometric="palette", colormap=table)
    tifffile.imwrite(tmp_path / "b.tif", LABELS, photometric="miniswhite")
    for name in ("a.tif", "b.tif"):
        np.testing.assert_array_equal(read_mask(tmp_path / name).labels, LABELS)


def test_single_bits_that_a_tiff_calls_black_are_what_is_marked(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", LABELS > 0, photometric="miniswhite")
    np.testing.assert_array_equal(read_mask(tmp_path / "a.tif").labels, 255 * (LABELS > 0))


def test_volumes_are_read_whole_with_their_spacing(tmp_path):
    volume = np.stack([LABELS, LABELS, LABELS]).astype(np.int16) * [[[100]], [[1]], [[0]]]
    image = SimpleITK.GetImageFromArray(volume.astype(np.float64))
    image.SetSpacing((0.5, 0.75, 3.0))
    SimpleITK.WriteImage(image, str(tmp_path / "a.nii.gz"))
    tifffile.imwrite(tmp_path / "a.tif", volume.astype(np.int16), photometric="minisblack")
    nifti = read_mask(tmp_path / "a.nii.gz", (3, 10, 12))
    assert nifti.spacing == (3.0, 0.75, 0.5)
    for mask in (nifti, read_mask(tmp_path / "a.tif")):
        assert mask.labels.dtype == np.uint16
        np.testing.assert_array_equal(mask.labels, volume)


def fractions(path):
    tifffile.imwrite(path, LABELS + np.float32(0.5))


def negative(path):
    tifffile.imwrite(path, LABELS.astype(np.int16) - 1)


def infinite(path):
    tifffile.imwrite(path, np.where(LABELS, np.float32(np.inf), 0))


def colours(path):
    Image.fromarray(coloured().astype(np.uint8)[LABELS]).save(path, format="PNG")


def photograph(path):
    Image.fromarray(LABELS).save(path, format="JPEG")


def cut_short(path):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 60), np.uint8)).save(
        path, format="PNG"
    )
    path.write_bytes(path.read_bytes()[:500])


def nothing(path):
    path.touch()


def small(path):
    Image.fromarray(LABELS[:, :4]).save(path, format="PNG")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (fractions, "holds fractions, not labels"),
        (negative, "holds the value -1"),
        (infinite, "holds the value inf"),
        (colours, "is a picture in colours, not a mask"),
        (photograph, "is a JPEG, which does not keep labels"),
        (cut_short, "may be damaged"),
        (nothing, r"is empty \(0 bytes\)"),
        (small, "is 10 x 4 pixels but its image 10 x 12"),
    ],
)
def test_what_is_no_mask_is_told_in_one_sentence_with_the_file(tmp_path, make, why):
    path = tmp_path / "a.png"
    make(path)
    with pytest.raises(BadInput, match=why) as told:
        read_mask(path, LABELS.shape)
    assert str(told.value).startswith(str(path))
    assert "\n" not in str(told.value)
