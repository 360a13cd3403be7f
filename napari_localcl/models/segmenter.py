"""The network that refinement and fine-tuning train: a U-Net of MONAI."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

STRIDE = 16


def build_segmenter(channels: int, width: int, classes: int = 1) -> nn.Module:
    """Images (B, C, H, W) -> logits (B, classes, H, W); H and W are multiples of 16.

    Parameters
    ----------
    channels : int
        Channels of the image.
    width : int
        Channels of the first level; each further one has twice as many, up to eight times.
    classes : int
        Structures.

    Notes
    -----
    Kerfoot et al., "Left-ventricle quantification using residual U-Net", STACOM 2018: the residual
    U-Net of MONAI.
    """
    from monai.networks.nets.unet import UNet

    widths = [width, 2 * width, 4 * width, 8 * width, 8 * width]
    return UNet(2, channels, classes, widths, (2, 2, 2, 2), num_res_units=1, norm="batch")


def expect(segmenter: nn.Module, part: float) -> None:
    """Let a fresh segmenter of one structure begin with the part of an image that it covers.

    Adam moves a bias by no more than its rate per step: from one half, a small structure would
    take thousands of steps to become rare. Lin et al., "Focal loss", ICCV 2017, section 3.3.
    """
    import torch

    last = [layer for layer in segmenter.modules() if isinstance(layer, torch.nn.Conv2d)][-1]
    assert last.bias is not None
    with torch.no_grad():
        last.bias.fill_(float(torch.logit(torch.tensor(part), eps=1e-3)))
