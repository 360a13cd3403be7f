"""Words for numbers of things, and how a sentence begins."""

from __future__ import annotations


def counted(count: int, thing: str, things: str = "") -> str:
    """Return how many there are of a thing: `1 point`, `2 points`; `things` if not by an s."""
    return f"{count} {thing}" if count == 1 else f"{count} {things or f'{thing}s'}"


def begun(text: str) -> str:
    """Return a text as the beginning of a sentence: its first letter large, the others as is."""
    return text[:1].upper() + text[1:]
