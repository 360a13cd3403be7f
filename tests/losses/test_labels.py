"""Agreement with labels of which some are missing."""

import math

import pytest
import torch

from napari_localcl.losses.labels import known_cross_entropy, known_dice

SURE = 50.0


def told(classes, count=3):
    """Logits (1, count, H, W) that say these classes (H, W) for sure."""
    return torch.nn.functional.one_hot(torch.tensor(classes), count).movedim(2, 0)[None] * SURE


def test_only_labelled_pixels_count():
    logits = torch.zeros(1, 2, 1, 3)
    logits[0, 1, 0, 0] = math.log(3)  # 3/4 for class 1
    labels = torch.tensor([[[1, 255, 255]]])
    assert known_cross_entropy(logits, labels).item() == pytest.approx(-math.log(0.75))
    logits[0, :, 0, 1:] = 17.0 * torch.randn(2, 2)
    assert known_cross_entropy(logits, labels).item() == pytest.approx(-math.log(0.75))


def test_without_any_label_nothing_is_lost():
    labels = torch.full((1, 2, 2), 255)
    logits = torch.randn(1, 3, 2, 2, requires_grad=True)
    loss = known_cross_entropy(logits, labels) + known_dice(logits, labels)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().sum() == 0


def test_dice_is_summed_over_the_batch_and_averaged_over_the_classes_it_shows():
    # Background: 2 of 2 + 3 marked; class 1: 1 of 1 + 2; class 2 is in no label and does not count.
    logits = told([[0, 0, 0], [1, 0, 0]])
    labels = torch.tensor([[[0, 1, 255], [1, 0, 255]]])
    background = 2 * 2 / (3 + 2)
    structure = 2 * 1 / (1 + 2)
    assert known_dice(logits, labels).item() == pytest.approx(
        1 - (background + structure) / 2, abs=1e-4
    )


def test_images_of_a_batch_share_their_overlap():
    one = told([[1, 1]], 2)
    labels = torch.tensor([[[1, 1]], [[0, 1]]])
    found = known_dice(torch.cat([one, one]), labels)
    background, structure = 0.0, 2 * 3 / (4 + 3)
    assert found.item() == pytest.approx(1 - (background + structure) / 2, abs=1e-4)
