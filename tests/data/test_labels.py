"""Labels to learn from, on the working canvas."""

import numpy as np
import pytest
import tifffile
from draining import finish
from PIL import Image

from napari_localcl.data.classes import LabelClass, parse_classes, write_classes
from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import find_images
from napari_localcl.data.labels import UNKNOWN, LabelRules, find_labels
from napari_localcl.data.prepared import prepare_all


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.asarray(pixels, np.uint8)
    if pixels.ndim == 3:
        tifffile.imwrite(path, pixels, metadata={"axes": "ZYX"}, photometric="minisblack")
    else:
        Image.fromarray(pixels).save(path)


@pytest.fixture
def images(tmp_path):
    """Three pictures of 64 x 64 pixels, and a volume of four slices."""
    chance = np.random.default_rng(0)
    for index in range(3):
        save(tmp_path / "images" / f"p{index}.png", chance.integers(0, 255, (64, 64)))
    save(tmp_path / "images" / "v.tif", chance.integers(0, 255, (4, 64, 64)))
    return tmp_path / "images"


@pytest.fixture
def masks(tmp_path):
    return tmp_path / "masks"


def square(value=1, other=0):
    mask = np.full((64, 64), other, np.uint8)
    mask[16:32, 8:40] = value
    return mask


def found(masks, images, rules=None, hold_out=()):
    return finish(find_labels(masks, find_images(images), rules, hold_out))[1]


def drawn(masks, images, rules=None, hold_out=()):
    return found(masks, images, rules, hold_out).draw(prepare_all(find_images(images), 64))


def test_an_image_without_a_mask_has_no_labels(images, masks):
    save(masks / "p1.png", square())
    labels = drawn(masks, images)
    assert labels.images.tolist() == [1]
    assert labels.maps[0].tolist() == square().tolist()
    assert labels.complete.tolist() == [True]


def test_values_become_classes_in_their_order(images, masks):
    save(masks / "p0.png", square(7))
    save(masks / "p1.png", square(3))
    known = found(masks, images)
    assert known.classes == (LabelClass(3, "3"), LabelClass(7, "7"))
    labels = known.draw(prepare_all(find_images(images), 64))
    assert [set(np.unique(one)) for one in labels.maps] == [{0, 2}, {0, 1}]


def test_the_table_beside_the_masks_names_the_classes_and_the_rules_come_first(images, masks):
    save(masks / "p0.png", square(2))
    write_classes(masks / "classes.csv", parse_classes("2=myocardium"))
    assert found(masks, images).classes == (LabelClass(2, "myocardium"),)
    rules = LabelRules(parse_classes("2=wall"))
    assert found(masks, images, rules).classes == (LabelClass(2, "wall"),)


def test_not_labelled_differs_from_background(images, masks):
    mask = square()
    mask[40:] = 255
    save(masks / "p0.png", mask)
    labels = drawn(masks, images)
    assert (labels.maps[0][40:] == UNKNOWN).all()
    assert (labels.maps[0][:16] == 0).all()
    assert not labels.complete[0]
    assert drawn(masks, images, LabelRules(not_labelled=1)).maps[0][20, 20] == UNKNOWN


def test_of_masks_with_0_and_255_alone_255_is_the_structure(images, masks):
    save(masks / "p0.png", square(255))
    labels = drawn(masks, images)
    assert labels.maps[0].tolist() == square(1).tolist()


def test_an_unpainted_slice_is_background_or_where_labels_are_sparse_not_labelled(images, masks):
    volume = np.zeros((4, 64, 64), np.uint8)
    volume[1] = square()
    save(masks / "v.tif", volume)
    dense = drawn(masks, images)
    assert dense.images.tolist() == [3, 4, 5, 6]
    assert dense.volumes.tolist() == [0, 0, 0, 0]
    assert not dense.maps[0].any()
    sparse = drawn(masks, images, LabelRules(sparse=True))
    assert sparse.images.tolist() == [4]


def test_a_slice_of_which_nothing_is_known_is_left_out(images, masks):
    volume = np.full((4, 64, 64), 255, np.uint8)
    volume[2] = square()
    save(masks / "v.tif", volume)
    assert drawn(masks, images).images.tolist() == [5]


def test_labels_lie_where_their_pixels_lie_also_mirrored(tmp_path, masks):
    chance = np.random.default_rng(0)
    save(tmp_path / "wide" / "a.png", chance.integers(0, 255, (50, 100)))
    mask = np.zeros((50, 100), np.uint8)
    mask[10:20, 60:90] = 4
    save(masks / "a.png", mask)
    listing = find_images(tmp_path / "wide")
    images = prepare_all(listing, 128, canvas=(128, 128))
    known = found(masks, tmp_path / "wide")
    for prepared in (images, images.mirrored([True])):
        labels = known.draw(prepared).maps[0]
        placement = prepared.placements[0]
        for point, wanted in (((15, 75), 1), ((15, 55), 0), ((25, 75), 0)):
            y, x = np.rint(placement.to_canvas([point])[0]).astype(int)
            assert labels[y, x] == wanted
        assert labels[2, 2] == UNKNOWN  # beside the image


def test_labels_held_out_are_not_looked_at(images, masks):
    save(masks / "p0.png", square())
    save(masks / "p1.png", square(9))
    known = found(masks, images, hold_out=["p1.png"])
    assert (tuple(known.files), known.classes) == (("p0.png",), (LabelClass(1, "1"),))
    with pytest.raises(BadInput, match=r"did you mean p1\.png"):
        found(masks, images, hold_out=["p1.pnk"])
    with pytest.raises(BadInput, match="all labelled images are held out"):
        found(masks, images, hold_out=["p0.png", "p1.png"])


def test_an_empty_mask_is_told_and_all_empty_masks_are_refused(images, masks):
    save(masks / "p0.png", square())
    save(masks / "p1.png", np.zeros((64, 64)))
    known = found(masks, images)
    assert known.notes[0].endswith(
        "p1.png is empty: nothing is painted in it, which means background everywhere"
    )
    assert drawn(masks, images).images.tolist() == [0, 1]
    sparse = LabelRules(sparse=True)
    assert "says nothing and is left out" in found(masks, images, sparse).notes[0]
    assert drawn(masks, images, sparse).images.tolist() == [0]
    save(masks / "p0.png", np.zeros((64, 64)))
    with pytest.raises(BadInput, match="marks anything"):
        found(masks, images)


@pytest.mark.parametrize(
    ("mask", "classes", "sentence"),
    [
        (square(5), "1=RV", "p0.png holds the label 5, which no class has"),
        (square(1), "1=RV,2=LV", r"shows class 2 \(LV\)"),
        (square()[:40], "", "p0.png is 40 x 64 pixels but its image 64 x 64"),
        (np.arange(4096).reshape(64, 64) % 200, "", "199 different values, as pictures do"),
    ],
)
def test_masks_that_cannot_be_meant_are_one_sentence(images, masks, mask, classes, sentence):
    save(masks / "p0.png", mask)
    rules = LabelRules(parse_classes(classes)) if classes else None
    with pytest.raises(BadInput, match=sentence):
        found(masks, images, rules)


def test_the_fingerprint_changes_with_what_is_learned(images, masks):
    save(masks / "p0.png", square())
    before = found(masks, images).fingerprint()
    assert found(masks, images).fingerprint() == before
    assert found(masks, images, LabelRules(sparse=True)).fingerprint() != before
    save(masks / "p0.png", square()[::-1])
    assert found(masks, images).fingerprint() != before
