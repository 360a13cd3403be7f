"""LD's network."""

import pytest
import torch

from napari_localcl.models.ld_network import LDNetwork


def tiny(**given):
    return LDNetwork(1, **{"width": 4, "dimensions": 8, "clusters": 4, "levels": 5} | given)


def test_the_published_network_has_one_and_a_half_million_parameters():
    network = LDNetwork(3, width=16, dimensions=32, clusters=16, levels=1, finest_stride=1)
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count / 1e6 == pytest.approx(1.43, abs=0.005)


@pytest.mark.parametrize(
    ("levels", "finest", "strides"),
    [(1, 1, (1,)), (5, 1, (1, 2, 4, 8, 16)), (5, 2, (2, 4, 8, 16, 32)), (2, 2, (2, 4))],
)
def test_embeddings_lie_at_the_strides_that_were_asked_for(levels, finest, strides):
    network = tiny(levels=levels, finest_stride=finest)
    assert network.strides == strides
    maps = network.embed(torch.rand(2, 1, 64, 96))
    assert {s: tuple(m.shape) for s, m in maps.items()} == {
        s: (2, 8, 64 // s, 96 // s) for s in strides
    }


def test_embeddings_are_unit_vectors():
    maps = tiny().embed(torch.rand(2, 1, 64, 64))
    for level in maps.values():
        assert torch.allclose(level.norm(dim=1), torch.ones(()), atol=1e-5)


def test_shares_in_the_clusters_are_sigmoids_divided_by_their_sum():
    network = tiny()
    maps = network.decode(torch.rand(2, 1, 64, 64))
    shares = network.assignment(maps)
    assert shares.shape == (2, 4, 64, 64)
    assert torch.allclose(shares.sum(dim=1), torch.ones(()), atol=1e-5)
    logits = network.clustering(maps[0])
    sigmoids = logits.sigmoid()
    assert torch.allclose(shares, sigmoids / sigmoids.sum(dim=1, keepdim=True), atol=1e-6)
    assert not torch.allclose(shares, logits.softmax(dim=1), atol=1e-3)


def test_every_parameter_serves_the_embeddings_or_the_clusters():
    network = tiny()
    maps = network.decode(torch.rand(2, 1, 64, 64))
    total = sum(level.square().sum() for level in network.embeddings(maps).values())
    (total + network.assignment(maps).square().sum()).backward()
    idle = [name for name, value in network.named_parameters() if value.grad is None]
    assert not idle


def test_black_and_white_lie_symmetric_around_zero():
    seen = []
    network = tiny()
    network.backbone.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    network.embed(torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(-1, -1, 32, 32))
    assert seen[0].amin() == -1
    assert seen[0].amax() == 1


def test_moving_the_image_by_the_coarsest_stride_moves_the_embeddings():
    network = tiny(finest_stride=1, levels=1).eval()
    image = torch.rand(1, 1, 256, 256)
    moved = image.roll((16, 32), dims=(2, 3))
    with torch.no_grad():
        before, after = (network.embed(view)[1] for view in (image, moved))
    inner = slice(112, 144)
    expected = before.roll((16, 32), dims=(2, 3))[..., inner, inner]
    assert torch.allclose(after[..., inner, inner], expected, atol=1e-4)


@pytest.mark.parametrize(
    "given", [{"width": 12}, {"width": 28}, {"dimensions": 44}, {"clusters": 17}], ids=str
)
def test_group_normalisation_fits_whatever_the_settings_allow(given):
    network = tiny(**given, norm="group")
    assert len(network.embed(torch.rand(1, 1, 32, 32))) == 5


@pytest.mark.parametrize("levels", [1, 5])
def test_features_are_the_decoders_maps_with_an_embedding_or_without(levels):
    torch.manual_seed(0)
    network = LDNetwork(1, 4, 8, 4, levels, finest_stride=2).eval()
    image = torch.rand(1, 1, 64, 64)
    features = network.features(image)
    assert tuple(features) == (2, 4, 8, 16, 32)
    assert all(
        torch.equal(a, b) for a, b in zip(features.values(), network.decode(image), strict=True)
    )
    assert torch.equal(network.deepest(image), features[32])
