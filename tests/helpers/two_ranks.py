"""A system on two processes, against the same on one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from forking import all_of, start_team
from torch import distributed as dist

from napari_localcl.data.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from torch import nn


def check_two_ranks(
    part: ModuleType, pictures: Path, folder: Path, tolerance: float = 1e-5
) -> None:
    """Assert that the means over two processes are what one process has of the whole batch.

    Parameters
    ----------
    part : module
        Its ``measure(pictures, shard)`` returns, by case, losses, gradients and perhaps what both
        processes are to have alike.
    """
    halves = _measured_by_two(part, pictures, folder)
    for case, (losses, gradients, *common) in part.measure(pictures, Shard()).items():
        for name, value in losses.items():
            mean = sum(half[case][0][name] for half in halves) / 2
            assert mean == pytest.approx(value, rel=1e-4, abs=tolerance), (case, name)
        for name, gradient in gradients.items():
            mean = sum(half[case][1][name] for half in halves) / 2
            assert (mean - gradient).norm() < 1e-3 * gradient.norm() + tolerance, (case, name)
        for name, value in _named(common).items():
            both = [_named(half[case][2:])[name] for half in halves]
            assert all(torch.allclose(one, value, atol=tolerance) for one in both), (case, name)


def gradients_of(method: nn.Module) -> dict[str, torch.Tensor]:
    """Copies of the gradients that there are, by name."""
    known = method.named_parameters()
    return {name: value.grad.clone() for name, value in known if value.grad is not None}


def _measured_by_two(part: ModuleType, pictures: Path, folder: Path) -> list[dict[str, Any]]:
    team = start_team(_write_part, part.measure, pictures, folder)
    said = [all_of(heard) for _, heard in team]
    for process, _ in team:
        process.join()
    assert [process.exitcode for process, _ in team] == [0, 0], said
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


def _write_part(
    _say: object, measure: Callable[[Path, Shard], object], pictures: Path, folder: Path
) -> None:
    """Measure this process's part and write it to ``<folder>/<rank>.pt``."""
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    torch.save(measure(pictures, Shard(rank, dist.get_world_size())), folder / f"{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()


def _named(common: Any) -> dict[str, torch.Tensor]:
    """What both are to have alike, by name: at most one tensor, or tensors by name."""
    (one,) = common or ({},)
    return {"": one} if isinstance(one, torch.Tensor) else one
