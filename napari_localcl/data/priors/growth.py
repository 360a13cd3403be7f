"""How vessel trees grow: step by step, all vessels of many trees at once.

Lengths are parts of the canvas's shorter side, whose middle is (0, 0). Angles are radians: 0 points
right, a quarter of a turn down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from napari_localcl.data.priors.prior import Masks
    from napari_localcl.data.priors.vessels import VesselSettings

    Tips = npt.NDArray[np.void]
    Values = npt.NDArray[np.float64]

# A tip's heading turns by its arc, which it loses as it grows, and away from its root; by its bend
# it strays from its heading for a while.
_TIP = np.dtype(
    [
        *((field, np.int64) for field in ("tree", "name", "generation")),
        *((field, np.float64) for field in ("y", "x", "root_y", "root_x")),
        *((field, np.float64) for field in ("heading", "arc", "bend", "side")),
        *((field, np.float64) for field in ("start", "length", "grown", "pause")),
    ]
)
_STEP = 0.8  # pixels
_FIELD = 0.49  # radius of what a fundus camera sees
_AVASCULAR = 0.06  # radius of the fovea, which has no vessels
_AWAY = 0.3  # from the disc to the fovea
_STRAY = 0.4  # radians
_COHERENCE = 0.04  # length over which a vessel strays to one side
_STRAIGHTENING = 0.4  # length over which a vessel loses its arc
_OUTWARDS = 2.0  # how strongly branches turn away from the root, per length
_GAP = 0.012  # room around a vessel that no later branch enters


def grow(
    count: int, canvas: tuple[int, int], settings: VesselSettings, chance: np.random.Generator
) -> Tips:
    """Grow trees.

    Parameters
    ----------
    count : int
        How many.
    canvas : (int, int)
        Height and width in pixels.
    settings : VesselSettings
        How they grow.
    chance : numpy Generator
        Randomness.

    Returns
    -------
    structured (N,) ndarray
        Every place that a vessel's tip came through.
    """
    step = _STEP / min(canvas)
    half = np.array(canvas) / (2 * min(canvas))
    tips = _trunks(count, settings, chance)
    fovea = np.full((count, 2), np.nan)
    if settings.origin == "disc":
        fovea = _leave_disc(tips, count, settings, chance)
    else:
        _enter(tips, half, settings, chance)
    tips["root_y"], tips["root_x"] = tips["y"], tips["x"]
    owners = np.zeros((count, *np.ceil(2 * half / _GAP).astype(int)), np.int64)
    path, named = [], len(tips)
    while len(tips):
        path.append(tips)
        children = _children(tips, settings, chance)
        children["name"] = named + 1 + np.arange(len(children))
        named += len(children)
        tips = np.concatenate([_advanced(tips, step, settings, chance), children])
        tips = tips[_growing(tips, fovea, half, settings)]
        tips = tips[_free(tips, owners, half)]
    return np.concatenate(path)


def width(tips: Tips, settings: VesselSettings) -> Values:
    """Return the width of vessels where their tips are, (N,)."""
    lost = settings.taper * np.minimum(tips["grown"] / tips["length"], 1)
    return np.asarray(tips["start"] * (1 - lost))


def _trunks(count: int, settings: VesselSettings, chance: np.random.Generator) -> Tips:
    tips = np.zeros(count * settings.trunks, _TIP)
    tips["tree"] = np.repeat(np.arange(count), settings.trunks)
    tips["name"] = 1 + np.arange(len(tips))
    tips["start"] = settings.width * chance.uniform(0.5, 1.1, len(tips))
    tips["length"] = settings.length * chance.uniform(0.8, 1.2, len(tips))
    tips["side"] = chance.choice([-1, 1], len(tips))
    tips["pause"] = _pauses(len(tips), settings, chance)
    return tips


def _leave_disc(
    tips: Tips, count: int, settings: VesselSettings, chance: np.random.Generator
) -> Values:
    """Let half of the trunks arch from the disc around the fovea, the others run to the nose.

    Returns where the foveas lie, (count, 2).
    """
    temporal = chance.choice([-1.0, 1.0], count)
    disc = np.stack([chance.normal(0, 0.04, count), -temporal * chance.uniform(0, 0.3, count)], 1)
    fovea = disc + _AWAY * np.stack([chance.normal(0, 0.15, count), temporal], 1)
    number = np.tile(np.arange(settings.trunks), count)
    up, arching = np.where(number % 2, 1.0, -1.0), number % 4 < 2
    turned = up * np.radians(
        np.where(arching, *chance.uniform([[60], [105]], [[110], [175]], (2, len(tips))))
    )
    curve = np.where(arching, *chance.uniform([[2], [-1]], [[4], [1]], (2, len(tips))))
    facing = temporal[tips["tree"]]
    tips["heading"] = np.where(facing > 0, turned, np.pi - turned)
    tips["arc"] = -up * facing * curve
    tips["y"], tips["x"] = (disc[tips["tree"]] + chance.normal(0, 0.008, (len(tips), 2))).T
    return fovea


def _enter(tips: Tips, half: Values, settings: VesselSettings, chance: np.random.Generator) -> None:
    """Let trunks enter anywhere along the edge, towards the middle."""
    angle = chance.uniform(0, 2 * np.pi, len(tips))
    way = np.stack([np.sin(angle), np.cos(angle)], 1)
    reach = np.full(len(tips), _FIELD)
    if settings.field == "full":
        reach = np.min(half / np.maximum(np.abs(way), 1e-9), axis=1)
    tips["y"], tips["x"] = (0.99 * way * reach[:, None]).T
    tips["heading"] = angle + np.pi + np.radians(chance.uniform(-40, 40, len(tips)))


def _pauses(count: int, settings: VesselSettings, chance: np.random.Generator) -> Values:
    """Lengths until the next branch."""
    if settings.density == 0:
        return np.full(count, np.inf)
    return np.asarray(chance.uniform(0.4, 1.6, count) / settings.density)


def _advanced(
    tips: Tips, step: float, settings: VesselSettings, chance: np.random.Generator
) -> Tips:
    """Let every tip grow by a step."""
    moved = tips.copy()
    kept = np.exp(-step / _COHERENCE)
    kick = _STRAY * settings.tortuosity * np.sqrt(1 - kept**2)
    moved["bend"] = kept * tips["bend"] + kick * chance.standard_normal(len(tips))
    outwards = np.arctan2(tips["y"] - tips["root_y"], tips["x"] - tips["root_x"])
    turn = _OUTWARDS * np.sin(outwards - tips["heading"]) * (tips["generation"] > 0)
    turn += tips["arc"] * np.exp(-tips["grown"] / _STRAIGHTENING)
    moved["heading"] += step * turn
    moved["y"] += step * np.sin(moved["heading"] + moved["bend"])
    moved["x"] += step * np.cos(moved["heading"] + moved["bend"])
    moved["grown"] += step
    moved["pause"] -= step
    return moved


def _children(tips: Tips, settings: VesselSettings, chance: np.random.Generator) -> Tips:
    """The branches that leave now; their parents give way a little and wait for the next."""
    due = np.flatnonzero((tips["pause"] <= 0) & (tips["generation"] < settings.branching))
    children = tips[due]
    children["start"] = width(children, settings) * chance.uniform(0.45, 0.8, len(due))
    children["heading"] += children["side"] * np.radians(chance.uniform(25, 65, len(due)))
    share = children["start"] / settings.width
    children["length"] = settings.length * 0.75 * share**0.6 * chance.uniform(0.6, 1.3, len(due))
    children["arc"] = chance.normal(0, 1, len(due))
    children["bend"] = children["grown"] = 0
    children["generation"] += 1
    children["pause"] = _pauses(len(due), settings, chance)
    tips["heading"][due] -= tips["side"][due] * np.radians(chance.uniform(0, 12, len(due)))
    # Branches mostly take turns in leaving to the left and to the right.
    tips["side"][due] *= np.where(chance.random(len(due)) < 0.75, -1, 1)
    tips["pause"][due] = _pauses(len(due), settings, chance)
    return children


def _growing(tips: Tips, fovea: Values, half: Values, settings: VesselSettings) -> Masks:
    """Which tips are in the field, outside of the fovea, wide enough and not at their end."""
    places = np.stack([tips["y"], tips["x"]], 1)
    seen = (np.abs(places) < half).all(axis=1)
    if settings.field == "round":
        seen &= np.hypot(*places.T) < _FIELD
    bare = np.hypot(*(places - fovea[tips["tree"]]).T) < _AVASCULAR
    wide = width(tips, settings) >= settings.finest
    return np.asarray(seen & ~bare & wide & (tips["grown"] < tips["length"]))


def _free(tips: Tips, owners: npt.NDArray[np.int64], half: Values) -> Masks:
    """Which tips enter nobody's room; trunks may cross others, and branches leave their parent's.

    Tips take the room that they enter: `owners` (trees, rows, columns) has their names.
    """
    cells = ((np.stack([tips["y"], tips["x"]], 1) + half) / _GAP).astype(int)
    room = (tips["tree"], *cells.T)
    owner = owners[room]
    leaving = (tips["generation"] == 0) | (tips["grown"] < 3 * _GAP)
    free = (owner == 0) | (owner == tips["name"]) | leaving
    owners[room] = np.where(free, tips["name"], owner)
    return np.asarray(free)
