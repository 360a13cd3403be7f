"""The convolution that every network here is made of."""

from __future__ import annotations

import math
from typing import Literal

from torch import nn

Norm = Literal["batch", "group"]


def norm_layer(channels: int, norm: Norm) -> nn.Module:
    """Batch normalisation, or group normalisation in groups of eight channels or more."""
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    return nn.GroupNorm(math.gcd(channels, max(1, channels // 8)), channels)


def conv_norm_relu(channels_in: int, channels_out: int, norm: Norm) -> nn.Sequential:
    """3x3 convolution, normalisation, ReLU; the size is kept."""
    return nn.Sequential(
        # The bias would be undone by the normalisation that follows.
        nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
        norm_layer(channels_out, norm),
        nn.ReLU(inplace=True),
    )


def head(channels_in: int, channels_out: int, norm: Norm) -> nn.Sequential:
    """3x3 convolution, normalisation, ReLU, 3x3 convolution: LD's two heads have this form."""
    return nn.Sequential(
        *conv_norm_relu(channels_in, channels_out, norm),
        nn.Conv2d(channels_out, channels_out, 3, padding=1),
    )
