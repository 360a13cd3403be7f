"""Networks whose weights follow those of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn


def follow(average: nn.Module, network: nn.Module, kept: float) -> None:
    """Move an average towards a network of the same form.

    Parameters
    ----------
    average, network : nn.Module
        What follows, and what it follows.
    kept : float
        Part of the average that stays, from 0 to 1. Running statistics are averaged like weights;
        counters are copied.
    """
    own, theirs = average.state_dict(), network.state_dict()
    floats = [name for name, value in own.items() if value.dtype.is_floating_point]
    torch._foreach_lerp_([own[n] for n in floats], [theirs[n] for n in floats], 1 - kept)
    for name in own.keys() - set(floats):
        own[name].copy_(theirs[name])
