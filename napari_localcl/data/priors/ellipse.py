"""Discs and ellipses: an optic disc, a nucleus, a lesion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.priors.bending import bend
from napari_localcl.data.priors.places import RoundFamily, RoundSettings
from napari_localcl.data.priors.prior import LEAST_RADIUS, pixels

if TYPE_CHECKING:
    from napari_localcl.data.priors.prior import Floats, Masks


class EllipsePrior(RoundFamily[RoundSettings]):
    """One ellipse per mask, its outline gently bent."""

    title = "ellipses"
    Settings = RoundSettings

    def one(self, canvas: tuple[int, int], chance: np.random.Generator) -> Masks:
        """Draw one mask (H, W)."""
        axes, directions = self.settings.axes(canvas, chance)
        middle = self.settings.middle(float(axes.max()), canvas, chance)
        points = pixels(canvas) + bend(canvas, self.settings.elastic, chance)
        axes = np.maximum(axes, LEAST_RADIUS)
        return np.asarray(distance(points, middle, axes, directions) <= 1)


def distance(points: Floats, middle: Floats, axes: Floats, directions: Floats) -> Floats:
    """Return how far points lie from the middle of an ellipse: 1 on its edge.

    Parameters
    ----------
    points : (2, H, W) array
        `(y, x)` in pixels.
    middle : (2,) array
        `(y, x)` in pixels.
    axes : (2,) array
        The half-axes in pixels.
    directions : (2, 2) array
        The unit vector `(y, x)` of each axis.

    Returns
    -------
    (H, W) ndarray
        0 in the middle, above 1 outside.
    """
    along = np.tensordot(directions / axes[:, None], points - middle[:, None, None], axes=1)
    return np.asarray(np.hypot(*along))
