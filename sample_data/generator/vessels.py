"""The vessels of a retina: four arcades that leave the disc, branching and tapering.

Units are disc diameters; the disc is at (0, 0), up is superior, left is temporal (a right eye).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.interpolate import CubicSpline

from .arrays import Floats, turn

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP = 0.05
FINEST = 0.008

# way points (y, x) of the trunks of a right eye; the fovea is near (0.3, -2.5)
TEMPORAL = (
    (0.0, 0.08),
    (-0.45, 0.05),
    (-1.15, -0.35),
    (-1.75, -1.3),
    (-1.95, -2.6),
    (-1.6, -4.0),
    (-1.0, -5.6),
)
NASAL = ((0.0, 0.1), (-0.3, 0.3), (-0.8, 1.0), (-1.25, 2.2), (-1.6, 3.6), (-1.8, 5.2))


@dataclass(frozen=True)
class Vessel:
    """One stretch between branchings.

    Attributes
    ----------
    points
        Its middle line (y, x), (N, 2).
    radii
        Half its width at each point, (N,).
    artery
        Whether it carries bright blood.
    """

    points: Floats
    radii: Floats
    artery: bool


def draw_vessels(fovea: Floats, chance: np.random.Generator) -> list[Vessel]:
    """Draw one eye's tree around its `fovea` (y, x)."""
    wriggle = chance.uniform(0.6, 1.6)
    found: list[Vessel] = []
    for artery, route, up in product((False, True), (TEMPORAL, NASAL), (1.0, -1.0)):
        way = _route(np.array(route) * [up, 1.0], fovea, chance)
        trunk = _trunk(way, artery, 1.0 if route is TEMPORAL else 0.72, wriggle, chance)
        found += [trunk, *_branches(trunk, fovea, wriggle, 0, chance)]
    return found


def _route(way: Floats, fovea: Floats, chance: np.random.Generator) -> Floats:
    """One eye's own way (K, 2): arcades lie symmetrically about the line from disc to fovea."""
    away = np.linalg.norm(way, axis=1, keepdims=True)
    way = way + chance.normal(0, 0.05, way.shape) * away
    if way[-1, 1] < 0:
        way = way * chance.uniform(0.84, 1.12)
        way[:, 0] += fovea[0] * np.clip(-way[:, 1] / 2.5, 0, 1)
    return way


def _trunk(
    way: Floats, artery: bool, width: float, wriggle: float, chance: np.random.Generator
) -> Vessel:
    """An arcade from the disc to the rim; arteries are thinner and run beside their vein."""
    if artery:
        away = np.linalg.norm(way[1:], axis=1, keepdims=True)
        way[1:] += chance.choice([-1, 1]) * np.array([0.09, 0.13]) * (0.5 + 0.45 * away)
    else:
        way[0] += np.array([0.05 * np.sign(way[-1, 0]), -0.05])
    radius = (0.04 if artery else 0.056) * width * chance.uniform(0.88, 1.12)
    points = _wriggled(_spline(way), wriggle, chance)
    return Vessel(points, radius * np.linspace(1, 0.35, len(points)), artery)


def _spline(way: Floats) -> Floats:
    """Points every STEP along a smooth line through `way` (K, 2)."""
    pace = np.r_[0, np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))]
    line = CubicSpline(pace, way)
    return np.asarray(line(np.arange(0, pace[-1], STEP)))


def _wriggled(points: Floats, wriggle: float, chance: np.random.Generator) -> Floats:
    """Tortuosity: shift the points smoothly, not at the start."""
    start = np.clip(np.arange(len(points)) * STEP / 0.8, 0, 1)[:, None]
    shift = np.zeros_like(points)
    for length, size in ((0.9, 0.035), (0.3, 0.012)):
        noise = chance.standard_normal(points.shape)
        smooth = ndimage.gaussian_filter1d(noise, length / STEP / 2.5, axis=0, mode="nearest")
        shift += size * wriggle * smooth * np.sqrt(length / STEP)
    return np.asarray(points + start * shift * 0.8)


def _branches(
    parent: Vessel, fovea: Floats, wriggle: float, depth: int, chance: np.random.Generator
) -> Iterator[Vessel]:
    """Side branches, alternating, thinner than their parent; and their own branches."""
    side = chance.choice([-1.0, 1.0])
    spacing = (0.42, 0.4, 0.42)[depth]
    place = chance.uniform(0.5, 1.0) * (1.1 if depth == 0 else 0.5)
    while place < (len(parent.points) - 3) * STEP:
        at = int(place / STEP)
        radius = parent.radii[at] * chance.uniform(0.42, 0.72)
        if radius > FINEST:
            child = _grown(parent, at, side, radius, fovea, wriggle, chance)
            yield child
            if depth < 2 and len(child.points) > 8:
                yield from _branches(child, fovea, wriggle, depth + 1, chance)
        side = -side if chance.random() < 0.75 else side
        place += spacing * chance.uniform(0.5, 1.6)


def _grown(
    parent: Vessel,
    at: int,
    side: float,
    radius: float,
    fovea: Floats,
    wriggle: float,
    chance: np.random.Generator,
) -> Vessel:
    """Grow one branch step by step; it runs outwards, or towards the fovea without reaching it."""
    here = parent.points[at]
    way = parent.points[at + 1] - parent.points[at - 1]
    way = turn(way / np.linalg.norm(way), side * chance.uniform(25, 60))
    length = int(chance.uniform(18, 34) * (radius / 0.02) ** 0.6)
    points, bend = [here], 0.0
    for _ in range(length):
        bend = 0.9 * bend + chance.normal(0, 1.4 * wriggle)
        way = turn(_steered(way, here, fovea), bend)
        here = here + STEP * way
        if np.linalg.norm(here - fovea) < 0.42 or np.linalg.norm(here) < 0.6:
            break
        points.append(here)
    return Vessel(
        np.array(points), np.linspace(radius, max(0.3 * radius, 0.006), len(points)), parent.artery
    )


def _steered(way: Floats, here: Floats, fovea: Floats) -> Floats:
    """Turn a little: inside the arcades to the fovea, elsewhere away from the disc."""
    inward = fovea - here
    reach = np.linalg.norm(inward)
    inside = reach < 2.0 and here[1] < -0.3
    goal = inward / reach if inside else here / (np.linalg.norm(here) + 1e-6)
    strength = 0.035 if inside else 0.02
    turned = way + strength * goal
    return np.asarray(turned / np.linalg.norm(turned))
