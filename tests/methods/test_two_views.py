"""Two views of each image."""

import pytest
import torch
from canvases import coordinates, prepared

from napari_localcl.data.shard import Shard
from napari_localcl.methods.two_views import ViewSettings, draw_two_views

CPU = torch.device("cpu")
PLAIN = {"brightness": 0, "contrast": 0, "saturation": 0, "gamma": 0, "noise": 0, "grey": 0}


@pytest.fixture
def images(tmp_path):
    return prepared(coordinates(4, (64, 64)), tmp_path)


def drawn(images, chosen, shard=None, mirror=False, **given):
    chance = torch.Generator().manual_seed(0)
    settings = ViewSettings(**{"part": 1, **PLAIN, **given})
    shard = shard or Shard()
    return draw_two_views(images, torch.tensor(chosen), settings, chance, shard, CPU, mirror)


def test_both_views_show_the_image_where_their_geometry_says(images):
    views = drawn(images, [0, 3], rotation=20, zoom=1.5, elastic=0.01)
    points = torch.rand(2, 50, 2, generator=torch.Generator().manual_seed(1)) * 20 + 22
    for pixels, geometry in zip(views.pixels.chunk(2), views.geometry, strict=True):
        shown = geometry.to_view(points)
        rounded = shown.round().long()
        places = geometry.to_image(rounded.float())
        colours = pixels[torch.arange(2)[:, None], :, rounded[..., 0], rounded[..., 1]]
        assert torch.allclose(colours[..., :2] * 255 / 4, places.clamp(0, 63), atol=0.1)
        assert torch.allclose(colours[..., 2], torch.tensor([0.0, 120 / 255])[:, None], atol=1e-3)


def test_the_two_views_of_an_image_are_drawn_apart(images):
    first, second = drawn(images, [1]).pixels
    assert not torch.allclose(first, second)


def test_a_view_shows_all_of_its_image_or_a_part_of_it(images):
    geometry = drawn(images, [0] * 200, rotation=0, aspect=0, part=0.5, zoom=2).geometry[0]
    assert geometry.size == (32, 32)
    zoom = geometry.matrix[:, 0, 0]
    assert zoom.max() <= 2 + 1e-5
    assert zoom.max() > 1.9
    assert 1 - 1e-5 <= zoom.min() < 1.1


def test_views_are_multiples_of_32_whatever_the_canvas():
    assert ViewSettings(part=0.5).size((224, 384)) == (128, 192)
    assert ViewSettings(part=0.1).size((64, 64)) == (32, 32)


def test_each_process_gets_its_part_of_the_same_views(images):
    whole = drawn(images, [0, 1, 2, 3], noise=0.1, brightness=0.3)
    parts = [drawn(images, [0, 1, 2, 3], Shard(r, 2), noise=0.1, brightness=0.3) for r in (0, 1)]
    joined = [torch.cat(side) for side in zip(*(p.pixels.chunk(2) for p in parts), strict=True)]
    assert torch.allclose(torch.cat(joined), whole.pixels, atol=1e-6)


def test_views_are_mirrored_only_if_they_may_be(images):
    turned = {
        mirror: drawn(images, [0] * 20, rotation=0, mirror=mirror).geometry[0].matrix[:, 1, 1] < 0
        for mirror in (False, True)
    }
    assert not turned[False].any()
    assert 0 < turned[True].sum() < 20
