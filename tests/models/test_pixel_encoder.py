"""Plain pixels as an encoder."""

import torch

from napari_localcl.models.pixel_encoder import PixelEncoder


def test_a_cell_is_the_mean_of_its_pixels():
    image = torch.arange(64.0).view(1, 1, 8, 8)
    maps = PixelEncoder().embed(image)
    assert list(maps) == [4]
    assert maps[4][0, 0, 0, 1] == image[0, 0, :4, 4:].mean()
