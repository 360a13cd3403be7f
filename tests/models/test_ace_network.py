"""ACE's network: backbones for images of any size, heads for blocks of any scale."""

import pytest
import torch

from napari_localcl.methods.ace.settings import ACESettings
from napari_localcl.models.ace_network import (
    ACENetwork,
    CompositionHead,
    DecompositionHead,
    GlobalHead,
)
from napari_localcl.models.tokens import ChannelNorm, drop_paths, position_codes

KINDS = ["convolutional", "transformer"]


def network(channels=1, **given):
    torch.manual_seed(0)
    given = {"width": 64, "depth": 1, "consistency": {"width": 16}} | given
    return ACENetwork(channels, ACESettings(**given).form()).eval()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cell", [4, 8, 16, 32])
def test_images_of_any_size_are_embedded_at_the_stride_of_a_cell(kind, cell):
    encoder = network(3, backbone=kind, cell=cell)
    (stride,) = encoder.strides
    with torch.inference_mode():
        level = encoder.embed(torch.rand(2, 3, 96, 64))[stride]
    assert stride == cell
    assert level.shape == (2, 64, 96 // cell, 64 // cell)
    assert torch.allclose(level.norm(dim=1), torch.ones(()), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_image_has_one_unit_vector(kind):
    encoder = network(backbone=kind)
    images = torch.rand(2, 1, 64, 96)
    with torch.inference_mode():
        whole, tokens = encoder.embed_whole(images), encoder.tokens(images)
        vectors = encoder.vectors(tokens)
    assert torch.allclose(whole.norm(dim=1), torch.ones(2))
    assert (tokens.whole is not None) == (kind == "transformer")
    expected = vectors.mean(dim=(2, 3)) if tokens.whole is None else tokens.whole
    assert torch.allclose(whole * expected.norm(dim=1, keepdim=True), expected, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_all_embeddings_in_one_pass_are_those_of_two(kind):
    encoder = network(backbone=kind)
    images = torch.rand(2, 1, 64, 96)
    dense, whole = encoder.embed_all(images)
    assert torch.equal(dense[8], encoder.embed(images)[8])
    assert torch.equal(whole, encoder.embed_whole(images))


@pytest.mark.parametrize("kind", KINDS)
def test_a_segmenter_sees_the_tokens_before_the_head_that_matches(kind):
    encoder = network(backbone=kind)
    images = torch.rand(2, 1, 64, 96)
    features = encoder.features(images)
    assert torch.equal(features[8], encoder.tokens(images).maps)
    assert sorted(features) == ([2, 4, 8] if kind == "convolutional" else [8])
    for stride, maps in features.items():
        assert maps.shape[2:] == (64 // stride, 96 // stride)


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_is_embedded_alike_alone_and_among_others(kind):
    encoder = network(backbone=kind)
    images = torch.rand(3, 1, 64, 64)
    with torch.no_grad():
        together, alone = encoder.embed(images)[8], encoder.embed(images[:1])[8]
        assert torch.allclose(together[:1], alone, atol=1e-5)
    layered = network(backbone=kind, head_norm="layer").train()
    with torch.no_grad():
        together, alone = layered.embed(images)[8], layered.embed(images[:1])[8]
        assert torch.allclose(together[:1], alone, atol=1e-5)


def test_without_local_consistency_the_tokens_themselves_are_embeddings():
    encoder = network(matching={"form": "none"})
    with torch.no_grad():
        images = torch.rand(1, 1, 64, 64)
        maps = encoder.tokens(images).maps
        expected = maps / maps.norm(dim=1, keepdim=True)
        assert torch.allclose(encoder.embed(images)[8], expected, atol=1e-5)


def test_positions_span_the_same_extent_in_images_of_any_size():
    small, large = (position_codes((n, n), 32, 14).view(n, n, 32) for n in (14, 42))
    assert torch.allclose(small, large[1::3, 1::3], atol=1e-5)
    wide = position_codes((7, 14), 32, 14).view(7, 14, 32)
    assert torch.allclose(wide, small[:7], atol=1e-5)


def test_every_position_has_its_own_code():
    codes = position_codes((8, 6), 16, 14)
    assert torch.cdist(codes, codes).add(torch.eye(48) * 9).min() > 0.1


def test_each_vector_is_normalised_on_its_own():
    maps = torch.randn(2, 8, 4, 4) * 5 + 3
    normed = ChannelNorm(8)(maps)
    assert normed.mean(dim=1).abs().max() < 1e-5
    assert torch.allclose(normed[:, :, :1, :1], ChannelNorm(8)(maps[:, :, :1, :1]), atol=1e-5)


@pytest.mark.parametrize("scale", [2, 4])
def test_composing_and_decomposing_change_the_lattice_and_stay_in_place(scale):
    tokens = torch.randn(1, 16, 8, 8)
    changed = tokens.clone()
    changed[:, :, 4:, :4] += 1
    composed, decomposed = CompositionHead(16, scale), DecompositionHead(16, scale)
    for head, size in ((composed, 8 // scale), (decomposed, 8 * scale)):
        one, other = head(tokens), head(changed)
        assert one.shape == (1, 16, size, size)
        moved = (one - other).abs().sum(dim=(0, 1)) > 1e-6
        expected = torch.zeros(size, size, dtype=torch.bool)
        expected[size // 2 :, : size // 2] = True
        assert torch.equal(moved, expected)


def test_the_global_head_says_cosines_and_its_prototypes_can_stay():
    head = GlobalHead(8, 16, 4, 32)
    logits = head(torch.randn(5, 8) * 100, learns=False)
    assert logits.shape == (5, 32)
    assert logits.abs().max() <= 1 + 1e-6
    logits.sum().backward()
    assert head.prototypes.grad is None


# Drop-path


def test_a_dropped_path_is_dropped_for_whole_images_and_keeps_the_mean():
    first, _, last = drop_paths(0.4, 3)
    torch.manual_seed(0)
    ones = torch.ones(4000, 2, 3, 3)
    dropped = last.train()(ones).flatten(1)
    assert torch.equal(dropped.amin(dim=1), dropped.amax(dim=1)), "all of an image or nothing"
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.6])
    assert dropped.mean() == pytest.approx(1, abs=0.05)
    assert torch.equal(first.train()(ones), ones), "the first block is always there"
    assert torch.equal(last.eval()(ones), ones)


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_are_skipped_in_training_alone_and_their_weights_keep_their_names(kind):
    plain = network(backbone=kind, depth=2)
    skipping = network(backbone=kind, depth=2, drop_path=0.5)
    skipping.load_state_dict(plain.state_dict())
    images = torch.rand(16, 1, 32, 32)
    assert torch.allclose(skipping.tokens(images).maps, plain.tokens(images).maps, atol=1e-5)
    torch.manual_seed(0)
    drawn = [skipping.train().tokens(images).maps for _ in range(2)]
    assert not torch.allclose(*drawn)
