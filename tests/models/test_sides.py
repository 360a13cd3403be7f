"""Sides told from embeddings whose anatomy is known."""

import pytest
import torch
from fourier import AFFINE, BEND, SIZE, Affine, pyramid, same

from napari_localcl.models.sides import STRIDE, LearnedSides, reflect

ANATOMIES = [same, AFFINE, BEND, Affine(degrees=-6, zoom=0.9, shift=(-3.0, 6.0))] * 2


def across(anatomy):
    """The mirror image of an anatomy."""
    return lambda places: anatomy(torch.stack([places[:, 0], SIZE[1] - 1 - places[:, 1]], dim=1))


def maps(others):
    """Maps of images, those in `others` showing the other side, and of their mirror images."""
    shown = [across(one) if i in others else one for i, one in enumerate(ANATOMIES)]
    return tuple(
        pyramid(*images).coarse(STRIDE) for images in (shown, [across(one) for one in shown])
    )


@pytest.mark.parametrize("others", [{0, 3, 6}, {2}, {1, 4, 5}])
def test_the_images_of_the_other_side_are_told(others):
    given = maps(others)
    told = LearnedSides.of(*given).tell(*given)
    assert set(told.nonzero().flatten().tolist()) == others


def test_the_rule_tells_the_mirror_image_of_an_image_otherwise():
    given = maps({0, 3, 6})
    rule = LearnedSides.of(*given)
    assert torch.equal(rule.tell(*given), ~rule.tell(*given[::-1]))


def test_the_rule_holds_for_images_that_it_was_not_found_in():
    straight, mirrored = maps({0, 3, 6})
    rule = LearnedSides.of(straight[:5], mirrored[:5])
    assert rule.tell(straight[5:], mirrored[5:]).tolist() == [False, True, False]


def test_points_of_the_chosen_images_alone_are_reflected():
    points = torch.tensor([[[3.0, 0.0]], [[3.0, 10.0]]])
    turned = reflect(points, torch.tensor([True, False]), width=100)
    assert turned.tolist() == [[[3.0, 99.0]], [[3.0, 10.0]]]
