"""Vessel trees, grown step by step: retinal ones, or such as enter an organ at its edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from napari_localcl.data.priors.prior import Family, PriorSettings

if TYPE_CHECKING:
    from napari_localcl.data.priors.prior import Masks

    Tips = npt.NDArray[np.void]
    Values = npt.NDArray[np.float64]

# Lengths are parts of the canvas's shorter side, whose middle is (0, 0); angles are radians, 0
# points right and a quarter of a turn down. `arc` is the curvature that a trunk has by its anatomy.
_TIP = np.dtype(
    [
        ("tree", np.int64),
        *((name, np.float64) for name in ("y", "x", "heading", "arc", "bend")),
        *((name, np.float64) for name in ("start", "length", "grown", "pause", "side")),
        ("generation", np.int64),
    ]
)
_STEP = 0.8  # pixels
_FIELD = 0.49  # radius of what a fundus camera sees
_AVASCULAR = 0.06  # radius of the fovea without vessels
_AWAY = 0.3  # from the disc to the fovea
_COHERENCE = 0.06  # length over which a vessel keeps its bend
_TOGETHER = 64  # trees grown at a time


class VesselSettings(PriorSettings):
    """How vessels grow; lengths and widths are parts of the canvas's shorter side."""

    origin: Literal["disc", "edge"] = Field(
        "disc", description="trunks leave an optic disc beside the middle, or enter at the edge"
    )
    field: Literal["round", "full"] = Field(
        "round", description="vessels are seen in the canvas's inscribed circle, or everywhere"
    )
    trunks: int = Field(8, ge=1, le=32, description="vessels that a tree begins with")
    width: float = Field(
        0.02, ge=0.002, le=0.2, description="width of a trunk, part of the shorter side"
    )
    finest: float = Field(
        0.003, ge=0.0005, le=0.1, description="width of the finest vessels that are kept"
    )
    taper: float = Field(
        0.65, ge=0, le=0.95, description="part of its width that a vessel loses to its end"
    )
    length: float = Field(
        1.0, ge=0.1, le=3, description="length of a trunk, part of the shorter side"
    )
    branching: int = Field(3, ge=0, le=5, description="generations of branches after the trunks")
    density: float = Field(
        7.0, ge=0, le=50, description="branches along a vessel as long as the shorter side"
    )
    tortuosity: float = Field(
        1.0, ge=0, le=5, description="how much vessels wind; 0 grows smooth lines"
    )


class VesselPrior(Family[VesselSettings]):
    """One vessel tree per mask; no two have their vessels in the same places."""

    title = "vessel trees"
    located = False
    Settings = VesselSettings

    def draw(self, count: int, canvas: tuple[int, int], chance: np.random.Generator) -> Masks:
        """Draw masks; see :meth:`Prior.draw`."""
        drawn = np.zeros((count, *canvas), bool)
        for first in range(0, count, _TOGETHER):
            part = drawn[first : first + _TOGETHER]
            path = grow(len(part), canvas, self.settings, chance)
            _stamp(part, path, self.settings)
        return drawn

    def one(self, canvas: tuple[int, int], chance: np.random.Generator) -> Masks:
        """Draw one mask (H, W)."""
        return np.asarray(self.draw(1, canvas, chance)[0])


