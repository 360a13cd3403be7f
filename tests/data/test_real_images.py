"""The real images that the project is measured on; skipped where they are not at hand."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from napari_localcl.data.annotations import by_image, read_landmarks
from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import Listing, find_images
from napari_localcl.data.masks import find_masks, read_mask
from napari_localcl.data.prepared import prepare_all

SETS = {
    "fly_wings/images": ((192, 256), 1),
    "idrid_localization/images": ((160, 256), 3),
    "chest_xray/images": ((224, 256), 1),
    "acdc/images": ((256, 256), 1),
    "msd_hippocampus/images": ((256, 160), 1),
}


@pytest.mark.parametrize(("folder", "expected"), SETS.items())
def test_real_images_are_prepared_without_a_loss(real_data, tmp_path, folder, expected):
    listing = find_images(real_data / folder)
    assert not listing.skipped
    few = Listing(listing.root, tuple(islice(listing.planes, 12)))
    images = prepare_all(few, 256, cache=tmp_path)
    assert not images.skipped
    assert (images.canvas, images.channels) == expected
    pixels = images.batch(range(len(images)))
    assert pixels.mean((1, 2, 3)).min() > 5
    assert np.ptp(pixels) == 255


def test_the_optic_disc_lies_where_its_landmark_says(real_data, tmp_path):
    listing = find_images(real_data / "idrid_localization" / "images")
    few = Listing(listing.root, listing.planes[:8])
    images = prepare_all(few, 384, cache=tmp_path)
    truth = by_image(read_landmarks(real_data / "idrid_localization" / "landmarks.csv"))
    for index, name in enumerate(images.names):
        point = next(row for row in truth[name] if row.landmark == "optic_disc")
        y, x = images.placements[index].to_canvas([(point.y, point.x)])[0].astype(int)
        green = images.batch([index])[0, 1].astype(float)
        # The disc is the brightest region of a fundus.
        assert (
            green[y - 5 : y + 5, x - 5 : x + 5].mean()
            > 1.3 * green[images.valid([index])[0]].mean()
        )


MASKS = {
    "idrid_disc/images": ("idrid_disc/masks", {0, 255}),
    "chase_db1/images": ("chase_db1/masks_1stHO/*_1stHO.png", {0, 255}),
    "chest_xray/images": ("chest_xray/masks/left_lung", {0, 255}),
    "acdc/images": ("acdc/labels", {0, 1, 2, 3}),
    "msd_hippocampus/images": ("msd_hippocampus/labels", {0, 1, 2}),
}


@pytest.mark.parametrize(("folder", "expected"), MASKS.items())
def test_each_real_image_has_a_mask_of_its_size(real_data, folder, expected):
    masks, values = expected
    listing = find_images(real_data / folder)
    found = find_masks(real_data / masks, listing.items)
    assert list(found) == list(listing.items)
    for item, path in islice(found.items(), 5):
        first = listing.items[item][0]
        volume = () if first.z is None else (first.header.depth,)
        labels = np.unique(read_mask(path, (*volume, *first.header.size)).labels)
        assert {0} < set(labels.tolist()) <= values


def test_the_masks_of_two_observers_are_not_mixed_up(real_data):
    names = find_images(real_data / "chase_db1" / "images").items
    with pytest.raises(BadInput, match="end differently"):
        find_masks(real_data / "chase_db1" / "masks_*" / "*.png", names)
    second = find_masks(real_data / "chase_db1" / "masks_*" / "*_2ndHO.png", names)
    assert len(second) == len(names)
