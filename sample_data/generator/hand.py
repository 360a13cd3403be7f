"""One subject's left hand: bones, flesh and landmarks, each departing from ordinary anatomy.

Millimetres; the origin is the middle of the wrist, fingers point up, the thumb is on the right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .anatomy import (
    CARPALS,
    DISTAL,
    FINGERS,
    FLESH,
    METACARPAL,
    MIDDLE,
    PROXIMAL,
    RADIUS,
    RAYS,
    STYLOID,
    ULNA,
)
from .arrays import Floats, heading
from .bones import LongBone, Profile, RoundBone

if TYPE_CHECKING:
    from collections.abc import Sequence

Bone = LongBone | RoundBone


@dataclass(frozen=True)
class Capsule:
    """A piece of soft tissue: a tapering sausage between two points, millimetres."""

    start: Floats
    end: Floats
    radii: tuple[float, float]
    flat: float = 1.0

    def crossed(self, points: Floats) -> Floats:
        """Millimetres of tissue under `points` (..., 2)."""
        axis = self.end - self.start
        place = np.clip((points - self.start) @ axis / (axis @ axis), 0, 1)
        away = points - self.start - place[..., None] * axis
        radius = self.radii[0] + (self.radii[1] - self.radii[0]) * place
        chord = np.sqrt(np.maximum(radius**2 - (away**2).sum(axis=-1), 0))
        return np.asarray(2 * self.flat * chord)


@dataclass(frozen=True)
class Hand:
    """One subject. Bones of one group are grown together, so a ray crosses the thickest only."""

    bones: tuple[tuple[Bone, ...], ...]
    flesh: tuple[Capsule, ...]
    landmarks: dict[str, Floats]


@dataclass(frozen=True)
class Build:
    """What differs between subjects beside size and pose."""

    slender: float
    cortex: float
    spread: float
    plump: float
    gap: float

    @classmethod
    def draw(cls, chance: np.random.Generator) -> Build:
        """Draw one subject's build."""
        return cls(
            slender=chance.uniform(0.86, 1.14),
            cortex=chance.uniform(0.7, 1.3),
            spread=chance.uniform(-0.35, 1.3),
            plump=chance.uniform(0.88, 1.2),
            gap=chance.uniform(1.0, 2.1),
        )


def draw_hand(chance: np.random.Generator) -> Hand:
    """Draw one subject's hand."""
    build = Build.draw(chance)
    rays = [_ray(finger, build, chance) for finger in FINGERS]
    wrist = _wrist(build, chance)
    parts = [*rays, wrist, _forearm(build, chance)]
    return Hand(
        tuple(group for part in parts for group in part.bones),
        tuple(piece for part in parts for piece in part.flesh),
        {name: point for part in parts for name, point in part.landmarks.items()},
    )


def _ray(finger: str, build: Build, chance: np.random.Generator) -> Hand:
    """Metacarpal and phalanges of one finger, chained joint by joint."""
    start, direction, turns, lengths = RAYS[finger]
    joint = np.array(start) + chance.normal(0, 0.5, 2)
    angle = direction + chance.normal(0, 1.2) + 0.12 * build.spread * direction
    angles = angle + np.cumsum([0.0, *_turns(finger, direction, turns, build, chance)])
    grown = np.array(lengths) * chance.normal(1, 0.045) * chance.normal(1, 0.025, len(lengths))
    bones, joints = [], [joint]
    for profile, way, length in zip(_profiles(finger), angles, grown, strict=True):
        step = heading(float(way))
        bones.append(_phalanx(joint, step, length, profile, finger, build, chance))
        joint = joint + step * (length + build.gap)
        joints.append(joint)
    return Hand(
        (*((bone,) for bone in bones), *_sesamoids(finger, joints[1], chance)),
        _finger_flesh(joints, finger, build),
        _finger_landmarks(finger, [*joints[1:-1], bones[-1].head]),
    )


def _turns(
    finger: str, direction: float, turns: Sequence[float], build: Build, chance: np.random.Generator
) -> list[float]:
    """Turn at each joint: most freedom at the knuckle, where spread fingers part."""
    knuckle = turns[0] + build.spread * 0.3 * direction * (finger != "thumb")
    wobble = [chance.normal(0, 2.5), *chance.normal(0, 2.0, len(turns) - 1)]
    return [t + w for t, w in zip([knuckle, *turns[1:]], wobble, strict=True)]


def _profiles(finger: str) -> tuple[Profile, ...]:
    middle = () if finger == "thumb" else (MIDDLE,)
    return (METACARPAL, PROXIMAL, *middle, DISTAL)


def _phalanx(
    joint: Floats,
    step: Floats,
    length: float,
    profile: Profile,
    finger: str,
    build: Build,
    chance: np.random.Generator,
) -> LongBone:
    width = build.slender * chance.normal(1, 0.03)
    width *= {"thumb": 1.12, "little": 0.86, "ring": 0.95}.get(finger, 1.0)
    return LongBone(
        base=joint + step * build.gap / 2,
        head=joint + step * (length + build.gap / 2),
        profile=profile,
        width=width,
        cortex=1.6 * build.cortex * length**0.5 / 6,
        bow=chance.normal(0, 0.4),
    )


