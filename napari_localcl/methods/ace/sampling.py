"""What a training step of ACE looks at: two crops of each image, cell by cell the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from napari_localcl.methods.appearance import draw_appearance
from napari_localcl.methods.views import draw_geometry

from .cropping import GridCrops, draw_crops

if TYPE_CHECKING:
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.shard import Shard
    from napari_localcl.methods.appearance import Appearance

    from .settings import ACESettings


@dataclass(frozen=True)
class CropBatch:
    """Two crops of B images.

    Attributes
    ----------
    large, small : Tensor (B, C, h, w)
        The crops' pixels; of the same size, whatever they show.
    crops : GridCrops
        Which cells they show.
    """

    large: Tensor
    small: Tensor
    crops: GridCrops


def draw_batch(
    settings: ACESettings,
    images: PreparedImages,
    chance: torch.Generator,
    shard: Shard,
    device: torch.device,
) -> CropBatch:
    """Draw a global batch; return the shard's part. What is drawn depends on `chance` alone.

    A random part of each image, at the image's size, is what both crops are cut from: pixels are
    read once for each crop. Looks change after that, and differently in the two.
    """
    count, canvas = settings.batch, images.canvas
    cells, tokens = settings.lattice(canvas)
    chosen = torch.randint(len(images), (count,), generator=chance)
    base = draw_geometry(count, canvas, settings.geometry(), chance)
    crops = draw_crops(count, cells, tokens, settings.crop_scale, settings.cell, chance)
    looks = [draw_appearance(count, settings.appearance(), chance) for _ in range(2)]
    pixels = torch.from_numpy(images.batch(shard.take(chosen).tolist())).to(device).float() / 255
    base, crops = shard.take(base), shard.take(crops)
    geometry, pooled = crops.geometry_large(base)
    large = avg_pool2d(geometry.to(device).warp(pixels), pooled)
    small = crops.geometry_small(base).to(device).warp(pixels)
    return CropBatch(*_look(large, small, looks, shard), crops.to(device))


def _look(
    large: Tensor, small: Tensor, looks: list[Appearance], shard: Shard
) -> tuple[Tensor, Tensor]:
    first, second = (shard.take(look) for look in looks)
    return first.apply(large), second.apply(small)
