"""What a soft mask should be like, against hand-computed values."""

import math

import pytest
import torch

from napari_localcl.losses.shape import (
    area_mismatch,
    balanced_disagreement,
    soft_dice,
    weighted_disagreement,
    wrong_contrast,
)


def square(value=1.0, side=12):
    mask = torch.zeros(1, 1, side, side)
    mask[..., 4:8, 4:8] = value
    return mask


def test_the_right_area_costs_nothing_and_half_or_twice_of_it_the_same():
    wanted = 0.1
    assert area_mismatch(torch.tensor(0.1), wanted).item() == pytest.approx(0, abs=1e-9)
    half, twice = (area_mismatch(torch.tensor(part), wanted).item() for part in (0.05, 0.2))
    assert half == pytest.approx(math.log(2) ** 2, rel=1e-3)
    assert half == pytest.approx(twice, rel=1e-3)


def test_a_bright_square_is_wrong_only_for_who_expects_a_dark_one():
    mask = square()
    image = 0.2 + 0.5 * mask
    # The sums are divided by one pixel more than there is: 16 of 17 inside, 48 of 49 around.
    gap = 0.7 * 16 / 17 - 0.2 * 48 / 49
    bright = wrong_contrast(mask, image, 1.0, 2).item()
    dark = wrong_contrast(mask, image, -1.0, 2).item()
    assert bright == pytest.approx(math.log1p(math.exp(-20 * gap)), rel=1e-4)
    assert dark == pytest.approx(math.log1p(math.exp(20 * gap)), rel=1e-4)


def test_surroundings_reach_as_far_as_said():
    mask = square()
    image = torch.zeros_like(mask)
    image[..., 3:9, 3:9] = 1  # one pixel around it is as bright as it is
    image[..., 4:8, 4:8] = 1
    near, far = (wrong_contrast(mask, image, 1.0, reach).item() for reach in (1, 3))
    assert near > far


def test_dice_of_masks_by_hand():
    mask, target = square(), torch.zeros(1, 1, 12, 12)
    target[..., 4:8, 6:10] = 1
    assert soft_dice(mask, target).item() == pytest.approx(1 - 17 / 33)
    assert soft_dice(mask, mask).item() == pytest.approx(0)
    empty = torch.zeros_like(mask)
    assert soft_dice(empty, empty).item() == pytest.approx(0)


def test_an_empty_mask_of_a_small_structure_is_as_wrong_as_a_full_one():
    target = square()
    empty, full = (balanced_disagreement(torch.full_like(target, p), target) for p in (0.0, 1.0))
    assert empty.item() == pytest.approx(-math.log(1e-4) / 2 * 16 / 17 + 1 - 1 / 17, rel=1e-3)
    assert full.item() > 4


def test_a_pixel_without_weight_may_say_anything():
    target, weight = square(), torch.ones(1, 1, 12, 12)
    weight[..., :2, :] = 0
    wrong = target.clone()
    wrong[..., :2, :] = 1
    right = weighted_disagreement(target, target, weight).item()
    assert weighted_disagreement(wrong, target, weight).item() == pytest.approx(right)
    assert weighted_disagreement(wrong, target, torch.ones_like(weight)).item() > right + 0.1
