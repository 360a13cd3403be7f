"""Where and how precisely to compute."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightning_fabric import Fabric

Precision = Literal["32-true", "bf16-mixed"]
CHOICES = ("auto", "cpu", "cuda", "mps")


def choose_device(choice: str = "auto") -> str:
    """Return 'cpu', 'cuda' or 'mps' for a choice.

    Parameters
    ----------
    choice : {'auto', 'cpu', 'cuda', 'mps'}
        'auto' takes CUDA where there is one, then MPS, then the CPU.

    Raises
    ------
    BadInput
        If the choice is unknown, or the machine has no such device.
    """
    if choice not in CHOICES:
        raise BadInput(f"device '{choice}' is unknown: choose one of {', '.join(CHOICES)}")
    present = present_devices()
    if choice == "auto":
        return present[0]
    if choice not in present:
        raise BadInput(
            f"device '{choice}' was asked for, but neither machine nor PyTorch build has it: "
            f"use --device {present[0]} or --device auto"
        )
    return choice


def present_devices() -> list[str]:
    """Return the devices that this machine has, the fastest first."""
    import torch

    present = ["cuda"] if torch.cuda.is_available() else []
    present += ["mps"] if torch.backends.mps.is_available() else []
    return [*present, "cpu"]


def describe_device(device: str) -> str:
    """Return what the device is called, or how many cores it has; '' where nobody knows."""
    import torch

    if device == "cuda":
        facts = torch.cuda.get_device_properties(0)
        return f"{facts.name}, {facts.total_memory / 2**30:.0f} GiB"
    return f"{os.cpu_count()} cores" if device == "cpu" else ""


def has_bf16(device: str) -> bool:
    """Whether the device multiplies bfloat16 matrices in hardware, so that autocast pays."""
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device == "cpu":
        able = torch.cpu.get_capabilities()
        return bool(able.get("amx_bf16") or able.get("avx512_bf16"))
    return False


def choose_precision(device: str, precision: Precision | None = None) -> Precision:
    """Return the precision to train in: the one asked for, or bfloat16 autocast where it pays."""
    return precision or ("bf16-mixed" if has_bf16(device) else "32-true")


@dataclass(frozen=True)
class Team:
    """The processes that train together, as ``torchrun`` announces them.

    Attributes
    ----------
    rank, world : int
        This process among all of them.
    local : int
        How many of them are on this machine.
    """

    rank: int = 0
    world: int = 1
    local: int = 1

    @classmethod
    def of_environment(cls) -> Team:
        """Read the variables that ``torchrun`` sets; without them, one process trains alone."""
        world = int(os.environ.get("WORLD_SIZE", "1"))
        if world == 1:
            return cls()
        rank = int(os.environ["RANK"])
        return cls(rank, world, int(os.environ.get("LOCAL_WORLD_SIZE", world)))


def leads() -> bool:
    """Whether this process is the one of those training together that writes and speaks."""
    return Team.of_environment().rank == 0


def make_fabric(device: str, precision: Precision, team: Team) -> Fabric:
    """Return a launched Fabric for the device, with DDP where several processes train together."""
    from lightning_fabric import Fabric

    options: dict[str, Any] = {"devices": 1}
    if team.world > 1:
        options = {
            "devices": team.local,
            "num_nodes": team.world // team.local,
            "strategy": _ddp(device),
        }
    with _quiet():
        fabric = Fabric(accelerator=device, precision=precision, **options)
        fabric.launch()
    return fabric


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Fabric from telling, past every reporter, what the loop says in its first event."""
    logger = logging.getLogger("lightning_fabric")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _ddp(device: str) -> object:
    from lightning_fabric.strategies.ddp import DDPStrategy

    # A stage leaves the heads of other stages unused, which DDP must be told to look for. Buffers
    # (running statistics, teachers) are made alike at every stage's start; that is often enough.
    backend = "nccl" if device == "cuda" else "gloo"
    return DDPStrategy(
        process_group_backend=backend, find_unused_parameters=True, broadcast_buffers=False
    )
