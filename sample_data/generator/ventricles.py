"""The two ventricles of a heart, cut across at the height of the papillary muscles.

Units are millimetres. The middle of the left ventricle is (0, 0), up is anterior, and the right
ventricle lies on the left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Floats, heading, turn
from .ovals import Oval


@dataclass(frozen=True)
class Ventricles:
    """What is cut of a heart.

    Attributes
    ----------
    cavity, wall
        The inner and the outer outline of the left ventricle.
    right
        The outline of the right ventricle, as far as it is not the left one's.
    papillary
        The muscles within the left cavity.
    """

    cavity: Oval
    wall: Oval
    right: Oval
    papillary: tuple[Oval, ...]

    @classmethod
    def draw(cls, chance: np.random.Generator) -> Ventricles:
        """Draw one heart: any phase of the beat, with thin, ordinary or thick walls."""
        inner = chance.uniform(14, 27)
        thick = (9.5 + 0.28 * (21 - inner)) * chance.uniform(0.8, 1.25)
        oval, turned = chance.uniform(0.9, 1.0), chance.uniform(0, 180)
        wall = Oval(np.zeros(2), (inner + thick, oval * (inner + thick)), turned)
        aside = chance.normal(0, 0.09 * thick, 2)
        cavity = Oval(aside, (inner, oval * inner * chance.uniform(0.93, 1.05)), turned)
        return cls(cavity, wall, _right(inner + thick, chance), _papillary(cavity, chance))

    def labels(self, points: Floats) -> Floats:
        """Which ventricle `points` (..., 2) belong to: 1 right, 2 wall, 3 left, 0 none."""
        left = np.where(self.cavity.ratio(points) <= 1, 3, 2)
        right = (self.right.ratio(points) <= 1).astype(int)
        return np.asarray(np.where(self.wall.ratio(points) <= 1, left, right), float)

    def insertions(self) -> dict[str, Floats]:
        """Where the right ventricle's wall joins the left one, in front and behind."""
        degrees = np.arange(-270, 90, 0.05)
        rim = np.stack([heading(d) for d in degrees])
        rim = rim / self.wall.ratio(rim)[:, None]
        joined = np.flatnonzero(self.right.ratio(rim) <= 1)
        return {
            "anterior_insertion": rim[joined[-1]],
            "inferior_insertion": rim[joined[0]],
        }


def _right(reach: float, chance: np.random.Generator) -> Oval:
    """An oval behind the left ventricle, of which a crescent is seen."""
    tall = reach * chance.uniform(0.9, 1.12)
    wide = reach * chance.uniform(0.7, 0.95)
    centre = np.array([chance.normal(-0.08, 0.06), -chance.uniform(0.62, 0.82)]) * reach
    return Oval(centre, (tall, wide), chance.uniform(5, 30))


def _papillary(cavity: Oval, chance: np.random.Generator) -> tuple[Oval, ...]:
    """Two muscles that stand before the wall, at four and at eight o'clock."""
    inner = min(cavity.radii)
    muscles = []
    for degrees in (chance.normal(65, 12), chance.normal(175, 14)):
        size = inner * chance.uniform(0.14, 0.22)
        centre = cavity.centre + inner * chance.uniform(0.6, 0.8) * heading(degrees)
        muscles.append(Oval(centre, (size * chance.uniform(1, 1.5), size), degrees))
    return tuple(muscles)


def turned(ventricles: Ventricles, degrees: float) -> Ventricles:
    """The same heart, turned about the middle of its left ventricle."""

    def move(oval: Oval) -> Oval:
        return Oval(turn(oval.centre, degrees), oval.radii, oval.degrees + degrees)

    return Ventricles(
        move(ventricles.cavity),
        move(ventricles.wall),
        move(ventricles.right),
        tuple(map(move, ventricles.papillary)),
    )
