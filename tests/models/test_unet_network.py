"""The U-Net as an encoder."""

import pytest
import torch

from napari_localcl.models.unet_network import UNetNetwork


@pytest.mark.parametrize("norm", ["batch", "group"])
def test_features_have_their_strides_and_the_deepest_is_the_coarsest(norm):
    torch.manual_seed(0)
    network = UNetNetwork(3, 4, norm).eval()
    images = torch.rand(2, 3, 64, 96)
    features = network.features(images)
    assert {s: (m.shape[1], *m.shape[2:]) for s, m in features.items()} == {
        1: (4, 64, 96),
        2: (8, 32, 48),
        4: (16, 16, 24),
        8: (32, 8, 12),
        16: (64, 4, 6),
    }
    assert torch.equal(network.deepest(images), features[16])


def test_every_level_is_embedded_as_unit_vectors():
    for level in UNetNetwork(1, 4).embed(torch.rand(2, 1, 32, 32)).values():
        assert torch.allclose(level.norm(dim=1), torch.ones(()), atol=1e-5)
