"""What is known of every place of an image, on a grid of cells, and where that lies on it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Values of an image, most often its similarity to a point, on a grid of square cells.

    Parameters
    ----------
    image : str
        Name of the image.
    values : (h, w) or (h, w, C) float ndarray
        Similarity from 0 to 1; also colours, or whole numbers up to 2048.
    cell : float
        Side of a cell, in pixels of the file.
    corner : (float, float)
        Centre `(y, x)` of the first cell, in pixels of the file.
    """

    image: str
    values: npt.NDArray[np.float32]
    cell: float
    corner: tuple[float, float]

    def as_event(self) -> dict[str, object]:
        """Return it as a dictionary fit for JSON."""
        values = np.ascontiguousarray(self.values, "<f2")
        return {
            "image": self.image,
            "shape": values.shape,
            "values": base64.b64encode(values.tobytes()).decode(),
            "cell": self.cell,
            "corner": self.corner,
        }

    def mask(self, threshold: float, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """Return where the values, interpolated between the cells, reach a threshold.

        Parameters
        ----------
        threshold : float
            The least value inside.
        size : (int, int)
            Height and width of the file's image.

        Returns
        -------
        (H, W) bool ndarray
            In pixels of the file.
        """
        values = np.asarray(self.values, np.float32)
        for axis in (0, 1):
            places = (np.arange(size[axis]) - self.corner[axis]) / self.cell
            places = places.clip(0, values.shape[axis] - 1)
            below = np.floor(places).astype(int)
            above = np.minimum(below + 1, values.shape[axis] - 1)
            share = (places - below).astype(np.float32)
            share = share[:, None] if axis == 0 else share
            values = values.take(below, axis) * (1 - share) + values.take(above, axis) * share
        inside: npt.NDArray[np.bool_] = values >= threshold
        return inside

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> HeatMap:
        """Return what :meth:`as_event` wrote."""
        values = np.frombuffer(base64.b64decode(event["values"]), "<f2").astype(np.float32)
        y, x = event["corner"]
        return cls(event["image"], values.reshape(event["shape"]), event["cell"], (y, x))
