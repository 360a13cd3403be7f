"""Ellipses, which many things of a body are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Floats, turn


@dataclass(frozen=True)
class Oval:
    """An ellipse in the image: centre (y, x), half-axes along and across, turn; pixels."""

    centre: Floats
    radii: tuple[float, float]
    degrees: float

    def ratio(self, points: Floats) -> Floats:
        """Distance from the centre in units of the ellipse: 1 on its edge."""
        local = turn(points - self.centre, -self.degrees) / np.array(self.radii)
        return np.asarray(np.hypot(local[..., 0], local[..., 1]))
