"""Pairs of lungs as a chest radiograph taken from behind (PA) shows them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, model_validator

from napari_localcl.data.priors.bending import bend
from napari_localcl.data.priors.prior import Family, PriorSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_localcl.data.priors.prior import Floats, Masks

# Points around an ordinary lung, from its lower corner beside the heart over the apex to its lower
# corner at the ribs, then along the diaphragm: depth below the apex, and distance from the spine.
# The lung is 1 high.
_SIDES = np.array(
    [
        (0.88, 0.11),
        (0.76, 0.10),
        (0.58, 0.09),
        (0.38, 0.08),
        (0.18, 0.07),
        (0.05, 0.09),
        (0.00, 0.17),
        (0.05, 0.27),
        (0.18, 0.36),
        (0.38, 0.43),
        (0.60, 0.48),
        (0.82, 0.50),
        (1.00, 0.49),
    ]
)
_DIAPHRAGM = np.array([(1.00, 0.49), (0.90, 0.41), (0.86, 0.32), (0.85, 0.21), (0.88, 0.11)])
# How far each point gives way to the heart, rises with the diaphragm, and widens with the apex.
_HEART = np.array([0.9, 1.0, 0.55, 0.1, *[0.0] * 9]), np.array([0.0, 0.0, 0.15, 0.5, 0.9])
_DOME = np.array([0.6, 0.2, *[0.0] * 11]), np.array([0.0, 0.6, 1.0, 1.0, 0.6])
_APEX = np.array([*[0.0] * 4, -0.3, -1.0, 0.0, 1.0, 0.5, *[0.0] * 4]), np.zeros(5)
_PER_PART = 32


class LungSettings(PriorSettings):
    """Size, shape and place of a pair of lungs."""

    smallest: float = Field(
        0.6, ge=0.1, le=1, description="least height of the lungs, part of the shorter side"
    )
    largest: float = Field(
        0.9, ge=0.1, le=1, description="greatest height of the lungs, part of the shorter side"
    )
    slimmest: float = Field(
        0.9, ge=0.3, le=3, description="least ratio of the chest's width to the lungs' height"
    )
    broadest: float = Field(
        1.3, ge=0.3, le=3, description="greatest ratio of the chest's width to the lungs' height"
    )
    heart: float = Field(
        0.06, ge=0, le=0.3, description="how far the heart reaches into the left lung"
    )
    shape: float = Field(
        0.05,
        ge=0,
        le=0.2,
        description="heart, diaphragm and apex vary by up to this, part of the lungs' height",
    )
    rotation: float = Field(5, ge=0, le=180, description="the chest turns by up to this, degrees")
    elastic: float = Field(
        0.008,
        ge=0,
        le=0.1,
        description="outlines bend, standard deviation, part of the shorter side",
    )
    y: float = Field(0.48, ge=0, le=1, description="middle of the lungs, part of the height")
    x: float = Field(0.5, ge=0, le=1, description="middle of the lungs, part of the width")
    spread: float = Field(
        0.03,
        ge=0,
        le=0.5,
        description="standard deviation of the middle, part of the shorter side",
    )

    @model_validator(mode="after")
    def _ordered(self) -> LungSettings:
        if self.smallest > self.largest:
            raise ValueError(f"smallest={self.smallest:g} is above largest={self.largest:g}")
        if self.slimmest > self.broadest:
            raise ValueError(f"slimmest={self.slimmest:g} is above broadest={self.broadest:g}")
        return self


class LungPrior(Family[LungSettings]):
    """One pair of lungs per mask; radiographs of the chest are centred on it."""

    title = "pairs of lungs"
    located = True
    Settings = LungSettings

    def one(self, canvas: tuple[int, int], chance: np.random.Generator) -> Masks:
        """Draw one mask (H, W)."""
        from PIL import Image, ImageDraw

        image = Image.new("1", canvas[::-1])
        to_canvas = self._pose(canvas, chance)
        moved = bend(canvas, self.settings.elastic, chance)
        for side, heart in ((-1, 0.0), (1, self.settings.heart)):
            outline = _outline(heart, self.settings.shape, chance) * [1, side]
            corners = _bent(to_canvas(outline), moved)[:, ::-1]
            ImageDraw.Draw(image).polygon([*map(tuple, corners)], fill=1)
        return np.asarray(image)

    def _pose(
        self, canvas: tuple[int, int], chance: np.random.Generator
    ) -> Callable[[Floats], Floats]:
        """Draw size, build, turn and place of a chest; returns the way of points to the canvas."""
        own = self.settings
        height = min(canvas) * chance.uniform(own.smallest, own.largest)
        breadth = chance.uniform(own.slimmest, own.broadest)
        turn = np.radians(chance.uniform(-own.rotation, own.rotation))
        cos, sin = np.cos(turn), np.sin(turn)
        matrix = height * np.array([[cos, sin], [-sin, cos]]) * [1, breadth]
        middle = np.array([own.y, own.x]) * canvas - 0.5
        middle += chance.normal(0, own.spread * min(canvas), 2)
        return lambda points: (points - [0.5, 0]) @ matrix.T + middle


def _outline(heart: float, shape: float, chance: np.random.Generator) -> Floats:
    """Draw the outline of one lung: depth below the apex and distance from the spine, (N, 2)."""
    heart, dome, apex = np.array([heart, 0, 0]) + chance.uniform(-shape, shape, 3)
    parts = []
    for part, points in enumerate((_SIDES, _DIAPHRAGM)):
        varied = points + np.stack(
            [-dome * _DOME[part], heart * _HEART[part] + apex * _APEX[part]], axis=1
        )
        parts.append(_splines(part) @ varied)
    return np.concatenate(parts)


@lru_cache(maxsize=2)
def _splines(part: int) -> Floats:
    """How much each given point counts in the smooth line through them, (N, K)."""
    from scipy.interpolate import CubicSpline

    points = (_SIDES, _DIAPHRAGM)[part]
    pace = np.r_[0, np.cumsum(np.hypot(*np.diff(points, axis=0).T) ** 0.5)]
    return np.asarray(CubicSpline(pace, np.eye(len(points)))(np.linspace(0, pace[-1], _PER_PART)))


def _bent(points: Floats, moved: Floats) -> Floats:
    """Move points (N, 2) as the pixels nearest to them are displaced, (2, H, W)."""
    last = np.array(moved.shape[1:]) - 1
    y, x = np.clip(np.round(points).astype(int), 0, last).T
    return points + moved[:, y, x].T
