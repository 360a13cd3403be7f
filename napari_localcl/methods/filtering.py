"""How sharp views are, and how even: filters, each view with a strength of its own.

All take views (B, C, H, W) in [0, 1] and repeat their borders.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, grid_sample, pad

TILES, LEVELS = 8, 256  # along a side, and of grey, as in most implementations of CLAHE


def blurred(views: Tensor, sigma: Tensor) -> Tensor:
    """Smooth each view by a Gaussian of its own standard deviation (B,), in pixels; 0 is none."""
    chosen = sigma > 0
    if not chosen.any():
        return views
    reach = math.ceil(3 * float(sigma.max()))
    away = torch.arange(-reach, reach + 1)
    bell = torch.exp(-((away / sigma[chosen].unsqueeze(1)) ** 2) / 2)
    kernel = (bell / bell.sum(dim=1, keepdim=True)).to(views)  # (chosen, 2 * reach + 1)
    kernel = kernel.repeat_interleave(views.shape[1], dim=0).unsqueeze(1)
    changed = views[chosen.to(views.device)]
    # Every channel of every view is a group of one convolution.
    flat = pad(changed.flatten(0, 1).unsqueeze(0), (reach,) * 4, mode="replicate")
    flat = conv2d(flat, kernel.unsqueeze(3), groups=len(kernel))
    flat = conv2d(flat, kernel.unsqueeze(2), groups=len(kernel))
    return _with(views, chosen, flat.view_as(changed))


def sharpened(views: Tensor, strength: Tensor, lightness: Tensor) -> Tensor:
    """Blend each view with its edges.

    Parameters
    ----------
    views : Tensor (B, C, H, W)
        From 0 to 1, and so is what is returned.
    strength : Tensor (B,)
        Part of the edges, from 0 (the view as it is) to 1.
    lightness : Tensor (B,)
        Part of the view's own grey level in its edges.

    Notes
    -----
    ``(1 - a) x + a (l x + sum over the 8 neighbours n of (x - n))``, as ``Sharpen`` of
    Buslaev et al., "Albumentations: fast and flexible image augmentations", 2020, which ACE uses.
    """
    chosen = strength > 0
    if not chosen.any():
        return views
    changed = views[chosen.to(views.device)]
    part, own = (each[chosen].view(-1, 1, 1, 1).to(views) for each in (strength, lightness))
    around = avg_pool2d(pad(changed, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    changed = changed * (1 - part + part * own) + 9 * part * (changed - around)
    return _with(views, chosen, changed.clamp(0, 1))


def evened(views: Tensor, limit: Tensor) -> Tensor:
    """Even out each view's histogram place by place: CLAHE.

    Parameters
    ----------
    views : Tensor (B, C, H, W)
        From 0 to 1, and so is what is returned; what is evened is the mean of the channels.
    limit : Tensor (B,)
        How often a grey level counts at most, in times the mean level's; 0 leaves the view.

    Notes
    -----
    Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV, 1994.
    """
    chosen = limit > 0
    if not chosen.any():
        return views
    changed = views[chosen.to(views.device)].clamp(0, 1)
    grey = changed.mean(dim=1)
    curves = _curves(grey, limit[chosen].view(-1, 1, 1).to(grey))
    new = _looked_up(curves, grey)
    return _with(views, chosen, (changed + (new - grey).unsqueeze(1)).clamp(0, 1))


def _curves(grey: Tensor, limit: Tensor) -> Tensor:
    """The new level of each level in each tile of views (B, H, W): (B, levels, tiles, tiles)."""
    count, *size = grey.shape
    rows, columns = (torch.arange(n, device=grey.device) * TILES // n for n in size)
    views = torch.arange(count, device=grey.device).view(-1, 1, 1)
    tile = (views * TILES + rows.unsqueeze(1)) * TILES + columns
    level = (grey * (LEVELS - 1)).round().long()
    seen = torch.bincount((tile * LEVELS + level).flatten(), minlength=count * TILES**2 * LEVELS)
    seen = seen.view(count, TILES**2, LEVELS).to(grey)
    area = seen.sum(dim=2, keepdim=True)
    most = (limit * area / LEVELS).clamp(min=1)
    # What is cut off is shared among all levels.
    seen = seen.minimum(most) + (seen - most).clamp(min=0).sum(dim=2, keepdim=True) / LEVELS
    return (seen.cumsum(dim=2) / area).mT.reshape(count, LEVELS, TILES, TILES)


def _looked_up(curves: Tensor, grey: Tensor) -> Tensor:
    """Read the curves between the centres of the nearest tiles, at the level of each pixel."""
    rows, columns = (
        ((torch.arange(n, device=grey.device) + 0.5) * 2 / n - 1).to(grey) for n in grey.shape[1:]
    )
    levels = (grey * (LEVELS - 1) + 0.5) * 2 / LEVELS - 1
    places = [columns.expand_as(grey), rows.unsqueeze(1).expand_as(grey), levels]
    grid = torch.stack(places, dim=-1).unsqueeze(1)
    read = grid_sample(curves.unsqueeze(1), grid, padding_mode="border", align_corners=False)
    return read[:, 0, 0]


def _with(views: Tensor, chosen: Tensor, changed: Tensor) -> Tensor:
    return views.index_copy(0, chosen.nonzero().squeeze(1).to(views.device), changed)
