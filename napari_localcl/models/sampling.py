"""Reading maps at points; points are (y, x) in pixels of the image that a map covers."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def to_unit(points: Tensor, size: tuple[int, int]) -> Tensor:
    """Turn points (..., 2) as (y, x) into ``grid_sample``'s (x, y) from -1 to 1."""
    extent = torch.tensor(size, device=points.device, dtype=points.dtype)
    return ((points + 0.5) * 2 / extent - 1).flip(-1)


def sample_at(maps: Tensor, points: Tensor, size: tuple[int, int]) -> Tensor:
    """Read maps bilinearly at points; outside, the border goes on.

    Parameters
    ----------
    maps : Tensor (B, C, h, w)
        Maps at any stride.
    points : Tensor (B, N, 2)
        (y, x) in pixels of the image.
    size : tuple of int
        The image's height and width.

    Returns
    -------
    Tensor (B, N, C)
    """
    grid = to_unit(points, size).unsqueeze(2).to(maps.dtype)  # (B, N, 1, 2)
    read = grid_sample(maps, grid, padding_mode="border", align_corners=False)
    return read.squeeze(3).transpose(1, 2)


def cell_centres(size: tuple[int, int], stride: int) -> Tensor:
    """Centres (h * w, 2) of the cells of a map at this stride, in pixels of the image."""
    rows, columns = (torch.arange(n // stride) * stride + (stride - 1) / 2 for n in size)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1).view(-1, 2)
