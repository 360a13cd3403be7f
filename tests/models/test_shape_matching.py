"""Where masks fit an image best."""

import pytest
import torch

from napari_localcl.models.shape_matching import ShapeMatcher, shifted


def disc(y, x, radius, size=(64, 96)):
    rows, columns = torch.meshgrid(*(torch.arange(n).float() for n in size), indexing="ij")
    return ((rows - y) ** 2 + (columns - x) ** 2 <= radius**2).float()


@pytest.mark.parametrize(("down", "right"), [(0, 0), (5, -7), (-9, 12), (-64, 0), (70, 3)])
def test_a_shifted_mask_lies_where_it_was_moved_to(down, right):
    mask = disc(30, 40, 8)
    assert torch.equal(shifted(mask[None], down, right)[0], disc(30 + down, 40 + right, 8))


def test_a_disc_is_found_anywhere_in_noise():
    chance = torch.Generator().manual_seed(0)
    masks = torch.stack([disc(32, 48, radius) for radius in (4, 6, 8, 10)])[:, None]
    truth = disc(20, 70, 8)
    image = 0.3 + 0.2 * truth + 0.1 * torch.randn(64, 96, generator=chance)
    guess, score = ShapeMatcher.of(masks, None).fit(image, torch.ones(64, 96), 1)
    dice = 2 * (guess[0] * truth).sum() / (guess.sum() + truth.sum())
    assert dice > 0.9
    assert score > 10


def test_a_mask_with_a_place_stays_near_it():
    masks = disc(32, 48, 8)[None, None]
    bright = 0.5 * disc(20, 80, 8) + 0.2 * disc(34, 50, 8)
    guess, _ = ShapeMatcher.of(masks, 0.1).fit(bright, torch.ones(64, 96), 1)
    assert torch.equal(guess[0], disc(34, 50, 8))


def test_what_lies_beyond_the_field_of_view_is_no_contrast():
    field = disc(32, 48, 30)
    truth = disc(30, 40, 6)
    image = (0.6 + 0.1 * truth) * field  # the border is by far the strongest edge
    masks = torch.stack([disc(32, 48, radius) for radius in (5, 6, 7)])[:, None]
    guess, _ = ShapeMatcher.of(masks, None).fit(image, field, 1)
    assert torch.equal(guess[0], truth)


def test_the_average_of_the_best_says_how_sure_it_is():
    masks = torch.stack([disc(32, 48, radius) for radius in (6, 8)])[:, None]
    image = disc(32, 48, 7)
    guess, _ = ShapeMatcher.of(masks, None).fit(image, torch.ones(64, 96), 2)
    assert set(guess.unique().tolist()) == {0.0, 0.5, 1.0}
