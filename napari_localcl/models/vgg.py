"""VGG16-BN at a chosen width, as a pyramid of feature maps.

Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition",
ICLR 2015; LD uses it at a quarter of its width (``width=16``).
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from .layers import Norm, conv_norm_relu

CONVOLUTIONS = (2, 2, 3, 3, 3)
WIDENING = (1, 2, 4, 8, 8)

Stride = Literal[1, 2]


class VGG16(nn.Module):
    """Image (B, C, H, W) -> five maps at strides 1, 2, 4, 8, 16 times ``stride``.

    Parameters
    ----------
    channels : int
        Channels of the image.
    width : int
        Channels of the first stage; 64 is the original network, 16 LD's.
    norm : {"batch", "group"}
        Normalisation.
    stride : {1, 2}
        Stride of the finest map. At 2, blocks of 2x2 pixels enter as channels: nothing of the
        image is lost, and the two most expensive convolutions shrink to a quarter.
    """

    def __init__(self, channels: int, width: int, norm: Norm = "batch", stride: Stride = 1) -> None:
        super().__init__()
        self.widths = tuple(width * times for times in WIDENING)
        self.strides = tuple(stride * 2**level for level in range(5))
        self.to_blocks = nn.PixelUnshuffle(stride) if stride > 1 else nn.Identity()
        inputs = (channels * stride**2, *self.widths[:-1])
        self.stages = nn.ModuleList(
            _stage(before, after, count, norm)
            for before, after, count in zip(inputs, self.widths, CONVOLUTIONS, strict=True)
        )
        self.pool = nn.MaxPool2d(2)
        self.apply(_initialise)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Finest map first; each is tapped before the pooling that follows it."""
        features = self.to_blocks(images)
        maps: list[Tensor] = []
        for stage in self.stages:
            features = stage(self.pool(features) if maps else features)
            maps.append(features)
        return maps


def _stage(channels_in: int, channels_out: int, count: int, norm: Norm) -> nn.Sequential:
    inputs = [channels_in] + [channels_out] * (count - 1)
    return nn.Sequential(*(conv_norm_relu(channels, channels_out, norm) for channels in inputs))


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
