"""Exact search: how similar the cells of images are to some vectors, and where that peaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from .matching import SIMILARITY_FLOOR
from .pyramid import enlarge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from .pyramid import Pyramid

TEMPERATURE = 0.1
"""Of the choice between a positive and a negative: a lead of as much counts half."""


def cells_of(pyramid: Pyramid, stride: int) -> Tensor:
    """The vectors (N, h, w, D) of a level as they are kept: of any type, `pyramid.length` long.

    Nothing is copied where the images follow each other.
    """
    maps, rows = pyramid.maps[stride], pyramid.rows
    if len(rows) and bool((rows.diff() == 1).all()):
        return maps[int(rows[0]) : int(rows[-1]) + 1]
    return maps.index_select(0, rows)


def similarity(pyramid: Pyramid, wanted: Mapping[int, Tensor], step: int) -> Tensor:
    """Similarity of every cell to some vectors.

    Parameters
    ----------
    pyramid : Pyramid of N images
        Where to look.
    wanted : mapping of int to Tensor (Q, D)
        Stride to the unit vectors to look for.
    step : int
        Stride of the cells; coarser levels say their part in between their own.

    Returns
    -------
    Tensor (N, Q, h, w)
        From 0.01 to 1: the geometric mean of the cosines at the strides from `step` upwards, below
        0.01 taken for 0.01.
    """
    strides = [stride for stride in pyramid.strides if stride >= step]
    size = (pyramid.size[0] // step, pyramid.size[1] // step)
    total = torch.zeros(())
    for stride in strides:
        similar = _cosines(pyramid, stride, wanted[stride])
        similar = similar if stride == step else enlarge(similar, size)
        total = total + similar.clamp_(min=SIMILARITY_FLOOR).log_()
    return (total / len(strides)).exp_().clamp_(max=1)


def _cosines(pyramid: Pyramid, stride: int, wanted: Tensor) -> Tensor:
    """Cosines (N, Q, h, w) of the cells of a level to unit vectors (Q, D)."""
    cells = cells_of(pyramid, stride)
    count, height, width, _ = cells.shape
    query = wanted.float().T / pyramid.length
    found = torch.empty(count, len(wanted), height, width)
    # One image at a time: what it takes as float32 stays in the processor's cache.
    for own, out in zip(cells, found, strict=True):
        out.copy_((own.flatten(0, 1).float() @ query).T.view_as(out))
    return found


def against(similar: Tensor, positive: Tensor) -> Tensor:
    """Combine similarities (N, Q, h, w) to positive and to negative vectors.

    Parameters
    ----------
    similar : Tensor (N, Q, h, w)
        From 0 to 1.
    positive : Tensor (Q,), bool
        False is negative; at least one is True.

    Returns
    -------
    Tensor (N, h, w)
        Similarity to the nearest positive, from 0 to 1; less where a negative is nearly as near,
        and 0 where one is nearer.
    """
    near = similar[:, positive].amax(dim=1)
    if bool(positive.all()):
        return near
    lead = near - similar[:, ~positive].amax(dim=1)
    return near * (lead / (2 * TEMPERATURE)).tanh().clamp(min=0)


def peaks(values: Tensor, count: int, reach: int) -> tuple[Tensor, Tensor]:
    """The highest places of maps (N, h, w), none within `reach` cells of a higher one.

    Returns
    -------
    values : Tensor (N, count)
        Highest first; -inf where there is no further place.
    cells : Tensor (N, count, 2)
        Row and column.
    """
    number, height, width = values.shape
    left = values.clone()
    rows, columns = torch.arange(height), torch.arange(width)
    heights, places = [], []
    for _ in range(count):
        height_here, index = left.view(number, -1).max(dim=1)
        place = torch.stack([index // width, index % width], dim=1)
        heights.append(height_here)
        places.append(place)
        near_row = (rows - place[:, :1]).abs() <= reach
        near_column = (columns - place[:, 1:]).abs() <= reach
        left.masked_fill_(near_row[:, :, None] & near_column[:, None, :], -torch.inf)
    return torch.stack(heights, dim=1), torch.stack(places, dim=1)
