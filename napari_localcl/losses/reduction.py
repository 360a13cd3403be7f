"""Sums and means over the processes that share a batch, exact under DDP."""

from __future__ import annotations

import torch
from torch import Tensor
from torch import distributed as dist
from torch.distributed.nn.functional import all_reduce


def processes() -> int:
    """How many processes share the batch."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is."""
    return dist.get_rank() if processes() > 1 else 0


def gather_rows(rows: Tensor) -> Tensor:
    """All processes' rows (n, ...) -> (processes * n, ...), without gradient."""
    if processes() == 1:
        return rows.detach()
    parts = [torch.empty_like(rows) for _ in range(processes())]
    dist.all_gather(parts, rows.detach().contiguous())
    return torch.cat(parts)


def shared_mean(rows: Tensor) -> Tensor:
    """Mean over the first axis and all processes; the gradient flows to every process."""
    mean = rows.mean(dim=0)
    if processes() == 1:
        return mean
    total: Tensor = all_reduce(mean)  # type: ignore[no-untyped-call]
    return total / processes()


def shared_sum(values: Tensor) -> Tensor:
    """Sum over all processes, without gradient."""
    total = values.detach().clone()
    if processes() > 1:
        dist.all_reduce(total)
    return total


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Return a process's part of the weighted mean over all: the parts' mean is the whole.

    0 where all weights are 0.
    """
    total = weights.sum()
    if processes() > 1:
        total = total.clone()
        dist.all_reduce(total)
        total = total / processes()
    # A value without weight may be infinite, and infinity times zero is no number.
    values = values.masked_fill(weights <= 0, 0)
    return (values * weights).sum() / total.clamp(min=1e-6)
