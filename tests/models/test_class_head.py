"""A head of full resolution on any encoder."""

import pytest
import torch
from torch import nn

from napari_localcl.models.class_head import ClassHead, all_strides, feature_widths
from napari_localcl.models.encoder import Encoder
from napari_localcl.models.ld_network import LDNetwork
from napari_localcl.models.unet_network import UNetNetwork


class Coarse(Encoder):
    """Sees cells of 8 x 8 pixels only."""

    strides = (8,)

    def __init__(self):
        super().__init__()
        self.see = nn.Conv2d(1, 6, 8, stride=8)

    def embed(self, images):
        return {8: nn.functional.normalize(self.see(images), dim=1)}


def networks():
    return {
        "unet": UNetNetwork(1, 4),
        "ld": LDNetwork(1, 4, dimensions=8, clusters=4, finest_stride=2),
        "ld in full": LDNetwork(1, 4, dimensions=8, clusters=4, finest_stride=1),
        "coarse": Coarse(),
    }


@pytest.mark.parametrize("name", list(networks()))
def test_every_pixel_gets_a_logit_of_every_class_and_the_background(name):
    torch.manual_seed(0)
    backbone = networks()[name]
    head = ClassHead(backbone, 1, classes=3, width=8)
    images = torch.rand(2, 1, 64, 96)
    maps = head.maps(images, backbone.features(images))
    assert head.logits(maps).shape == (2, 4, 64, 96)
    assert tuple(level.shape[1] for level in maps) == head.widths
    sides = [level.shape[2] for level in maps]
    assert sides == sorted(sides, reverse=True)
    assert sides[0] == 64


def test_only_a_decoder_of_full_resolution_needs_nothing_added():
    added = {name: ClassHead(one, 1, 2).to_pixels is not None for name, one in networks().items()}
    assert added == {"unet": False, "ld": True, "ld in full": False, "coarse": True}


def test_a_coarse_encoder_still_tells_neighbouring_pixels_apart():
    torch.manual_seed(0)
    backbone = Coarse()
    head = ClassHead(backbone, 1, 1).eval()
    image = torch.zeros(1, 1, 32, 32)
    image[..., 12, 12] = 1
    logits = head.logits(head.maps(image, backbone.features(image)))
    assert not torch.allclose(logits[..., 12, 12], logits[..., 12, 14])


def test_asking_for_widths_leaves_an_encoder_as_it_was():
    backbone = UNetNetwork(1, 4).train()
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    assert feature_widths(backbone, 1) == {1: 4, 2: 8, 4: 16, 8: 32, 16: 64}
    assert backbone.training
    assert all(torch.equal(before[name], value) for name, value in backbone.state_dict().items())


def test_strides_run_from_one_to_the_coarsest():
    assert all_strides({2: 1, 8: 1}) == (1, 2, 4, 8)
