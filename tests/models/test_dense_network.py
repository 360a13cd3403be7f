"""The network of systems without one of their own."""

import torch

from napari_localcl.models.dense_network import DenseNetwork
from napari_localcl.models.ld_network import LDNetwork

IMAGES = torch.rand(2, 1, 64, 96, generator=torch.Generator().manual_seed(0))


def test_without_a_decoder_the_embeddings_are_the_encoders_own_maps():
    network = DenseNetwork(1, 4).eval()
    maps = network.embed(IMAGES)
    assert {stride: level.shape[1] for stride, level in maps.items()} == {
        2: 4,
        4: 8,
        8: 16,
        16: 32,
        32: 32,
    }
    assert maps[2].shape[2:] == (32, 48)
    assert network.strides == (2, 4, 8, 16, 32)


def test_with_a_decoder_the_finest_levels_have_embeddings():
    network = DenseNetwork(1, 4, 8, levels=3).eval()
    maps = network.embed(IMAGES)
    assert tuple(maps) == network.strides == (2, 4, 8)
    assert all(level.shape[1] == 8 for level in maps.values())
    assert torch.allclose(maps[4].norm(dim=1), torch.ones(()), atol=1e-5)


def test_the_embedding_of_a_whole_image_is_the_encoders_with_and_without_a_decoder():
    with_decoder, without = DenseNetwork(1, 4, 8, levels=3).eval(), DenseNetwork(1, 4).eval()
    without.backbone.load_state_dict(with_decoder.backbone.state_dict())
    whole = with_decoder.embed_whole(IMAGES)
    assert whole.shape == (2, 32)
    assert torch.allclose(whole, without.embed_whole(IMAGES))
    assert torch.allclose(whole.norm(dim=1), torch.ones(2))


def test_all_embeddings_in_one_pass_are_those_of_two():
    network = DenseNetwork(1, 4, 8, levels=3).eval()
    dense, whole = network.embed_all(IMAGES)
    assert all(torch.equal(dense[stride], level) for stride, level in network.embed(IMAGES).items())
    assert torch.equal(whole, network.embed_whole(IMAGES))


def test_a_segmenter_gets_every_level_decoded_where_there_is_a_decoder():
    with_decoder, without = DenseNetwork(1, 4, 8, levels=3).eval(), DenseNetwork(1, 4).eval()
    assert (with_decoder.decodes, without.decodes) == (True, False)
    assert tuple(with_decoder.features(IMAGES)) == (2, 4, 8, 16, 32)
    decoded, encoded = with_decoder.features(IMAGES), without.features(IMAGES)
    assert [decoded[stride].shape[1] for stride in decoded] == [8, 4, 8, 16, 32]
    assert [encoded[stride].shape[1] for stride in encoded] == [4, 8, 16, 32, 32]
    assert torch.equal(without.deepest(IMAGES), encoded[32])


def test_its_weights_have_the_names_and_shapes_of_lds():
    own = DenseNetwork(1, 4, 8, 5, "batch").state_dict()
    theirs = LDNetwork(1, 4, 8, 4, 5, "batch", 2).state_dict()
    assert all(theirs[name].shape == value.shape for name, value in own.items())
    assert {name.split(".")[0] for name in theirs.keys() - own.keys()} == {"clustering"}
