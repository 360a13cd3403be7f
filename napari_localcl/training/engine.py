"""The loop's hands: device, precision and processes, by lightning-fabric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from napari_localcl.data.shard import Shard
from napari_localcl.training.devices import (
    Precision,
    Team,
    choose_device,
    choose_precision,
    make_fabric,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_localcl.training.learner import Learner

    Objective = Callable[[str, Any], dict[str, Tensor]]


class Engine:
    """Puts a learner on a device, and keeps the processes that train it together in step.

    Parameters
    ----------
    device : {'auto', 'cpu', 'cuda', 'mps'}
        Where to compute.
    precision : {'32-true', 'bf16-mixed'} or None
        None takes bfloat16 autocast where the device has it in hardware.

    Attributes
    ----------
    shard : Shard
        This process's part of every global batch.
    leads : bool
        Whether this process is the one that decides, writes and speaks.
    """

    def __init__(self, device: str = "auto", precision: Precision | None = None) -> None:
        team = Team.of_environment()
        self.kind = choose_device(device)
        self.precision = choose_precision(self.kind, precision)
        self.shard = Shard(team.rank, team.world)
        self.leads = team.rank == 0
        self._fabric = make_fabric(self.kind, self.precision, team)

    @property
    def device(self) -> torch.device:
        """Where the batches belong."""
        return self._fabric.device

    def place(self, module: nn.Module) -> None:
        """Move a module to the device, its convolutions in the faster memory layout."""
        if self.shard.world > 1 and self.kind == "cuda":
            nn.SyncBatchNorm.convert_sync_batchnorm(module)  # type: ignore[no-untyped-call]
        module.to(self.device)
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def objective(self, learner: Learner) -> Objective:
        """Return the learner's losses under autocast, their gradients averaged over processes."""
        forward = self._fabric.setup_module(_Objective(learner))
        return lambda stage, batch: forward(stage, _Sealed(batch))

    def optimizer(self, groups: list[dict[str, Any]], rate: float) -> torch.optim.Optimizer:
        """Return Adam over parameter groups; `rate` is the learning rate of those without one."""
        adam = torch.optim.Adam(groups, lr=rate, fused=self.kind in ("cpu", "cuda"))
        return self._fabric.setup_optimizers(adam)  # type: ignore[return-value]

    def backward(self, loss: Tensor) -> None:
        """Compute the gradients."""
        self._fabric.backward(loss)

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean of `values` over the processes."""
        if self.shard.world == 1:
            return values
        return self._fabric.all_reduce(values, reduce_op="mean")  # type: ignore[return-value]

    def agree(self, thing: Any) -> Any:
        """Return what the leading process passed, so that all decide alike."""
        return thing if self.shard.world == 1 else self._fabric.broadcast(thing)


class _Sealed:
    """A batch that Fabric and DDP pass on as it is, whatever type the learner chose."""

    def __init__(self, content: Any) -> None:
        self.content = content


class _Objective(nn.Module):
    """The losses as a ``forward``, the one method that autocast and DDP look at."""

    def __init__(self, learner: Learner) -> None:
        super().__init__()
        self.learner = learner

    def forward(self, stage: str, batch: _Sealed) -> dict[str, Tensor]:
        return self.learner.losses(stage, batch.content)


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return an optimiser's state as flat, named tensors: '<parameter>.<quantity>'."""
    state = optimizer.state_dict()["state"]
    return {
        f"{index}.{name}": torch.as_tensor(value)
        for index, entry in state.items()
        for name, value in entry.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put back what `optimizer_tensors` returned, into a fresh optimiser of the same groups."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = _laid_out_as(parameters[int(index)], value)
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _laid_out_as(parameter: Tensor, value: Tensor) -> Tensor:
    # Vectorised loops round differently at their tails, so the memory layout must be the same too.
    if value.shape != parameter.shape:
        return value
    return torch.empty_like(parameter, dtype=value.dtype).copy_(value)
