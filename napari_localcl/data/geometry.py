"""Where a pixel lies in the patient, in millimetres, and which pixel a place is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Vector = tuple[float, float, float]

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Geometry:
    """The place of an image or volume in the patient.

    All vectors are `(x, y, z)` in millimetres in the patient's left-posterior-superior frame (LPS),
    as in DICOM and ITK. Each plane states its own origin, so slices with gaps or a tilt keep their
    true places.

    Parameters
    ----------
    origins : tuple of (float, float, float)
        Centre of the first pixel of each plane.
    down, right : (float, float, float)
        From a pixel to its neighbour in the next row and in the next column.

    Raises
    ------
    BadInput
        If rows and columns are parallel or without length.
    """

    origins: tuple[Vector, ...]
    down: Vector
    right: Vector

    def __post_init__(self) -> None:
        # Also refuses what is not a number.
        if not np.linalg.norm(np.cross(self.right, self.down)) > 0:
            raise BadInput("states rows and columns that span no plane; its geometry is damaged")

    def to_patient(self, z: int, y: float, x: float) -> Vector:
        """Return where a point lies.

        Parameters
        ----------
        z : int
            Plane, from 0.
        y, x : float
            Position in file pixels; (0, 0) is the centre of the first pixel.

        Returns
        -------
        (x, y, z)
            Millimetres, LPS.
        """
        return _vector(
            np.asarray(self.origins[z]) + y * np.asarray(self.down) + x * np.asarray(self.right)
        )

    def to_pixel(self, place: Vector) -> tuple[int, float, float]:
        """Return the point of the nearest plane.

        Parameters
        ----------
        place : (x, y, z)
            Millimetres, LPS.

        Returns
        -------
        (z, y, x)
            Plane, and position in file pixels.

        Raises
        ------
        BadInput
            If the place is farther from every plane than neighbouring planes are from each other.
            A lone plane takes every place, straight along its normal.
        """
        normal = np.cross(self.right, self.down)
        normal /= np.linalg.norm(normal)
        away = np.asarray(place) - np.asarray(self.origins)
        distances = np.abs(away @ normal)
        z = int(distances.argmin())
        steps = np.diff(np.sort(np.asarray(self.origins) @ normal))
        if steps.size and distances[z] > steps.max():
            raise BadInput(f"{distances[z]:.1f} mm away from the nearest slice")
        axes = np.stack([self.down, self.right], axis=1)
        y, x = np.linalg.lstsq(axes, away[z])[0]
        return z, float(y), float(x)


def regular(
    depth: int,
    spacing: Sequence[float],
    origin: Sequence[float] = (0.0, 0.0, 0.0),
    direction: Sequence[float] = IDENTITY,
) -> Geometry:
    """Return the geometry of evenly spaced planes.

    Parameters
    ----------
    depth : int
        Number of planes.
    spacing : (float, float, float)
        Millimetres from plane to plane, row to row and column to column.
    origin : (x, y, z)
        Centre of the first voxel, LPS.
    direction : nine floats
        Direction cosines, row-major; columns for the x, y and z index.

    Returns
    -------
    Geometry
        The first plane lies at the origin.
    """
    right, down, onward = (np.reshape(direction, (3, 3)) * spacing[::-1]).T
    origins = np.asarray(origin) + np.outer(np.arange(depth), onward)
    return Geometry(tuple(map(_vector, origins)), _vector(down), _vector(right))


def _vector(values: npt.NDArray[np.float64]) -> Vector:
    x, y, z = values.tolist()
    return x, y, z