def grow(
    count: int, canvas: tuple[int, int], settings: VesselSettings, chance: np.random.Generator
) -> Tips:
    """Grow trees, all their vessels at once.

    Parameters
    ----------
    count : int
        How many trees.
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
    tips = _from_edge(count, half, settings, chance)
    fovea = np.full((count, 2), np.nan)
    if settings.origin == "disc":
        tips, fovea = _from_disc(count, settings, chance)
    path = []
    while len(tips):
        path.append(tips)
        children = _children(tips, settings, chance)
        tips = np.concatenate([_advanced(tips, step, settings, chance), children])
        tips = tips[_alive(tips, fovea, half, settings)]
    return np.concatenate(path)


def _trunks(count: int, settings: VesselSettings, chance: np.random.Generator) -> Tips:
    tips = np.zeros(count * settings.trunks, _TIP)
    tips["tree"] = np.repeat(np.arange(count), settings.trunks)
    tips["start"] = settings.width * chance.uniform(0.7, 1.1, len(tips))
    tips["length"] = settings.length * chance.uniform(0.8, 1.2, len(tips))
    tips["side"] = chance.choice([-1, 1], len(tips))
    tips["pause"] = _pauses(len(tips), settings, chance)
    return tips


def _from_disc(
    count: int, settings: VesselSettings, chance: np.random.Generator
) -> tuple[Tips, Values]:
    """Trunks that leave a disc: half of them arch around the fovea, the others run nasally."""
    tips = _trunks(count, settings, chance)
    temporal = chance.choice([-1.0, 1.0], count)
    disc = np.stack([chance.normal(0, 0.04, count), -temporal * chance.uniform(0, 0.3, count)], 1)
    fovea = disc + _AWAY * np.stack([chance.normal(0, 0.15, count), temporal], 1)
    number = np.tile(np.arange(settings.trunks), count)
    up = np.where(number % 2, 1.0, -1.0)
    arching = number % 4 < 2
    away = np.where(
        arching, chance.uniform(65, 105, len(tips)), chance.uniform(105, 165, len(tips))
    )
    curve = np.where(arching, chance.uniform(2.2, 3.4, len(tips)), chance.normal(0, 0.8, len(tips)))
    turned = up * np.radians(away)
    facing = temporal[tips["tree"]]
    tips["heading"] = np.where(facing > 0, turned, np.pi - turned)
    tips["arc"] = -up * facing * curve
    tips["y"], tips["x"] = (disc[tips["tree"]] + chance.normal(0, 0.008, (len(tips), 2))).T
    return tips, fovea


def _from_edge(
    count: int, half: Values, settings: VesselSettings, chance: np.random.Generator
) -> Tips:
    """Trunks that enter anywhere along the edge, towards the middle."""
    tips = _trunks(count, settings, chance)
    angle = chance.uniform(0, 2 * np.pi, len(tips))
    way = np.stack([np.sin(angle), np.cos(angle)], 1)
    if settings.field == "full":
        reach = np.min(half / np.maximum(np.abs(way), 1e-9), axis=1)
    else:
        reach = np.full(len(tips), _FIELD)
    tips["y"], tips["x"] = (0.99 * way * reach[:, None]).T
    tips["heading"] = angle + np.pi + np.radians(chance.uniform(-40, 40, len(tips)))
    return tips


def _width(tips: Tips, settings: VesselSettings) -> Values:
    lost = settings.taper * np.minimum(tips["grown"] / tips["length"], 1)
    return np.asarray(tips["start"] * (1 - lost))


def _pauses(count: int, settings: VesselSettings, chance: np.random.Generator) -> Values:
    """Lengths until the next branch."""
    if settings.density == 0:
        return np.full(count, np.inf)
    return np.asarray(chance.uniform(0.4, 1.6, count) / settings.density)


def _advanced(
    tips: Tips, step: float, settings: VesselSettings, chance: np.random.Generator
) -> Tips:
    """Let every tip grow by a step; a bend is forgotten over a while, as new ones begin."""
    moved = tips.copy()
    kept = np.exp(-step / _COHERENCE)
    kick = 3.5 * settings.tortuosity * np.sqrt(1 - kept**2)
    moved["bend"] = kept * tips["bend"] + kick * chance.standard_normal(len(tips))
    moved["heading"] += step * (moved["bend"] + tips["arc"])
    moved["y"] += step * np.sin(moved["heading"])
    moved["x"] += step * np.cos(moved["heading"])
    moved["grown"] += step
    moved["pause"] -= step
    return moved


def _children(tips: Tips, settings: VesselSettings, chance: np.random.Generator) -> Tips:
    """The branches that leave now; their parents give way a little and wait for the next."""
    due = np.flatnonzero((tips["pause"] <= 0) & (tips["generation"] < settings.branching))
    children = tips[due]
    children["start"] = _width(children, settings) * chance.uniform(0.45, 0.8, len(due))
    children["heading"] += children["side"] * np.radians(chance.uniform(25, 65, len(due)))
    share = children["start"] / settings.width
    children["length"] = settings.length * 0.75 * share**0.6 * chance.uniform(0.6, 1.3, len(due))
    children["arc"] = children["bend"] = children["grown"] = 0
    children["generation"] += 1
    children["pause"] = _pauses(len(due), settings, chance)
    tips["heading"][due] -= tips["side"][due] * np.radians(chance.uniform(0, 12, len(due)))
    # Branches mostly take turns in leaving to the left and to the right.
    tips["side"][due] *= np.where(chance.random(len(due)) < 0.75, -1, 1)
    tips["pause"][due] = _pauses(len(due), settings, chance)
    return children


def _alive(tips: Tips, fovea: Values, half: Values, settings: VesselSettings) -> Any:
    """Which tips are within the field, outside of the fovea, wide enough and not at their end."""
    places = np.stack([tips["y"], tips["x"]], 1)
    seen = (np.abs(places) < half).all(axis=1)
    if settings.field == "round":
        seen &= np.hypot(*places.T) < _FIELD
    bare = np.hypot(*(places - fovea[tips["tree"]]).T) < _AVASCULAR
    wide = _width(tips, settings) >= settings.finest
    return seen & ~bare & wide & (tips["grown"] < tips["length"])


def _stamp(drawn: Masks, path: Tips, settings: VesselSettings) -> None:
    """Mark all pixels whose centre lies within a vessel's width, at least the nearest one."""
    canvas = np.array(drawn.shape[1:])
    side = canvas.min()
    radius = _width(path, settings) * side / 2
    widest = np.argsort(-radius)
    path, radius = path[widest], radius[widest]
    places = np.stack([path["y"], path["x"]], 1) * side + (canvas - 1) / 2
    nearest = np.round(places).astype(int)
    reach = int(np.ceil(radius[0] + 0.5))
    for offset in np.indices((2 * reach + 1,) * 2).reshape(2, -1).T - reach:
        # Only the widest vessels can reach a pixel that far from their nearest one.
        wide = np.searchsorted(-radius, 0.71 - np.hypot(*offset), side="right")
        wide = len(radius) if not offset.any() else wide
        spots = nearest[:wide] + offset
        near = np.hypot(*(spots - places[:wide]).T) <= radius[:wide]
        inside = (near | (not offset.any())) & ((spots >= 0) & (spots < canvas)).all(axis=1)
        drawn[path["tree"][:wide][inside], *spots[inside].T] = True
