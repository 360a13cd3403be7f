"""Masks of all images: in their own pixels, cleaned up, with an honest confidence."""

import numpy as np
import pytest
import torch

from napari_localcl.data.placement import fit
from napari_localcl.tasks.clean_up import CleanUp
from napari_localcl.tasks.segmentation import confidence, in_file_pixels


def test_the_largest_parts_are_kept_and_holes_filled():
    mask = np.zeros((12, 12), np.float32)
    mask[1:6, 1:6] = 0.9
    mask[3, 3] = 0.5
    mask[8:10, 8:11] = 0.7
    mask[11, 0] = 0.6
    assert CleanUp().apply(mask).sum() == 24 + 6 + 1
    one = CleanUp(components=1).apply(mask)
    assert one.sum() == 24
    two = CleanUp(components=2, fill_holes=True).apply(mask)
    assert two.sum() == 25 + 6
    assert not CleanUp(1, True).apply(np.zeros((4, 4), np.float32)).any()


def test_what_every_image_shows_is_where_it_is_likeliest():
    weak = np.array([[0.4, 0.3, 0.1], [0.0, 0.21, 0.2]], np.float32)
    assert not CleanUp().apply(weak).any()
    assert CleanUp(expected=True).apply(weak).tolist() == [
        [True, True, False],
        [False, True, False],
    ]
    sure = np.array([[0.8, 0.45]], np.float32)
    assert CleanUp(expected=True).apply(sure).tolist() == [[True, False]]


def test_confidence_is_the_dice_of_a_mask_with_its_own_probabilities():
    sure = torch.tensor([[1.0, 1.0], [0.0, 0.0]])
    assert confidence(sure) == 1
    assert confidence(torch.tensor([[0.8, 0.2]])) == pytest.approx(2 * 0.8 / (1 + 1))
    assert confidence(torch.zeros(2, 2)) == 0
    assert confidence(torch.full((2, 2), 0.4)) == 0


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_place_on_the_canvas_comes_back_to_its_pixel_of_the_file(mirrored):
    placement = fit((50, 120), (64, 96))
    placement = type(placement)(**{**vars(placement), "mirrored": mirrored})
    rows, columns = np.mgrid[:64, :96].astype(np.float32)
    maps = torch.from_numpy(np.stack([rows, columns]))
    there = in_file_pixels(maps, placement)
    assert there.shape == (2, 50, 120)
    for point in ((10, 20), (25, 100), (40, 60)):
        wanted = placement.to_canvas([point])[0]
        found = there[:, point[0], point[1]].numpy()
        assert found == pytest.approx(wanted, abs=0.01)
