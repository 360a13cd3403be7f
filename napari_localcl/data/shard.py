"""Which part of a batch one of several equal processes works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar


class _Sliceable(Protocol):
    def __len__(self) -> int: ...
    def __getitem__(self, part: slice, /) -> Any: ...


Batch = TypeVar("Batch", bound=_Sliceable)


@dataclass(frozen=True)
class Shard:
    """The part of a batch that belongs to process `rank` of `world` equal processes.

    Parameters
    ----------
    rank : int
        This process, from 0 to `world` - 1.
    world : int
        Number of processes, at least 1.
    """

    rank: int = 0
    world: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.world:
            raise ValueError(f"rank {self.rank} is not one of {self.world} processes")

    def take(self, batch: Batch) -> Batch:
        """Return this process's contiguous part of the first axis.

        Parameters
        ----------
        batch : tensor, array or sequence
            The global batch, the same in every process; its length is a multiple of `world`.

        Returns
        -------
        tensor, array or sequence
            `len(batch) / world` items, of the type that went in.

        Raises
        ------
        ValueError
            If the batch does not divide equally.
        """
        share, rest = divmod(len(batch), self.world)
        if rest:
            raise ValueError(
                f"a batch of {len(batch)} cannot be divided equally among {self.world} processes"
            )
        part: Batch = batch[self.rank * share : (self.rank + 1) * share]
        return part
