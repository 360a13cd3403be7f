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
