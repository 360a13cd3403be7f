"""Choosing among the candidates of several points together, so that they lie as in the template.

One point alone may look like another: the joint of the next finger, an exudate like an optic disc.
Where the other points of the same template were found tells which candidate is meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .alignment import fit_smooth_map

if TYPE_CHECKING:
    from collections.abc import Callable

TURNS = 3
LEAST_FOR_MAP = 8  # points from which an affine map is fitted, rather than a shift


def agreement(
    template: Tensor, places: Tensor, values: Tensor, size: tuple[int, int], width: float
) -> Tensor:
    """Log prior (B, L, K) of the candidates, from where the other points' best candidates lie.

    Parameters
    ----------
    template : Tensor (L, 2)
        Where the points lie in the template, (y, x) in canvas pixels; NaN where not annotated.
    places : Tensor (B, L, K, 2)
        The candidates.
    values : Tensor (B, L, K)
        Their log similarities.
    size : tuple of int
        Canvas height and width.
    width : float
        Of the prior, pixels; it is heavy-tailed.
    """
    prior = torch.zeros_like(values)
    known = template.isfinite().all(dim=1)
    if known.sum() < 2:
        return prior
    expected: Callable[..., Tensor] = _mapped if known.sum() >= LEAST_FOR_MAP else _shifted
    own, candidates = template[known], places[:, known]
    for _ in range(TURNS):
        best = (values + prior)[:, known].argmax(dim=2)
        index = best[:, :, None, None].expand(-1, -1, 1, 2)
        chosen = candidates.gather(2, index).squeeze(2)  # (B, L', 2)
        trust = values[:, known].gather(2, best.unsqueeze(2)).squeeze(2).exp()
        there = expected(own, chosen, trust, size)
        distance = (candidates - there.unsqueeze(2)).square().sum(dim=3)
        prior[:, known] = -torch.log1p(distance / (2 * width**2))
    return prior


def _shifted(template: Tensor, chosen: Tensor, trust: Tensor, size: tuple[int, int]) -> Tensor:
    """Where the mean shift of all others puts each point, (B, L, 2)."""
    shift = (chosen - template) * trust.unsqueeze(2)
    others = shift.sum(dim=1, keepdim=True) - shift
    weight = trust.sum(dim=1, keepdim=True) - trust
    return template + others / weight.clamp(min=1e-6).unsqueeze(2)


def _mapped(template: Tensor, chosen: Tensor, trust: Tensor, size: tuple[int, int]) -> Tensor:
    """Where a robust affine map of all points puts each, (B, L, 2)."""
    sources = template.expand_as(chosen)
    return fit_smooth_map(sources, chosen, trust, size, reach=1.0).straight(sources)
