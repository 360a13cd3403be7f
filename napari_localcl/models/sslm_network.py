"""SSLM's network: nine branches of their own weights, then skip and dual-path reduction blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, relu

from .encoder import Encoder, colour_range
from .layers import Norm, conv_norm_relu, norm_layer

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOTS = 9
SKIP = 0.25  # part of a skip block's change that is added


class SSLMNetwork(Encoder):
    """Manna et al., arXiv 2104.10481; at ``branch=256``, ``trunk=1024`` the published widths.

    Each slot of a permutation has its branch. A whole frame goes through all nine, for they are
    convolutional: what each learned of the tiles in its slot is then known of every place.

    Parameters
    ----------
    channels : int
        Channels of the image.
    branch, trunk : int
        Channels of a branch, and of the map that the branches are joined to; each of the two
        reduction blocks doubles them.
    norm : {"batch", "group"}
        Normalisation.
    """

    def __init__(
        self, channels: int, branch: int = 32, trunk: int = 128, norm: Norm = "batch"
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList(_branch(channels, branch, norm) for _ in range(SLOTS))
        self.join = nn.Sequential(
            nn.Conv2d(SLOTS * branch, trunk, 1, bias=False), norm_layer(trunk, norm), nn.ReLU()
        )
        self.skips = nn.ModuleList(_Skip(trunk * k, norm) for k in (1, 2))
        self.reductions = nn.ModuleList(_Reduction(trunk * k, norm) for k in (1, 2))
        self.width = 4 * trunk

    @property
    def strides(self) -> tuple[int, ...]:
        """Strides of the embeddings, finest first."""
        return 4, 8, 16

    def tiles(self, tiles: Tensor) -> Tensor:
        """Tiles (B, 9, C, h, w) in [0, 1] of the slots -> the coarsest map (B, 4 * trunk, ., .)."""
        slots = [branch(colour_range(tiles[:, i])) for i, branch in enumerate(self.branches)]
        return self._levels(torch.cat(slots, dim=1))[-1]

    def embed(self, images: Tensor) -> dict[int, Tensor]:
        """See :meth:`Encoder.embed`."""
        seen = colour_range(images)
        maps = self._levels(torch.cat([branch(seen) for branch in self.branches], dim=1))
        return {
            # Where no channel answers there is a unit vector, too.
            stride: normalize(level.float() + 1e-6, dim=1)
            for stride, level in zip(self.strides, maps, strict=True)
        }

    def _levels(self, joined: Tensor) -> list[Tensor]:
        return list(self._trunk(self.join(joined)))

    def _trunk(self, maps: Tensor) -> Iterator[Tensor]:
        yield maps
        for skip, reduction in zip(self.skips, self.reductions, strict=True):
            maps = reduction(skip(maps))
            yield maps


class PermutationHead(nn.Module):
    """Which of the permutations the tiles came in: the mean of the map, a hidden layer, classes."""

    def __init__(self, width: int, hidden: int, permutations: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, hidden)
        self.classes = nn.Linear(hidden, permutations)

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (B, W, h, w) -> logits (B, permutations)."""
        logits: Tensor = self.classes(relu(self.hidden(maps.mean(dim=(2, 3)))))
        return logits


class _Skip(nn.Module):
    def __init__(self, width: int, norm: Norm) -> None:
        super().__init__()
        self.change = nn.Sequential(
            *conv_norm_relu(width, width, norm), *conv_norm_relu(width, width, norm)
        )

    def forward(self, maps: Tensor) -> Tensor:
        changed: Tensor = maps + SKIP * self.change(maps)
        return changed


class _Reduction(nn.Module):
    """Two paths to half the size, side by side: one looks around, one averages."""

    def __init__(self, width: int, norm: Norm) -> None:
        super().__init__()
        self.look = nn.Sequential(
            *conv_norm_relu(width, width, norm),
            nn.Conv2d(width, width, 3, stride=2, padding=1, bias=False),
            norm_layer(width, norm),
            nn.ReLU(inplace=True),
        )
        self.average = nn.Sequential(
            nn.AvgPool2d(2, ceil_mode=True),  # an odd size is rounded up, as beside it
            nn.Conv2d(width, width, 1, bias=False),
            norm_layer(width, norm),
            nn.ReLU(inplace=True),
        )

    def forward(self, maps: Tensor) -> Tensor:
        return torch.cat([self.look(maps), self.average(maps)], dim=1)


def _branch(channels: int, width: int, norm: Norm) -> nn.Sequential:
    return nn.Sequential(
        *conv_norm_relu(channels, width, norm),
        *conv_norm_relu(width, width, norm),
        nn.MaxPool2d(2),
        *conv_norm_relu(width, width, norm),
        *conv_norm_relu(width, width, norm),
        nn.MaxPool2d(2),
    )
