"""The U-Net decoder that LD puts on a pyramid encoder.

Ronneberger et al., "U-Net", MICCAI 2015, with nearest-neighbour upsampling.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from .layers import Norm, conv_norm_relu

if TYPE_CHECKING:
    from collections.abc import Sequence


class UNetDecoder(nn.Module):
    """Maps of an encoder, finest first -> decoded maps at the same strides, finest first.

    Parameters
    ----------
    widths : sequence of int
        Channels of the encoder's maps, finest first.
    norm : {"batch", "group"}
        Normalisation.

    Notes
    -----
    At every level the coarser map is doubled in size and joined to the encoder's map; two
    convolutions then bring the channels to those of the next finer encoder map. As in LD, the
    finest level is only joined, so that a head sees ``2 * widths[0]`` channels.
    """

    def __init__(self, widths: Sequence[int], norm: Norm = "batch") -> None:
        super().__init__()
        self.fuse = nn.ModuleList(
            nn.Sequential(conv_norm_relu(2 * here, here, norm), conv_norm_relu(here, finer, norm))
            for finer, here in itertools.pairwise(widths[:-1])
        )
        self.widths = (2 * widths[0], *widths[:-2], widths[-1])

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """From the coarsest level inwards."""
        decoded = [maps[-1]]
        for level in range(len(maps) - 2, -1, -1):
            larger = interpolate(decoded[0], scale_factor=2.0, mode="nearest")
            joined = torch.cat([larger, maps[level]], dim=1)
            decoded.insert(0, self.fuse[level - 1](joined) if level else joined)
        return decoded
