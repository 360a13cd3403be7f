"""Words for numbers of things."""

from __future__ import annotations


def counted(count: int, thing: str) -> str:
    """Return how many there are of a thing whose plural takes an s: `1 point`, `2 points`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
