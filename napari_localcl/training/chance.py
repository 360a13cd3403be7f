"""Seeds that depend on nothing but the run's seed and a position in it."""

from __future__ import annotations

import hashlib

import torch


def mix(*numbers: int) -> int:
    """Return a seed in [0, 2**63): the same everywhere, unrelated for neighbouring numbers."""
    digest = hashlib.blake2b(repr(numbers).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def reseed(chance: torch.Generator, *position: int) -> None:
    """Seed `chance` and torch's own generators for a position, so that resuming needs only that."""
    seed = mix(*position)
    chance.manual_seed(seed)
    torch.manual_seed(seed)
