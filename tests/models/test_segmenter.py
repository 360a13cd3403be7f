"""The network that refinement trains."""

import pytest
import torch

from napari_localcl.models.segmenter import STRIDE, build_segmenter, expect


@pytest.mark.parametrize(("channels", "classes"), [(1, 1), (3, 2)])
def test_an_image_gets_a_logit_for_each_pixel_and_class(channels, classes):
    segmenter = build_segmenter(channels, 4, classes)
    images = torch.rand(2, channels, 4 * STRIDE, 3 * STRIDE)
    assert segmenter(images).shape == (2, classes, 4 * STRIDE, 3 * STRIDE)


@pytest.mark.parametrize("part", [0.01, 0.3])
def test_a_fresh_segmenter_expects_as_much_as_it_is_told(part):
    torch.manual_seed(0)
    segmenter = build_segmenter(1, 4)
    images = torch.rand(4, 1, 64, 64)
    before = segmenter(images).sigmoid().mean().item()
    expect(segmenter, part)
    after = segmenter(images).sigmoid().mean().item()
    assert abs(after - part) < abs(before - part)
    assert after == pytest.approx(part, abs=0.15)
