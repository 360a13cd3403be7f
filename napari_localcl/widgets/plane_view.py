"""Which part of a plane a picture shows: to zoom, to move, to see all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places = NDArray[np.float32]

_MARGIN = 0.06  # around all points, of the picture


@dataclass(frozen=True)
class PlaneView:
    """The part of a plane that is seen; up in the plane is up in the picture.

    Attributes
    ----------
    middle : (float, float)
        What is seen in the middle of the picture.
    scale : float
        Pixels per unit of the plane.
    size : (int, int)
        Height and width of the picture.
    """

    middle: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    size: tuple[int, int] = (1, 1)

    def of_all(self, positions: Places) -> PlaneView:
        """Return the view of all points."""
        if not len(positions):
            return self
        low, high = positions.min(axis=0), positions.max(axis=0)
        height, width = (side * (1 - 2 * _MARGIN) for side in self.size)
        wide, tall = np.maximum(high - low, 1e-6).tolist()
        x, y = ((low + high) / 2).tolist()
        return replace(self, middle=(x, y), scale=min(width / wide, height / tall))

    def sized(self, size: tuple[int, int]) -> PlaneView:
        """Return the view in a picture of another size, of the same middle."""
        share = min(size) / max(min(self.size), 1)
        return replace(self, size=size, scale=self.scale * share if self.size != (1, 1) else 1.0)

    def zoomed(self, factor: float, x: float, y: float) -> PlaneView:
        """Return a closer view, for a factor above 1; what is at a pixel stays there."""
        before = self.to_plane(x, y)
        closer = replace(self, scale=self.scale * factor)
        after = closer.to_plane(x, y)
        left, up = (m + b - a for m, b, a in zip(self.middle, before, after, strict=True))
        return replace(closer, middle=(left, up))

    def moved(self, dx: float, dy: float) -> PlaneView:
        """Return the view after the points were dragged by so many pixels."""
        x, y = self.middle
        return replace(self, middle=(x - dx / self.scale, y + dy / self.scale))

    def to_picture(self, positions: Places) -> Places:
        """Return where points `(x, y)` of the plane lie, in pixels from the upper left corner."""
        scale = np.array([self.scale, -self.scale], np.float32)
        middle = np.array(self.middle, np.float32)
        half = np.array([self.size[1] / 2, self.size[0] / 2], np.float32)
        places: Places = (positions - middle) * scale + half
        return places

    def to_plane(self, x: float, y: float) -> tuple[float, float]:
        """Return the point of the plane at a pixel."""
        height, width = self.size
        return (
            self.middle[0] + (x - width / 2) / self.scale,
            self.middle[1] - (y - height / 2) / self.scale,
        )
