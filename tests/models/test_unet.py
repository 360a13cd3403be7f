"""The U-Net decoder on maps of any encoder."""

import torch

from napari_localcl.models.unet import UNetDecoder

WIDTHS = (3, 5, 7, 9, 9)


def pyramid(side=32):
    return [
        torch.rand(2, width, side >> level, side >> level) for level, width in enumerate(WIDTHS)
    ]


def test_decoded_maps_have_the_sizes_of_the_encoders_and_the_promised_widths():
    decoder = UNetDecoder(WIDTHS)
    maps = pyramid()
    decoded = decoder(maps)
    assert [level.shape[1] for level in decoded] == list(decoder.widths)
    assert [level.shape[2:] for level in decoded] == [level.shape[2:] for level in maps]


def test_the_coarsest_map_is_the_encoders_own():
    maps = pyramid()
    assert torch.equal(UNetDecoder(WIDTHS)(maps)[-1], maps[-1])


def test_the_finest_map_is_the_encoders_joined_to_the_coarser_levels():
    maps = pyramid()
    finest = UNetDecoder(WIDTHS)(maps)[0]
    assert finest.shape[1] == 2 * WIDTHS[0]
    assert torch.equal(finest[:, -WIDTHS[0] :], maps[0])


def test_every_coarser_level_reaches_the_finest():
    maps = [level.requires_grad_() for level in pyramid()]
    UNetDecoder(WIDTHS, norm="group")(maps)[0].square().sum().backward()
    assert all(level.grad.abs().sum() > 0 for level in maps)


def test_images_of_a_batch_do_not_mix_under_group_normalisation():
    decoder = UNetDecoder(WIDTHS, norm="group")
    maps = pyramid()
    alone = decoder([level[:1] for level in maps])[0]
    assert torch.allclose(decoder(maps)[0][:1], alone, atol=1e-5)
