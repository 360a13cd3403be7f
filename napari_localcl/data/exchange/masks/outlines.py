"""Masks as outlines along the edges of pixels, and as run lengths, as COCO has them.

In both, `(0, 0)` is the corner of the first pixel, and pixels are counted down the columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Mask = npt.NDArray[np.bool_]

_BITS, _MORE, _SIGN, _FIRST = 5, 0x20, 0x10, 48  # of COCO's short form of run lengths


def run_lengths(mask: Mask) -> list[int]:
    """Return how many pixels follow each other, down the columns: not marked, marked, not, ...

    Parameters
    ----------
    mask : (H, W) bool ndarray
        A mask that begins with a marked pixel has a first length of 0.
    """
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = np.concatenate([[0], changes, [flat.size]])
    lengths: list[int] = np.diff(edges).tolist()
    return [0, *lengths] if flat.size and flat[0] else lengths


def mask_of_runs(lengths: Sequence[int], size: tuple[int, int]) -> Mask:
    """Return the mask of :func:`run_lengths`.

    Raises
    ------
    BadInput
        If the lengths do not add up to the pixels of an image of that size.
    """
    if sum(lengths) != size[0] * size[1] or min(lengths, default=0) < 0:
        raise BadInput(f"run lengths of {sum(lengths)} pixels do not fit {size[0]} x {size[1]}")
    marked = np.arange(len(lengths)) % 2 == 1
    return np.repeat(marked, lengths).reshape(size, order="F")


def runs_of_text(text: str) -> list[int]:
    """Return the run lengths that COCO's short form says: differences to the last but one."""
    lengths: list[int] = []
    value = shift = 0
    for sign in text.encode("ascii"):
        part = sign - _FIRST
        value |= (part & (_MORE - 1)) << shift
        shift += _BITS
        if part & _MORE:
            continue
        if part & _SIGN:
            value -= 1 << shift
        lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
        value = shift = 0
    return lengths


def outlines(mask: Mask) -> list[list[tuple[int, int]]]:
    """Return the outlines of a mask, along the edges of its pixels.

    Parameters
    ----------
    mask : (H, W) bool ndarray
        Parts that touch at a corner alone have outlines of their own.

    Returns
    -------
    list of list of (int, int)
        Corners `(x, y)`, each outline clockwise around what is marked, with y downwards; that of a
        hole goes the other way.
    """
    ways = _ways(mask)
    found = []
    while ways:
        begun = next(iter(ways))
        at, heading, outline = begun, next(iter(ways[begun])), []
        while True:
            heading = _next_heading(ways[at], heading)
            ways[at].remove(heading)
            if not ways[at]:
                del ways[at]
            outline.append((at, heading))
            at = (at[0] + heading[0], at[1] + heading[1])
            if at == begun:
                break
        found.append(_corners(outline))
    return found


def is_hole(outline: Sequence[tuple[int, int]]) -> bool:
    """Tell whether an outline of :func:`outlines` goes around a hole."""
    x, y = np.array(outline, float).T
    return bool((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() < 0)


def mask_of_outlines(polygons: Sequence[Sequence[float]], size: tuple[int, int]) -> Mask:
    """Return the pixels whose centres lie within any of some polygons.

    Parameters
    ----------
    polygons : sequence of sequence of float
        `[x1, y1, x2, y2, ...]` each, as COCO writes them.
    size : (int, int)
        Height and width.
    """
    from skimage.draw import polygon2mask

    mask = np.zeros(size, bool)
    for polygon in polygons:
        corners = np.reshape(polygon, (-1, 2))[:, ::-1]
        mask |= polygon2mask(size, corners - 0.5)  # type: ignore[no-untyped-call]
    return mask


def _ways(mask: Mask) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """From each corner `(x, y)`, the directions in which an edge goes with what is marked right."""
    padded = np.pad(mask, 1)
    ways: dict[tuple[int, int], list[tuple[int, int]]] = {}
    inside = padded[1:-1, 1:-1]
    sides = (
        (~padded[:-2, 1:-1], (0, 0), (1, 0)),
        (~padded[1:-1, 2:], (1, 0), (0, 1)),
        (~padded[2:, 1:-1], (1, 1), (-1, 0)),
        (~padded[1:-1, :-2], (0, 1), (0, -1)),
    )
    for is_edge, (right, down), heading in sides:
        for y, x in np.argwhere(inside & is_edge).tolist():
            ways.setdefault((x + right, y + down), []).append(heading)
    return ways


def _next_heading(ways: Sequence[tuple[int, int]], heading: tuple[int, int]) -> tuple[int, int]:
    """The way on; where two parts touch, the sharper turn to the right, which keeps them apart."""
    right = (-heading[1], heading[0])
    return right if right in ways else heading if heading in ways else ways[0]


def _corners(outline: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> list[tuple[int, int]]:
    """Only the places where the outline turns."""
    before = [heading for _, heading in (outline[-1], *outline[:-1])]
    return [at for (at, heading), last in zip(outline, before, strict=True) if heading != last]
