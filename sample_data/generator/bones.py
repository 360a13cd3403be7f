"""Bones as solids with a dense shell and a spongy core, and how much of each a ray crosses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Floats, turn


@dataclass(frozen=True)
class Profile:
    """The silhouette of a kind of long bone, proximal end first.

    Attributes
    ----------
    places
        Where widths are given, as fractions of the length, rising from 0 to 1.
    left, right
        Half-widths there, in millimetres, on either side of the axis.
    base_square, head_square
        How blunt the ends are: 2 is round, 4 nearly square.
    hollow
        How deep the base is hollowed, in millimetres.
    notch
        How deep the groove between the two condyles of the head is, in millimetres.
    tilt
        Slope of the head: millimetres of length per millimetre to the right.
    """

    places: tuple[float, ...]
    left: tuple[float, ...]
    right: tuple[float, ...]
    base_square: float = 3.0
    head_square: float = 2.2
    hollow: float = 0.0
    notch: float = 0.0
    tilt: float = 0.0


@dataclass(frozen=True)
class LongBone:
    """A long bone between two points (y, x) in millimetres.

    Attributes
    ----------
    base, head
        The tips of its proximal and distal end, (2,).
    profile
        Its silhouette.
    width
        Factor on the half-widths of the profile.
    cortex
        Thickness of the shell at mid-shaft, in millimetres.
    bow
        How far the shaft bends to the right, in millimetres.
    depth
        Thickness along the ray relative to the width.
    """

    base: Floats
    head: Floats
    profile: Profile
    width: float = 1.0
    cortex: float = 1.5
    bow: float = 0.0
    depth: float = 0.9

    def ends(self) -> Floats:
        """The bone's ends, (2, 2)."""
        return np.stack([self.base, self.head])

    def crossed(self, points: Floats) -> tuple[Floats, Floats]:
        """Millimetres of compact and of spongy bone under `points` (..., 2)."""
        axis = self.head - self.base
        length = float(np.hypot(*axis))
        along = (points - self.base) @ (axis / length)
        aside = (points - self.base) @ (np.array([axis[1], -axis[0]]) / length)
        aside = aside - self.bow * np.clip(4 * along / length * (1 - along / length), 0, 1)
        along = self._straightened(along, aside, length)
        shell = self.cortex * (0.3 + 0.7 * np.clip(1 - np.abs(2 * along / length - 1) ** 3, 0, 1))
        whole = self._chord(along, aside, length, np.zeros_like(shell))
        core = self._chord(along, aside, length, shell)
        struts = 0.25 + 0.75 * np.clip(np.abs(2 * along / length - 1), 0, 1) ** 1.5
        return whole - core, struts * core

    def _straightened(self, along: Floats, aside: Floats, length: float) -> Floats:
        """Bend the ends back to planes, so that the caps need not know hollows and notches."""
        shape, middle = self.profile, along / length
        spread = aside / (self.width * max(shape.left[0], shape.right[0]))
        hollow = shape.hollow * (1 - np.clip(spread**2, 0, 1)) * np.clip(1 - 3 * middle, 0, 1)
        groove = np.exp(-((aside / (0.35 * self.width * shape.right[-1])) ** 2))
        head = np.clip(3 * middle - 2, 0, 1)
        return np.asarray(along - hollow + (shape.notch * groove - shape.tilt * aside) * head)

    def _chord(self, along: Floats, aside: Floats, length: float, shell: Floats) -> Floats:
        shape, place = self.profile, along / length
        left = self.width * np.interp(place, shape.places, shape.left)
        right = self.width * np.interp(place, shape.places, shape.right)
        half = (left + right) / 2
        base = _cap(along - shell, 0.8 * half, shape.base_square)
        head = _cap(length - along - shell, 0.8 * half, shape.head_square)
        half_inside = np.maximum(half - shell, 0) * base * head
        return (
            2
            * self.depth
            * np.sqrt(np.maximum(half_inside**2 - (aside - (right - left) / 2) ** 2, 0))
        )


@dataclass(frozen=True)
class RoundBone:
    """A short bone: a rounded, slightly angular lump.

    Attributes
    ----------
    centre
        (y, x) in millimetres.
    radii
        Half-axes (along its own axis, across), in millimetres.
    degrees
        Turn of its own axis, clockwise from up.
    lumps
        Relative swelling of the outline by 2, 3 and 4 waves: amplitudes and phases, (3, 2).
    cortex
        Thickness of the shell, in millimetres.
    """

    centre: Floats
    radii: tuple[float, float]
    degrees: float
    lumps: Floats
    cortex: float = 0.7

    def ends(self) -> Floats:
        """The bone's middle, (1, 2)."""
        return self.centre[None]

    def crossed(self, points: Floats) -> tuple[Floats, Floats]:
        """Millimetres of compact and of spongy bone under `points` (..., 2)."""
        local = turn(points - self.centre, -self.degrees) / np.array(self.radii)
        angle = np.arctan2(local[..., 0], local[..., 1])
        edge = 1.0 + sum(a * np.cos(n * angle + p) for n, (a, p) in enumerate(self.lumps, 2))
        ratio = (np.abs(local) ** 2.5).sum(axis=-1) ** 0.4 / edge
        thick = min(self.radii)
        core = 1 - self.cortex / thick
        whole = 1.8 * thick * np.sqrt(np.maximum(1 - ratio**3, 0))
        spongy = 1.8 * thick * core * np.sqrt(np.maximum(1 - (ratio / core) ** 3, 0))
        return whole - spongy, spongy


def _cap(inside: Floats, length: Floats, square: float) -> Floats:
    """Rounding of an end: 0 outside, 1 from `length` inside on, blunter for larger `square`."""
    rest = 1 - np.clip(inside / length, 0, 1)
    return np.asarray((1 - rest**square) ** (1 / square))
