"""Where round shapes lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
from pydantic import Field, model_validator

from napari_localcl.data.priors.prior import Family, PriorSettings
from napari_localcl.data.priors.variation import anywhere

if TYPE_CHECKING:
    from napari_localcl.data.priors.prior import Floats

Round = TypeVar("Round", bound="RoundSettings")


class RoundSettings(PriorSettings):
    """Size and place of a round shape; lengths are parts of the canvas's shorter side."""

    smallest: float = Field(
        0.1, ge=0.01, le=1, description="least diameter, part of the shorter side"
    )
    largest: float = Field(
        0.3, ge=0.01, le=1, description="greatest diameter, part of the shorter side"
    )
    elongation: float = Field(
        1.3, ge=1, le=5, description="greatest ratio of the long axis to the short one"
    )
    elastic: float = Field(
        0.005,
        ge=0,
        le=0.1,
        description="outlines bend, standard deviation, part of the shorter side",
    )
    position: Literal["anywhere", "around"] = Field(
        "anywhere", description="shapes lie anywhere, or around the place that y and x give"
    )
    y: float = Field(0.5, ge=0, le=1, description="that place, part of the height from the top")
    x: float = Field(0.5, ge=0, le=1, description="that place, part of the width from the left")
    spread: float = Field(
        0.05,
        ge=0,
        le=0.5,
        description="standard deviation around it, part of the shorter side",
    )

    @model_validator(mode="after")
    def _ordered(self) -> RoundSettings:
        if self.smallest > self.largest:
            raise ValueError(f"smallest={self.smallest:g} is above largest={self.largest:g}")
        return self

    def middle(self, reach: float, canvas: tuple[int, int], chance: np.random.Generator) -> Floats:
        """Draw where the middle of a shape lies.

        Parameters
        ----------
        reach : float
            How far the shape extends from its middle, in pixels.
        canvas : (int, int)
            Height and width in pixels.
        chance : numpy Generator
            Randomness.

        Returns
        -------
        (2,) ndarray
            `(y, x)` in pixels; wholly seen if it may lie anywhere, else at least its middle is.
        """
        if self.position == "anywhere":
            return anywhere(np.array([[-reach] * 2, [reach] * 2]), canvas, chance)
        given = np.array([self.y, self.x]) * canvas - 0.5
        moved = given + chance.normal(0, self.spread * min(canvas), 2)
        return np.clip(moved, 0, np.array(canvas) - 1)

    def axes(self, canvas: tuple[int, int], chance: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw the half-axes of an ellipse in pixels, (2,), and their directions, (2, 2)."""
        radius = 0.5 * min(canvas) * np.exp(chance.uniform(*np.log([self.smallest, self.largest])))
        ratio = np.sqrt(self.elongation ** chance.random())
        angle = chance.uniform(0, np.pi)
        cos, sin = np.cos(angle), np.sin(angle)
        return radius * np.array([ratio, 1 / ratio]), np.array([[cos, sin], [-sin, cos]])


class RoundFamily(Family[Round]):
    """Round shapes, which lie anywhere or around a given place."""

    def __init__(self, settings: Round) -> None:
        super().__init__(settings)
        self.located = settings.position == "around"
