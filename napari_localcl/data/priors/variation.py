"""How a given shape varies: pose, size and a smooth bend, with ranges that a user can see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from napari_localcl.data.priors.prior import PriorSettings

if TYPE_CHECKING:
    from napari_localcl.data.priors.prior import Floats


class Variation(PriorSettings):
    """Random pose, size and bend of shapes."""

    rotation: float = Field(10, ge=0, le=180, description="shapes turn by up to this, degrees")
    zoom: float = Field(
        1.15, ge=1, le=4, description="shapes grow or shrink by up to this factor, at random"
    )
    scale: float = Field(
        1.0,
        ge=0.02,
        le=50,
        description="factor on all shapes' size, if theirs is not that in the images",
    )
    aspect: float = Field(
        0.05, ge=0, le=1, description="shapes are stretched by up to this, part of their height"
    )
    shift: float = Field(
        0.03, ge=0, le=0.5, description="shapes move by up to this, part of the shorter side"
    )
    elastic: float = Field(
        0.01, ge=0, le=0.1, description="shapes bend, standard deviation, part of the shorter side"
    )
    mirror: bool = Field(False, description="half of the shapes are mirrored, left and right")
    flip: bool = Field(False, description="half of the shapes are mirrored, up and down")
    position: Literal["auto", "kept", "anywhere"] = Field(
        "auto",
        description="shapes stay where they lie in their mask, or may lie anywhere; auto: kept if "
        "there are three masks or more, for one or two do not tell where a structure may lie",
    )

    @property
    def varies(self) -> bool:
        """Whether two draws of one shape differ."""
        ranges = (self.rotation, self.zoom - 1, self.aspect, self.shift, self.elastic)
        return any(ranges) or self.mirror or self.flip or self.position == "anywhere"

    def pose(self, chance: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw how a shape is turned, sized, stretched and mirrored about its middle.

        Parameters
        ----------
        chance : numpy Generator
            Randomness.

        Returns
        -------
        matrix : (2, 2) ndarray
            Takes offsets `(y, x)` from the middle to where they lie afterwards.
        sides : (2,) ndarray
            -1 for the axes `(y, x)` that are mirrored, else 1.
        """
        turn = np.radians(chance.uniform(-self.rotation, self.rotation))
        zoom = self.zoom ** chance.uniform(-1, 1)
        stretch = (1 + self.aspect) ** chance.uniform(-0.5, 0.5)
        mirrored = np.where(chance.random(2) < 0.5, -1.0, 1.0)
        sides = np.where([self.flip, self.mirror], mirrored, 1.0)
        cos, sin = np.cos(turn), np.sin(turn)
        turned = np.array([[cos, sin], [-sin, cos]])
        return zoom * turned @ np.diag(sides * [stretch, 1 / stretch]), sides

    def move(self, canvas: tuple[int, int], chance: np.random.Generator) -> Floats:
        """Draw how far a shape moves from its place, `(y, x)` in pixels."""
        reach = self.shift * min(canvas)
        return np.asarray(chance.uniform(-reach, reach, 2))


def anywhere(extent: Floats, canvas: tuple[int, int], chance: np.random.Generator) -> Floats:
    """Draw where the middle of a shape lies, such that the shape is wholly seen if it can be.

    Parameters
    ----------
    extent : (2, 2) array
        Its least and greatest offset `(y, x)` from its middle, in pixels.
    canvas : (int, int)
        Height and width in pixels.
    chance : numpy Generator
        Randomness.

    Returns
    -------
    (2,) array
        `(y, x)` in pixels.
    """
    first, last = -0.5 - extent[0], np.array(canvas) - 0.5 - extent[1]
    return np.asarray(chance.uniform(np.minimum(first, last), np.maximum(first, last)))
