"""Tiles of frames: nine of each, with gaps between them, each disturbed by itself.

Neighbouring tiles share no border, because each lies anywhere in its ninth, and none shows pixels
beyond its own, however it is turned: the order cannot be told by matching edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_localcl.methods.appearance import draw_appearance
from napari_localcl.methods.views import draw_geometry
from napari_localcl.models.sslm_network import SLOTS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.shard import Shard

    from .settings import SSLMSettings

GRID = 3
BRIGHTENED = 0.5  # probability that a tile's brightness changes


@dataclass(frozen=True)
class PuzzleBatch:
    """Tiles in disorder.

    Attributes
    ----------
    tiles : Tensor (B, 9, C, t, t)
        Slot j holds the frame's tile ``order[j]``.
    classes : Tensor (B,)
        Which order.
    """

    tiles: Tensor
    classes: Tensor


def tile_side(given: SSLMSettings, canvas: tuple[int, int]) -> int:
    """Side of a tile in pixels: as set, or what fits into a ninth; a multiple of 4."""
    return min(given.tile, min(canvas) // GRID // 4 * 4)


def draw_corners(
    count: int, given: SSLMSettings, canvas: tuple[int, int], chance: torch.Generator
) -> Tensor:
    """Draw the top left corners (count, 9, 2) of tiles, each within its ninth of the canvas."""
    side = tile_side(given, canvas)
    cell = torch.tensor([n // GRID for n in canvas])
    reach = (cell - side).clamp(max=max(given.gap - 1, 0))
    offset = torch.rand(count, SLOTS, 2, generator=chance) * (reach + 1)
    rows, columns = (torch.arange(GRID) * n for n in cell)
    corners = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1).view(1, SLOTS, 2)
    return corners + offset.long()


def draw_puzzles(
    given: SSLMSettings,
    orders: Tensor,
    images: PreparedImages,
    chance: torch.Generator,
    shard: Shard,
    device: torch.device,
) -> PuzzleBatch:
    """Draw a global batch of puzzles and return the shard's part.

    Parameters
    ----------
    given : SSLMSettings
        How tiles are cut and disturbed.
    orders : Tensor (P, 9)
        The orders to draw from.
    images, chance, shard, device
        As :meth:`Method.sample` takes them.
    """
    count = given.frames
    frames = torch.randint(len(images), (count,), generator=chance)
    classes = torch.randint(len(orders), (count,), generator=chance)
    corners = draw_corners(count, given, images.canvas, chance)
    side = tile_side(given, images.canvas)
    geometry = draw_geometry(count * SLOTS, (side, side), given.geometry(), chance)
    looks = draw_appearance(count * SLOTS, given.appearance(), chance)
    bright = torch.rand(count * SLOTS, generator=chance) < BRIGHTENED
    looks.brightness[~bright] = 1.0

    own = shard.take(torch.arange(count))
    part = slice(SLOTS * int(own[0]), SLOTS * (int(own[-1]) + 1))
    cut = cut_tiles(images.batch(frames[own].tolist()), corners[own], side).to(device)
    tiles = looks[part].apply(geometry[part].to(device).warp(cut.flatten(0, 1)))
    tiles = tiles.clamp(0, 1).view(cut.shape)
    order = orders[classes[own].to(orders.device)].to(device)
    rows = torch.arange(len(own), device=device).unsqueeze(1)
    return PuzzleBatch(tiles[rows, order], classes[own].to(device))


def cut_tiles(pixels: npt.NDArray[np.uint8], corners: Tensor, side: int) -> Tensor:
    """Cut tiles at corners (B, 9, 2) of frames (B, C, H, W) -> (B, 9, C, side, side) in [0, 1]."""
    reach = torch.arange(side)
    rows = corners[:, :, 0, None, None] + reach.view(-1, 1)
    columns = corners[:, :, 1, None, None] + reach
    frames = torch.arange(len(pixels)).view(-1, 1, 1, 1)
    tiles = torch.from_numpy(pixels)[frames, :, rows, columns]
    return tiles.movedim(4, 2).float() / 255
