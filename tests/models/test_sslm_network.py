"""SSLM's network: separate branches, widths and strides as published."""

import torch

from napari_localcl.models.sslm_network import PermutationHead, SSLMNetwork


def network(**given):
    torch.manual_seed(0)
    return SSLMNetwork(1, 4, 16, **given).eval()


def test_levels_halve_and_double_from_stride_4_to_16():
    maps = network().embed(torch.rand(2, 1, 64, 96))
    assert {stride: tuple(level.shape[1:]) for stride, level in maps.items()} == {
        4: (16, 16, 24),
        8: (32, 8, 12),
        16: (64, 4, 6),
    }


def test_each_slot_has_weights_of_its_own():
    net = network()
    tiles = torch.rand(1, 9, 1, 16, 16)
    swapped = tiles[:, [1, 0, *range(2, 9)]]
    assert not torch.allclose(net.tiles(tiles), net.tiles(swapped), atol=1e-4)
    first, second = (branch[0].weight for branch in net.branches[:2])
    assert not torch.equal(first, second)


def test_a_whole_frame_goes_through_all_branches():
    net = network()
    frame = torch.rand(1, 1, 64, 64)
    before = net.embed(frame)[4]
    for branch in net.branches:
        kept = branch[0].weight.data.clone()
        branch[0].weight.data.zero_()
        assert not torch.allclose(net.embed(frame)[4], before, atol=1e-5)
        branch[0].weight.data.copy_(kept)


def test_a_tile_shown_to_every_slot_is_seen_as_the_same_frame():
    """Identical tiles are what a frame is in the second task: both ways must be one network."""
    net = network()
    tile = torch.rand(1, 1, 32, 32)
    by_slots = net.tiles(tile.unsqueeze(1).expand(-1, 9, -1, -1, -1))
    whole = net.embed(tile)[16]
    cosine = torch.nn.functional.cosine_similarity(by_slots, whole, dim=1)
    assert torch.allclose(cosine, torch.ones(()), atol=1e-4)


def test_a_skip_block_adds_a_quarter_of_its_change():
    block = network().skips[0]
    maps = torch.rand(1, 16, 8, 8)
    assert torch.allclose(block(maps) - maps, 0.25 * block.change(maps), atol=1e-6)


def test_the_published_form_has_about_the_published_number_of_weights():
    with torch.device("meta"):
        net = SSLMNetwork(3, 256, 1024)
        head = PermutationHead(net.width, 1024, 1000)
        weights = sum(p.numel() for part in (net, head) for p in part.parameters())
    assert 180e6 < weights < 240e6


def test_the_head_tells_permutations_from_the_mean_of_the_map():
    head = PermutationHead(8, 16, 5)
    maps = torch.rand(2, 8, 4, 4)
    assert head(maps).shape == (2, 5)
    assert torch.allclose(head(maps), head(maps.flip(2)), atol=1e-5)
