"""Candidates of several points chosen together."""

import pytest
import torch

from napari_localcl.models.constellation import agreement

SIZE = (200, 300)
TEMPLATE = torch.tensor([[50.0, 60.0], [50.0, 160.0], [120.0, 60.0], [130.0, 170.0], [90.0, 110.0]])
MANY = torch.cat([TEMPLATE, TEMPLATE * 0.6 + 20, TEMPLATE * 0.8 + torch.tensor([5.0, 40.0])])
TURN = torch.tensor([[0.98, -0.17], [0.17, 0.98]])
TRUE = MANY @ TURN.T + torch.tensor([12.0, 20.0])


def candidates(count, wrong):
    """Two candidates per point: the true place, and one 80 pixels off, which ``wrong`` prefer."""
    places = torch.stack([TRUE[:count], TRUE[:count] + torch.tensor([0.0, 80.0])], dim=1)[None]
    values = torch.tensor([[-0.2, -0.5]]).repeat(count, 1)
    values[wrong] = torch.tensor([-0.5, -0.2])
    return places, values[None]


def chosen(template, places, values, width=24.0):
    return (values + agreement(template, places, values, SIZE, width))[0].argmax(dim=1).tolist()


@pytest.mark.parametrize("wrong", range(5))
def test_one_point_of_few_that_looks_like_another_is_corrected_by_the_rest(wrong):
    assert chosen(TEMPLATE, *candidates(5, [wrong])) == [0] * 5


@pytest.mark.parametrize("wrong", [[0], [3, 7], [1, 8, 12]])
def test_of_many_points_several_are_corrected_though_the_image_is_turned(wrong):
    assert chosen(MANY, *candidates(15, wrong)) == [0] * 15


def test_the_prior_of_two_points_is_that_of_their_distance_to_the_shifted_template():
    template = torch.tensor([[10.0, 10.0], [10.0, 50.0]])
    places = torch.tensor([[[[20.0, 10.0]], [[20.0, 56.0]]]])
    prior = agreement(template, places, torch.zeros(1, 2, 1), SIZE, width=3.0)
    # Each is 6 pixels from where the other one's shift puts it.
    assert torch.allclose(prior, -torch.log1p(torch.full((1, 2, 1), 36 / 18)))


def test_a_point_alone_has_no_prior():
    places, values = candidates(1, [])
    assert not agreement(TEMPLATE[:1], places, values, SIZE, 24.0).any()


def test_points_that_the_template_lacks_have_no_prior_and_no_say():
    template = TEMPLATE.clone()
    template[3] = torch.nan
    places, values = candidates(5, [0, 3])
    prior = agreement(template, places, values, SIZE, 24.0)
    assert not prior[0, 3].any()
    assert chosen(template, places, values) == [0, 0, 0, 1, 0]


def test_a_clear_similarity_is_not_overruled():
    places, values = candidates(5, [])
    values[0, 2] = torch.tensor([-9.0, -0.1])
    assert chosen(TEMPLATE, places, values)[2] == 1
