"""Which labels are kept back from learning, so that what was learned can be measured on them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from napari_localcl.data.labels import FoundLabels

LEAST = 3
"""With fewer labelled images or volumes, all are learned from."""


def choose_held_out(
    known: FoundLabels,
    share: float,
    kept: Collection[str] = (),
    learned: Collection[str] = (),
) -> tuple[str, ...]:
    """Choose labelled images and volumes that are not learned from.

    Chance does not decide, but their names: the same are chosen again as more are labelled.

    Parameters
    ----------
    known : FoundLabels
        All labels.
    share : float
        The part to keep back, of images and volumes; at least one where there are three.
    kept, learned : collection of str
        What the model to compare with kept back, which comes first, and what it learned from,
        which would flatter it.

    Returns
    -------
    tuple of str
        In the order of the labels. Each class is still shown by one that is left, and at least
        half of what is new is.
    """
    items = list(known.files)
    if len(items) < LEAST or not share:
        return ()
    wanted = max(1, round(share * len(items)))
    free = sorted((one for one in items if one not in learned), key=_digest)
    again = [one for one in free if one in kept]
    new = [one for one in free if one not in kept]
    chosen: list[str] = []
    for one in (*again, *new[: len(new) // 2]):
        if len(chosen) < wanted and _shows_all(known, {*chosen, one}):
            chosen.append(one)
    return tuple(one for one in items if one in chosen)


def _shows_all(known: FoundLabels, without: Collection[str]) -> bool:
    left = [
        shown for one, shown in known.shown.items() if one in known.files and one not in without
    ]
    shown = frozenset[int]().union(*left)
    return bool(left) and all(one.value in shown for one in known.classes)


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
