"""Rings: the wall of a left ventricle, of a vessel cut across, of a cyst."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, model_validator

from napari_localcl.data.priors.bending import bend
from napari_localcl.data.priors.ellipse import distance
from napari_localcl.data.priors.places import RoundFamily, RoundSettings
from napari_localcl.data.priors.prior import LEAST_RADIUS, pixels

if TYPE_CHECKING:
    from napari_localcl.data.priors.prior import Masks


class RingSettings(RoundSettings):
    """Size, wall and place of a ring; its diameter is the outer one."""

    smallest: float = Field(
        0.25, ge=0.02, le=1, description="least outer diameter, part of the shorter side"
    )
    largest: float = Field(
        0.45, ge=0.02, le=1, description="greatest outer diameter, part of the shorter side"
    )
    thinnest: float = Field(
        0.12, ge=0.01, le=0.5, description="least thickness of the wall, part of the diameter"
    )
    thickest: float = Field(
        0.24, ge=0.01, le=0.5, description="greatest thickness of the wall, part of the diameter"
    )
    uneven: float = Field(
        0.2, ge=0, le=1, description="the hole lies off the middle by up to this part of the wall"
    )
    elongation: float = Field(
        1.15, ge=1, le=5, description="greatest ratio of the long axis to the short one"
    )

    @model_validator(mode="after")
    def _walled(self) -> RingSettings:
        if self.thinnest > self.thickest:
            raise ValueError(f"thinnest={self.thinnest:g} is above thickest={self.thickest:g}")
        return self


class RingPrior(RoundFamily[RingSettings]):
    """One ring per mask, its outlines gently bent."""

    title = "rings"
    Settings = RingSettings

    def one(self, canvas: tuple[int, int], chance: np.random.Generator) -> Masks:
        """Draw one mask (H, W)."""
        own = self.settings
        axes, directions = own.axes(canvas, chance)
        # A wall that is to be seen is at least a pixel thick, also where it is thinnest.
        part = chance.uniform(own.thinnest, own.thickest)
        off = own.uneven * chance.random()
        wall = max(2 * part * float(np.sqrt(axes.prod())), LEAST_RADIUS * 4 / 3 / max(1 - off, 0.5))
        middle = own.middle(float(axes.max()), canvas, chance)
        points = pixels(canvas) + bend(canvas, own.elastic, chance)
        outer = distance(points, middle, axes, directions) <= 1
        angle = chance.uniform(0, 2 * np.pi)
        aside = middle + off * wall * np.array([np.sin(angle), np.cos(angle)])
        inner = distance(points, aside, np.maximum(axes - wall, 1e-3), directions) <= 1
        return np.asarray(outer & ~inner)
