"""VGG16 as a pyramid."""

import pytest
import torch
from torch import nn

from napari_localcl.models.vgg import VGG16


@pytest.mark.parametrize("stride", [1, 2])
def test_five_maps_each_half_as_large_as_the_one_before(stride):
    network = VGG16(3, 4, stride=stride)
    maps = network(torch.rand(2, 3, 64, 96))
    assert network.strides == tuple(stride * n for n in (1, 2, 4, 8, 16))
    for step, width, values in zip(network.strides, network.widths, maps, strict=True):
        assert values.shape == (2, width, 64 // step, 96 // step)


def test_the_width_doubles_three_times_as_in_the_original():
    assert VGG16(3, 64).widths == (64, 128, 256, 512, 512)


def test_there_are_thirteen_convolutions():
    assert sum(isinstance(part, nn.Conv2d) for part in VGG16(1, 4).modules()) == 13


def test_at_stride_two_no_pixel_is_lost():
    network = VGG16(1, 4, stride=2).eval()
    image = torch.rand(1, 1, 32, 32, requires_grad=True)
    network(image)[0].square().sum().backward()
    assert (image.grad != 0).float().mean() > 0.95


def test_a_convolution_keeps_the_variance_of_the_gradient():
    network = VGG16(64, 64)
    weight = network.stages[0][0][0].weight
    assert weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.05)
