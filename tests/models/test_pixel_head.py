"""The linear head where it is asked: exactly what the head everywhere would say."""

import pytest
import torch
from torch.nn.functional import interpolate, unfold

from napari_localcl.models.pixel_head import PixelHead, coarsened

WIDTHS = (3, 2, 4)
SIZE = (12, 16)


@pytest.fixture
def maps():
    torch.manual_seed(0)
    return [
        torch.randn(2, width, SIZE[0] // 2**level, SIZE[1] // 2**level, dtype=torch.float64)
        for level, width in enumerate(WIDTHS)
    ]


def everywhere(head, maps, kernel):
    """The published way: upsample all, join, convolve; (B, H * W, D)."""
    large = [interpolate(m, size=SIZE, mode="bilinear", align_corners=False) for m in maps]
    joined = torch.cat(large, dim=1)
    patches = unfold(joined, kernel, padding=kernel // 2)  # (B, C * k * k, H * W), channels first
    patches = patches.view(len(joined), joined.shape[1], kernel**2, -1).transpose(1, 2)
    return head(patches.flatten(1, 2).transpose(1, 2))


@pytest.mark.parametrize("kernel", [1, 3])
def test_prototypes_are_the_head_of_the_mean_and_the_mean_of_the_head(maps, kernel):
    head = PixelHead(WIDTHS, 5, kernel).double()
    masks = (torch.rand(2, 3, *SIZE) < 0.3).double()
    masks[:, :, 0, 0] = 1  # at the border too, where the convolution is padded
    full = everywhere(head, maps, kernel)
    wanted = torch.einsum("bkp,bpd->kd", masks.flatten(2), full) / masks.sum((0, 2, 3))[:, None]
    sums, sizes = means_in_double(head, maps, masks)
    assert torch.equal(sizes, masks.sum(dim=(0, 2, 3)))
    assert torch.allclose(head(sums / sizes[:, None]), wanted, atol=1e-5)


@pytest.mark.parametrize("kernel", [1, 3])
def test_a_pixel_is_represented_as_by_the_head_everywhere(maps, kernel):
    head = PixelHead(WIDTHS, 5, kernel)
    maps = [level.float() for level in maps]
    places = torch.tensor([[0, 15, 77], [191, 100, 16]])
    full = everywhere(head, maps, kernel)
    wanted = full.gather(1, places.unsqueeze(2).expand(-1, -1, 5))
    assert torch.allclose(head.at(maps, places), wanted, atol=1e-5)


def means_in_double(head, maps, masks):
    sums, sizes = head.means(maps, masks.float())
    return sums.double(), sizes.double()


def test_weights_go_through_the_transpose_of_the_upsampling():
    torch.manual_seed(0)
    weights = torch.rand(1, 2, *SIZE, dtype=torch.float64)
    level = torch.randn(1, 2, 3, 4, dtype=torch.float64)
    large = interpolate(level, size=SIZE, mode="bilinear", align_corners=False)
    small = coarsened(weights, (3, 4))
    assert torch.allclose((weights * large).sum(), (small * level).sum(), atol=1e-12)
    assert torch.equal(coarsened(weights, SIZE), weights)


def test_only_the_asked_pixels_teach():
    head = PixelHead((2,), 3)
    level = torch.randn(1, 2, 4, 4, requires_grad=True)
    head.at([level], torch.tensor([[5]])).sum().backward()
    touched = level.grad.abs().sum(dim=(0, 1)) > 0
    assert touched.nonzero().tolist() == [[1, 1]]
