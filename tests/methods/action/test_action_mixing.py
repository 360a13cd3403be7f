"""Pasting, and who is blurred."""

import torch

from napari_localcl.methods.action.mixing import (
    Pasting,
    draw_blur,
    draw_pasting,
    partners,
)


def test_partners_are_the_other_images_of_their_pairs():
    assert partners(torch.arange(6)).tolist() == [1, 0, 3, 2, 5, 4]


def test_a_box_is_pasted_where_it_says():
    pasting = Pasting(torch.tensor([[1.0, 0.0, 3.0, 2.0]]), torch.zeros(1, 2))
    assert pasting.box((4, 3))[0].int().tolist() == [[0, 0, 0], [1, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_boxes_cover_a_tenth_to_a_half():
    pasting = draw_pasting(500, (64, 96), 2, torch.Generator().manual_seed(0))
    part = pasting.box((64, 96)).float().mean(dim=(1, 2))
    assert 0.08 < part.min() < 0.15
    assert 0.45 < part.max() < 0.55


def test_half_of_the_partners_classes_are_pasted():
    shown = torch.tensor([[[0, 0, 0, 0]], [[0, 1, 2, 4]]])
    order = torch.tensor([[0.1, 0.9, 0.2, 0.0, 0.8], [0.5, 0.5, 0.5, 0.5, 0.5]])
    pasted = Pasting(torch.zeros(2, 4), order).classes(shown)
    # The first image gets the two of classes 0, 1, 2 and 4 that have the lowest numbers.
    assert pasted[0].int().tolist() == [[1, 0, 1, 0]]
    # The second one gets the only class of the first.
    assert pasted[1].all()


def test_half_of_the_views_are_blurred():
    drawn = draw_blur(1000, 1.15, torch.Generator().manual_seed(0))
    assert 0.4 < (drawn == 0).float().mean() < 0.6
    assert drawn.max() <= 1.15
    assert not draw_blur(10, 0.0, torch.Generator().manual_seed(0)).any()