def _sesamoids(finger: str, knuckle: Floats, chance: np.random.Generator) -> list[tuple[Bone, ...]]:
    """The two small round bones on either side of the thumb's knuckle."""
    if finger != "thumb":
        return []
    places = [knuckle + np.array([1.5, 0]) + side * np.array([1.5, 4.0]) for side in (-1, 1)]
    return [
        (RoundBone(place + chance.normal(0, 0.6, 2), (2.6, 2.1), 0.0, np.zeros((3, 2))),)
        for place in places
    ]


def _finger_flesh(joints: list[Floats], finger: str, build: Build) -> tuple[Capsule, ...]:
    size = build.plump * {"thumb": 1.15, "little": 0.88}.get(finger, 1.0)
    palm = 13.5 if finger == "thumb" else 12.5
    radii = [palm * build.plump, *(size * r for r in FLESH[-(len(joints) - 1) :])]
    chain = tuple(
        Capsule(a, b, (r, s), flat=0.9)
        for a, b, r, s in zip(joints, joints[1:], radii, radii[1:], strict=False)
    )
    return (*chain, *_web(joints[1])) if finger == "thumb" else chain


def _web(knuckle: Floats) -> tuple[Capsule, ...]:
    """The thin skin and muscle between thumb and palm, from the thumb's `knuckle`."""
    return tuple(
        Capsule(
            np.array([y, 6.0]),
            knuckle + share * (np.array([y, 6.0]) - knuckle) + [2, 0],
            (11.0, 6.0),
            flat=0.6,
        )
        for y, share in ((-24.0, 0.0), (-34.0, 0.1), (-42.0, 0.25))
    )


def _finger_landmarks(finger: str, points: list[Floats]) -> dict[str, Floats]:
    """Name the knuckle, the joint after it and the tip (the joint before the tip is left out)."""
    middle = "ip" if finger == "thumb" else "pip"
    return {
        f"{finger}_mcp": points[0],
        f"{finger}_{middle}": points[1],
        f"{finger}_tip": points[-1],
    }


def _wrist(build: Build, chance: np.random.Generator) -> Hand:
    groups = tuple((_carpal(name, build, chance),) for name in CARPALS)
    size = build.plump
    palm = (
        Capsule(np.array([0.0, 10.0]), np.array([-62.0, 10.0]), (19 * size, 12 * size), 0.6),
        Capsule(np.array([0.0, -2.0]), np.array([-62.0, 0.0]), (22 * size, 12 * size), 0.55),
        Capsule(np.array([0.0, -9.0]), np.array([-52.0, -18.0]), (18 * size, 12 * size), 0.65),
    )
    return Hand(groups, palm, {})


def _carpal(name: str, build: Build, chance: np.random.Generator) -> RoundBone:
    centre, radii, degrees = CARPALS[name]
    lumps = np.stack([chance.normal(0, (0.04, 0.045, 0.05)), chance.uniform(0, 6.3, 3)], axis=1)
    size = chance.normal(1, 0.04) * (0.9 + 0.1 * build.slender)
    return RoundBone(
        np.array(centre) + chance.normal(0, 0.5, 2),
        (radii[0] * size, radii[1] * size),
        degrees + chance.normal(0, 6),
        lumps,
        cortex=0.6 * build.cortex,
    )


def _forearm(build: Build, chance: np.random.Generator) -> Hand:
    lean = chance.normal(0, 2.5)
    radius_end = np.array([20.5, 9.5]) + chance.normal(0, 0.7, 2)
    ulna_end = np.array([22.0 + chance.normal(0, 1.6), -15.5])
    down = -180.0 * heading(lean)
    size = build.slender
    r_styloid = radius_end + np.array([-7.5 + chance.normal(0, 0.8), 10.8 * size])
    u_styloid = ulna_end + np.array([-5.5 + chance.normal(0, 0.9), -5.8 * size])
    shell = 2.2 * build.cortex
    groups = (
        (
            LongBone(radius_end + down, radius_end, RADIUS, size, shell, depth=0.65),
            LongBone(r_styloid + np.array([24, -5.5]), r_styloid, STYLOID, size, 1.1, depth=1.3),
        ),
        (
            LongBone(ulna_end + down - np.array([0, 5]), ulna_end, ULNA, size, shell),
            LongBone(
                u_styloid + np.array([14, 2.0]), u_styloid, STYLOID, 0.55 * size, 0.7, depth=1.5
            ),
        ),
    )
    wide = build.plump
    flesh = (
        Capsule(np.array([0.0, 9.0]), np.array([22.0, 9.0]) + down, (21 * wide, 29 * wide), 0.7),
        Capsule(np.array([0.0, -9.0]), np.array([22.0, -9.0]) + down, (20 * wide, 28 * wide), 0.7),
    )
    return Hand(groups, flesh, {"radius_styloid": r_styloid, "ulna_styloid": u_styloid})
