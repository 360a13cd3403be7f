"""Vessel trees: retinal ones, or such as enter an organ at its edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from napari_localcl.data.priors.growth import grow, width
from napari_localcl.data.priors.prior import Family, PriorSettings

if TYPE_CHECKING:
    from napari_localcl.data.priors.growth import Tips
    from napari_localcl.data.priors.prior import Masks

_TOGETHER = 64  # trees grown at a time


class VesselSettings(PriorSettings):
    """How vessels grow; lengths and widths are parts of the canvas's shorter side."""

    origin: Literal["disc", "edge"] = Field(
        "disc", description="trunks leave an optic disc beside the middle, or enter at the edge"
    )
    field: Literal["round", "full"] = Field(
        "round", description="vessels are seen in the canvas's inscribed circle, or everywhere"
    )
    trunks: int = Field(12, ge=1, le=32, description="vessels that a tree begins with")
    width: float = Field(
        0.018, ge=0.002, le=0.2, description="width of a trunk, part of the shorter side"
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
        9.0, ge=0, le=50, description="branches along a vessel as long as the shorter side"
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


def _stamp(drawn: Masks, path: Tips, settings: VesselSettings) -> None:
    """Mark all pixels whose centre lies within a vessel's width, at least the nearest one."""
    canvas = np.array(drawn.shape[1:])
    side = canvas.min()
    radius = width(path, settings) * side / 2
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
