"""Words for numbers of things, and how a sentence begins."""

from __future__ import annotations


def counted(count: int, thing: str) -> str:
    """Return how many there are of a thing whose plural takes an s: `1 point`, `2 points`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def begun(text: str) -> str:
    """Return a text as the beginning of a sentence: its first letter large, the others as is."""
    return text[:1].upper() + text[1:]
