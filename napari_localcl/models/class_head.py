"""A head that tells classes of pixels at full resolution, on the features of any encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from .encoder import colour_range
from .layers import Norm, conv_norm_relu

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .encoder import Encoder


def feature_widths(backbone: Encoder, channels: int) -> dict[int, int]:
    """Stride -> channels of an encoder's features, as an empty image has them; finest first."""
    was_training = backbone.training
    example = torch.zeros(1, channels, 64, 64, device=next(backbone.parameters()).device)
    with torch.no_grad():
        maps = backbone.eval().features(example)
    backbone.train(was_training)
    return {stride: maps[stride].shape[1] for stride in sorted(maps)}


class ClassHead(nn.Module):
    """Features of any encoder -> logits of every pixel, background first.

    Parameters
    ----------
    backbone : Encoder
        A U-Net, or the encoder of any run; it is asked for its features' sizes, not kept.
    channels : int
        Channels of the image.
    classes : int
        Classes, the background left out.
    width : int
        Channels of what is added to the backbone, at full resolution.
    norm : {"batch", "group"}
        Normalisation of what is added.
    """

    def __init__(
        self, backbone: Encoder, channels: int, classes: int, width: int = 16, norm: Norm = "batch"
    ) -> None:
        super().__init__()
        widths = feature_widths(backbone, channels)
        complete = backbone.decodes and min(widths) == 1
        self.to_pixels = None if complete else ToPixels(channels, widths, width, norm)
        self.widths = tuple(widths.values()) if complete else (width,) * len(all_strides(widths))
        self.classify = nn.Conv2d(self.widths[0], classes + 1, 1)

    def maps(self, images: Tensor, features: Mapping[int, Tensor]) -> list[Tensor]:
        """The maps that pixels are told apart by, finest first, which has full resolution."""
        if self.to_pixels is None:
            return [features[stride] for stride in sorted(features)]
        maps: list[Tensor] = self.to_pixels(images, features)
        return maps

    def logits(self, maps: Sequence[Tensor]) -> Tensor:
        """The maps -> logits (B, 1 + classes, H, W)."""
        told: Tensor = self.classify(maps[0])
        return told.float()


class ToPixels(nn.Module):
    """Brings features of any strides to full resolution, with what the image itself shows.

    From the coarsest level inwards, each map is doubled in size and joined to the features of its
    stride. Strides finer than the backbone's see the image through a few convolutions.

    Lin et al., "Feature pyramid networks for object detection", CVPR 2017.

    Parameters
    ----------
    channels : int
        Channels of the image.
    widths : mapping of int to int
        Stride -> channels of the features.
    width : int
        Channels of every level.
    norm : {"batch", "group"}
        Normalisation.
    """

    def __init__(self, channels: int, widths: Mapping[int, int], width: int, norm: Norm) -> None:
        super().__init__()
        self.strides = all_strides(widths)
        finer = [stride for stride in self.strides if stride < min(widths)]
        inputs = [channels, *[width] * (len(finer) - 1)] if finer else []
        self.stem = nn.ModuleList(conv_norm_relu(count, width, norm) for count in inputs)
        self.lateral = nn.ModuleDict(
            {str(stride): nn.Conv2d(count, width, 1) for stride, count in widths.items()}
        )
        self.fuse = nn.ModuleList(conv_norm_relu(2 * width, width, norm) for _ in self.strides[1:])

    def forward(self, images: Tensor, features: Mapping[int, Tensor]) -> list[Tensor]:
        """Images and their features -> one map per stride, finest first."""
        sides = self._sides(images, features)
        maps = [sides[self.strides[-1]]]
        for stride, fuse in zip(self.strides[-2::-1], reversed(self.fuse), strict=True):
            size = tuple(side // stride for side in images.shape[2:])
            parts = [interpolate(maps[0], size=size, mode="nearest")]
            parts.append(sides.get(stride, torch.zeros_like(parts[0])))
            maps.insert(0, fuse(torch.cat(parts, dim=1)))
        return maps

    def _sides(self, images: Tensor, features: Mapping[int, Tensor]) -> dict[int, Tensor]:
        sides = {int(stride): head(features[int(stride)]) for stride, head in self.lateral.items()}
        seen = colour_range(images)
        for level, see in enumerate(self.stem):
            seen = see(max_pool2d(seen, 2) if level else seen)
            sides[2**level] = seen
        return sides


def all_strides(widths: Mapping[int, int]) -> tuple[int, ...]:
    """Every power of two from 1 to the coarsest stride."""
    return tuple(2**level for level in range(max(widths).bit_length()))
