"""How similar every place of an image is to a point, and where it lies on the image."""

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
    """The similarity of an image to a point, on a grid of square cells.

    Parameters
    ----------
    image : str
        Name of the image.
    values : (h, w) float ndarray
        From 0 to 1.
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

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> HeatMap:
        """Return what :meth:`as_event` wrote."""
        values = np.frombuffer(base64.b64decode(event["values"]), "<f2").astype(np.float32)
        y, x = event["corner"]
        return cls(event["image"], values.reshape(event["shape"]), event["cell"], (y, x))
