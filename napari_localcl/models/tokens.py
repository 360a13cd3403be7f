"""Backbones that turn an image into a lattice of tokens, one for each cell of pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

Backbone = Literal["convolutional", "transformer"]
Cell = Literal[4, 8, 16, 32]


@dataclass(frozen=True)
class Tokens:
    """What a backbone says of B images.

    Attributes
    ----------
    maps : Tensor (B, D, h, w)
        One vector for each cell.
    whole : Tensor (B, D) or None
        The class token; None where a backbone has none.
    """

    maps: Tensor
    whole: Tensor | None


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation of each vector of maps (B, C, h, w) on its own.

    It knows no batch, so processes that share one agree, and no neighbours, so that a vector means
    the same in a crop and in a whole image.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """Maps of the same size."""
        return super().forward(maps.movedim(1, 3)).movedim(3, 1)


class ConvolutionalBackbone(nn.Module):
    """Residual stages, each halving the size and doubling the width, then more at the cells' size.

    Parameters
    ----------
    channels : int
        Channels of the image.
    width : int
        Length of a token, a multiple of 16.
    depth : int
        Residual units at the tokens' own stride.
    cell : {4, 8, 16, 32}
        Side of a cell in pixels.
    drop_path : float
        See :func:`drop_paths`; of those units.

    Notes
    -----
    Zhou et al. have Swin-B where this stands: hierarchical too, but far too large to learn from
    hundreds of images. The residual units are those of MONAI.
    """

    def __init__(
        self, channels: int, width: int, depth: int, cell: Cell, drop_path: float = 0.0
    ) -> None:
        super().__init__()
        from monai.networks.blocks.convolutions import ResidualUnit

        def unit(before: int, after: int, stride: int) -> ResidualUnit:
            norm = ("group", {"num_groups": max(1, after // 16)})
            return ResidualUnit(2, before, after, strides=stride, norm=norm, act="relu")

        self.halvings = int(math.log2(cell))
        widths = [max(16, width >> level) for level in reversed(range(self.halvings))]
        inputs = [channels, *widths[:-1]]
        deeper = [unit(width, width, 1) for _ in range(depth)]
        for one, path in zip(deeper, drop_paths(drop_path, depth), strict=True):
            one.conv.append(path)
        self.stages = nn.Sequential(
            *(unit(before, after, 2) for before, after in zip(inputs, widths, strict=True)),
            *deeper,
        )

    def forward(self, images: Tensor) -> Tokens:
        """Images (B, C, H, W) -> tokens, without one for all of an image."""
        return Tokens(self.stages(images), None)

    def levels(self, images: Tensor) -> list[Tensor]:
        """Images (B, C, H, W) -> maps of every size, each half as large; tokens are the last."""
        maps = []
        for stage in self.stages:
            images = stage(images)
            maps.append(images)
        return [*maps[: self.halvings - 1], maps[-1]]


class TransformerBackbone(nn.Module):
    """A vision transformer with a class token, for images of any size.

    Parameters
    ----------
    channels : int
        Channels of the image.
    width : int
        Length of a token, a multiple of 4 and of `heads`.
    depth : int
        Transformer blocks.
    cell : {4, 8, 16, 32}
        Side of a cell in pixels.
    heads : int
        Heads of attention.
    extent : int
        Tokens along the longer side of the images that it learns from.
    drop_path : float
        See :func:`drop_paths`.

    Notes
    -----
    Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021. Positions are told by sines and
    cosines, stretched so that the longer side of any image is as long as in training: no table has
    to be interpolated.
    """

    def __init__(
        self,
        channels: int,
        width: int,
        depth: int,
        cell: Cell,
        heads: int,
        extent: int,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.extent = extent
        self.patches = nn.Conv2d(channels, width, cell, stride=cell)
        self.whole = nn.Parameter(nn.init.trunc_normal_(torch.empty(1, 1, width), std=0.02))
        paths = zip(drop_paths(drop_path, depth), drop_paths(drop_path, depth), strict=True)
        self.blocks = nn.Sequential(*(_block(width, heads, *both) for both in paths))
        self.norm = nn.LayerNorm(width)

    def forward(self, images: Tensor) -> Tokens:
        """Images (B, C, H, W) -> tokens and the class token."""
        patches = self.patches(images)
        size = (patches.shape[2], patches.shape[3])
        codes = position_codes(size, patches.shape[1], self.extent).to(patches)
        tokens = patches.flatten(2).mT + codes
        tokens = torch.cat([self.whole.expand(len(tokens), -1, -1).to(tokens), tokens], dim=1)
        tokens = self.norm(self.blocks(tokens))
        return Tokens(tokens[:, 1:].mT.unflatten(2, size), tokens[:, 0])

    def levels(self, images: Tensor) -> list[Tensor]:
        """Images (B, C, H, W) -> the tokens, the only size there is."""
        return [self(images).maps]


def _block(width: int, heads: int, attention: nn.Module, perceptron: nn.Module) -> nn.Module:
    block = nn.TransformerEncoderLayer(
        width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
    # The last thing that happens to either branch before it is added.
    block.dropout1, block.dropout2 = attention, perceptron  # type: ignore[assignment]
    return block


def drop_paths(probability: float, depth: int) -> list[nn.Module]:
    """Leave out, in training, the branch of each of so many residual blocks for some images.

    From 0 at the first block to `probability` at the last; what is kept is made larger, so that the
    mean stays. Huang et al., "Deep networks with stochastic depth", ECCV 2016.
    """
    if not probability:
        return [nn.Identity() for _ in range(depth)]
    from monai.networks.layers.drop_path import DropPath

    return [DropPath(rate) for rate in torch.linspace(0, probability, depth).tolist()]


def position_codes(size: tuple[int, int], width: int, extent: float) -> Tensor:
    """Sines and cosines (h * w, width) of where the cells of a lattice lie.

    Parameters
    ----------
    size : tuple of int
        Rows and columns.
    width : int
        Length of a code, a multiple of 4: half of it tells the row, half the column.
    extent : float
        What the longer side counts.
    """
    waves = torch.exp(torch.arange(width // 4) * (-math.log(1e4) / (width // 4)))
    rows, columns = ((torch.arange(n) + 0.5) * (extent / max(size)) for n in size)
    places = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1).view(-1, 2, 1)
    angles = (places * waves).flatten(1)  # (h * w, width / 2)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def build_backbone(
    kind: Backbone,
    channels: int,
    width: int,
    depth: int,
    cell: Cell,
    heads: int,
    extent: int,
    drop_path: float = 0.0,
) -> ConvolutionalBackbone | TransformerBackbone:
    """Return a backbone; `heads` and `extent` are the transformer's alone."""
    if kind == "transformer":
        return TransformerBackbone(channels, width, depth, cell, heads, extent, drop_path)
    return ConvolutionalBackbone(channels, width, depth, cell, drop_path)
