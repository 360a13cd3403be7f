"""A linear head on upsampled features of all levels, evaluated only where it is asked.

ACTION's representation head joins the decoder's maps, all upsampled to full resolution, and
convolves them twice without a nonlinearity in between. At every pixel that costs 57 times as much
as the U-Net below it. But what the loss needs is the head at a few hundred pixels, and its mean
over the pixels of each class; and because the head is linear, the latter is the head of the mean of
its inputs. Both are exact here, and neither ever builds a map of full resolution:

- at pixels, each level is read at the pixel and its neighbours (:meth:`PixelHead.at`);
- a mean over a mask of upsampled maps is a mean of the maps themselves, weighted by the mask that
  went through the transposed upsampling (:meth:`PixelHead.means`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from .sampling import sample_at

if TYPE_CHECKING:
    from collections.abc import Sequence

Kernel = Literal[1, 3]


class PixelHead(nn.Module):
    """A kernel x kernel convolution, then a 1x1 one, on joined upsampled maps; linear.

    Parameters
    ----------
    widths : sequence of int
        Channels of the maps, finest first.
    dimensions : int
        Length of a representation.
    kernel : {1, 3}
        Side of the first convolution, whose border is padded with 0.
    """

    def __init__(self, widths: Sequence[int], dimensions: int, kernel: Kernel = 1) -> None:
        super().__init__()
        self.first = nn.Linear(kernel**2 * sum(widths), dimensions, bias=False)
        self.second = nn.Linear(dimensions, dimensions)
        reach = torch.arange(kernel) - kernel // 2
        grid = torch.stack(torch.meshgrid(reach, reach, indexing="ij"), dim=-1)
        self._offsets = [(int(y), int(x)) for y, x in grid.view(-1, 2)]

    def forward(self, inputs: Tensor) -> Tensor:
        """Neighbourhoods (..., kernel * kernel * sum(widths)) -> representations (..., D)."""
        represented: Tensor = self.second(self.first(inputs))
        return represented

    def at(self, maps: Sequence[Tensor], places: Tensor) -> Tensor:
        """Representations (B, N, D) of pixels.

        Parameters
        ----------
        maps : sequence of Tensor (B, C_l, h_l, w_l)
            Finest first; the finest has full resolution (H, W).
        places : Tensor (B, N), int
            Pixels, as ``y * W + x``.
        """
        size = (maps[0].shape[2], maps[0].shape[3])
        pixels = torch.stack([places // size[1], places % size[1]], dim=2)
        offsets = torch.tensor(self._offsets, device=places.device)
        around = (pixels.unsqueeze(2) + offsets).flatten(1, 2).float()  # (B, N * kernel^2, 2)
        extent = torch.tensor(size, device=places.device)
        inside = ((around >= 0) & (around < extent)).all(dim=2, keepdim=True)
        read = torch.cat([sample_at(level.float(), around, size) for level in maps], dim=2)
        represented: Tensor = self((read * inside).view(*places.shape, -1))
        return represented

    def means(self, maps: Sequence[Tensor], masks: Tensor) -> tuple[Tensor, Tensor]:
        """Sums (K, kernel * kernel * sum(widths)) of the head's inputs over masks, and their sizes.

        The head of ``sums / sizes`` is the mean of the head over the pixels of a mask. Sums of
        several processes add up.

        Parameters
        ----------
        maps : sequence of Tensor (B, C_l, h_l, w_l)
            As in :meth:`at`.
        masks : Tensor (B, K, H, W)
            1 at the pixels of a mask, else 0.

        Returns
        -------
        sums, sizes : Tensor (K, kernel * kernel * sum(widths)), Tensor (K,)
        """
        shifted = torch.stack([_shifted(masks, *offset) for offset in self._offsets], dim=1)
        weights = shifted.flatten(1, 2)  # (B, kernel^2 * K, H, W)
        sums = [
            torch.einsum("bkhw,bchw->kc", coarsened(weights, level.shape[2:]), level.float())
            for level in maps
        ]
        kernel, count = len(self._offsets), masks.shape[1]
        joined = torch.cat(sums, dim=1).view(kernel, count, -1)
        return joined.transpose(0, 1).flatten(1), masks.sum(dim=(0, 2, 3))


def _shifted(masks: Tensor, down: int, right: int) -> Tensor:
    """The mask at ``p + offset`` of what is marked at ``p``; what leaves the image is lost."""
    height, width = masks.shape[2:]
    padded = pad(masks, (1, 1, 1, 1))
    return padded[:, :, 1 - down : 1 - down + height, 1 - right : 1 - right + width]


def coarsened(weights: Tensor, size: Sequence[int]) -> Tensor:
    """The transpose of bilinear upsampling: weights (B, K, H, W) -> (B, K, h, w).

    ``(weights * upsampled(map)).sum() == (coarsened(weights) * map).sum()`` for every map.
    """
    height, width = size
    if (height, width) == weights.shape[2:]:
        return weights

    def enlarge(maps: Tensor) -> Tensor:
        return interpolate(maps, size=weights.shape[2:], mode="bilinear", align_corners=False)

    _, transposed, *_ = torch.func.vjp(
        enlarge, weights.new_zeros(*weights.shape[:2], height, width)
    )
    (coarse,) = transposed(weights)
    result: Tensor = coarse
    return result
