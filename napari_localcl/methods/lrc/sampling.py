"""What LRC looks at: two views of images, and pixels of regions that both views show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_localcl.methods.two_views import draw_two_views
from napari_localcl.methods.views import inside
from napari_localcl.models.sampling import cell_centres

if TYPE_CHECKING:
    from napari_localcl.data.shard import Shard
    from napari_localcl.data.superpixels import Superpixels
    from napari_localcl.methods.views import Geometry

    from .settings import LocalSettings


@dataclass(frozen=True)
class RegionBatch:
    """Two views of b images, and where their regions were sampled.

    Attributes
    ----------
    views : Tensor (2 b, C, H, W)
        First views, then second views.
    points : Tensor (2 b, R, K, 2)
        K places in each of R regions of a view, (y, x) in its pixels.
    present : Tensor (b, R), bool
        Which of those regions there are; both views show them.
    """

    views: Tensor
    points: Tensor
    present: Tensor


def draw_regions(
    superpixels: Superpixels,
    pool: Tensor,
    settings: LocalSettings,
    chance: torch.Generator,
    shard: Shard,
    device: torch.device,
    mirror: bool = False,
) -> RegionBatch:
    """Draw a batch from the images of the pool (n,); views may be mirrored where `mirror` says."""
    drawn = torch.randint(len(pool), (settings.images,), generator=chance)
    chosen = pool[drawn]
    images = superpixels.images
    views = draw_two_views(images, chosen, settings.views, chance, shard, device, mirror)
    maps = torch.from_numpy(superpixels.batch(chosen.tolist())).long()
    centres = cell_centres(views.geometry[0].size, settings.grid)
    seen = torch.stack([regions_at(maps, geometry, centres) for geometry in views.geometry])
    regions, present = choose_regions(seen, settings.regions, settings.least, chance)
    cells = [sample_cells(view, regions, present, settings.pixels, chance) for view in seen]
    return RegionBatch(
        views=views.pixels,
        points=torch.cat([shard.take(centres[places]) for places in cells]).to(device),
        present=shard.take(present).to(device),
    )


def regions_at(maps: Tensor, geometry: Geometry, points: Tensor) -> Tensor:
    """Which regions of images lie at points of views.

    Parameters
    ----------
    maps : Tensor (B, h, w), int
        Regions of the images, at any size; 0 is none.
    geometry : Geometry
        Of the views.
    points : Tensor (N, 2)
        Pixels of every view.

    Returns
    -------
    Tensor (B, N), int
        The region of the nearest pixel; 0 beyond the image.
    """
    places = geometry.to_image(points.expand(len(maps), -1, -1))
    size = torch.tensor(maps.shape[1:])
    pixel = ((places + 0.5) * size / torch.tensor(geometry.image)).floor().long()
    pixel = torch.minimum(pixel.clamp(min=0), size - 1)
    found = maps.flatten(1).gather(1, pixel[..., 0] * maps.shape[2] + pixel[..., 1])
    return found * inside(places, geometry.image)


def choose_regions(
    seen: Tensor, count: int, least: int, chance: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Choose regions that both views show.

    Parameters
    ----------
    seen : Tensor (2, B, N), int
        The regions at N places of both views; 0 is none.
    count, least : int
        Regions per image, at most; places of each view that a region covers, at least.
    chance : torch.Generator
        What to draw with.

    Returns
    -------
    Tensor (B, count), Tensor (B, count)
        Numbers of regions, and which of them are there.
    """
    # One more number than there are regions, and as many as are asked for.
    numbers = max(int(seen.max()), count) + 1
    shape = (*seen.shape[:2], numbers)
    areas = torch.zeros(shape, dtype=torch.long).scatter_add_(2, seen, torch.ones_like(seen))
    shown = (areas >= least).all(dim=0)
    shown[:, 0] = False
    order = torch.rand(shown.shape, generator=chance).masked_fill(~shown, -1)
    score, chosen = order.topk(count, dim=1)
    return chosen, score >= 0


def sample_cells(
    seen: Tensor, regions: Tensor, present: Tensor, count: int, chance: torch.Generator
) -> Tensor:
    """Sample places (B, R, count) of each region with replacement, from one view's (B, N)."""
    own = seen.unsqueeze(1) == regions.unsqueeze(2)  # (B, R, N)
    weights = (own | ~present.unsqueeze(2)).flatten(0, 1).float()
    cells = torch.multinomial(weights, count, replacement=True, generator=chance)
    return cells.view(*regions.shape, count)
