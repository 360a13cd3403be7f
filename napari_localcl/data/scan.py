"""What an image is. The order of axes, the meaning of a point and of spacing are said here, once.

Pixels are `(channel, [depth,] height, width)`. A point is `(y, x)` in pixels of the file as
stored, and (0, 0) is the centre of the first pixel. Spacing is in millimetres per spatial axis, in
the order of the axes, and None where the file does not state it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.generic[Any]]

# A plane of 16384 x 16384 and a volume of 4 GiB in 16 bit: more is a damaged header or belongs
# into tiles, and would not fit into the memory of an ordinary computer once it is decoded.
_MOST_PIXELS = 2**28
_MOST_VALUES = 2**31


class UnusableImage(BadInput):
    """A file that holds no usable image.

    Parameters
    ----------
    name : str or Path
        The file.
    reason : str
        What is wrong with it, as the rest of a sentence that begins with the file's name.

    Attributes
    ----------
    reason : str
        The same, for a list that names the files itself.
    """

    def __init__(self, name: str | Path, reason: str) -> None:
        super().__init__(f"{name} {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Header:
    """What a file says of its image before any pixel is decoded.

    Parameters
    ----------
    size : (int, int)
        Height and width in pixels.
    depth : int
        Number of planes; 1 for a plain image.
    channels : int
        1 for grey; more for colour.
    spacing : (float, float), optional
        Millimetres per pixel along height and width; None if unknown.

    Raises
    ------
    BadInput
        If the sizes are such that no memory would hold the image.
    """

    size: tuple[int, int]
    depth: int = 1
    channels: int = 1
    spacing: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        height, width = self.size
        if min(height, width, self.depth, self.channels) < 1:
            raise BadInput("holds no pixels")
        pixels = height * width
        if pixels > _MOST_PIXELS or pixels * self.depth * self.channels > _MOST_VALUES:
            planes = f"{self.depth} planes of " if self.depth > 1 else ""
            raise BadInput(
                f"claims {planes}{height} x {width} pixels, more than can be handled; "
                "it is damaged, or has to be cut into smaller images"
            )


@dataclass(frozen=True, eq=False)
class Scan:
    """One image or volume as its file holds it.

    Parameters
    ----------
    pixels : (C, [D,] H, W) ndarray
        In the type of the file; rescaled DICOM is float32. Bright is always high: where the file
        says that low values are white, they are turned.
    path : Path
        The file, or the first of a series.
    spacing : tuple of float, optional
        Millimetres per spatial axis, as many as there are; None if any is unknown.
    direction : tuple of nine floats, optional
        Direction cosines as ITK has them: row-major, columns for the x, y and z index, in the
        patient's left-posterior-superior frame.
    origin : tuple of three floats, optional
        Millimetres `(x, y, z)` of the centre of the first voxel in the same frame.
    modality : str
        As DICOM abbreviates it, such as `MR`; empty if unknown.
    window : (float, float), optional
        Pixel values to be shown as black and as white, if the file states them.
    reduction : int
        File pixels per pixel along height and width; 1 unless less than the file was asked for.
    """

    pixels: Pixels
    path: Path
    spacing: tuple[float, ...] | None = None
    direction: tuple[float, ...] | None = None
    origin: tuple[float, ...] | None = None
    modality: str = ""
    window: tuple[float, float] | None = None
    reduction: int = 1

    @property
    def is_volume(self) -> bool:
        """Whether there is a depth axis."""
        return self.pixels.ndim == 4

    @property
    def depth(self) -> int:
        """Number of planes; 1 for a plain image."""
        return int(self.pixels.shape[1]) if self.is_volume else 1

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.pixels.shape[-2:]
        return int(height), int(width)

    def plane(self, z: int | None = None) -> Pixels:
        """Return one plane.

        Parameters
        ----------
        z : int, optional
            Which one, from 0; None or 0 for a plain image.

        Returns
        -------
        (C, H, W) ndarray
            A view, not a copy.

        Raises
        ------
        IndexError
            If there is no such plane.
        """
        if not 0 <= (z or 0) < self.depth:
            raise IndexError(f"{self.path} has no plane {z}; its planes are 0 to {self.depth - 1}")
        return self.pixels[:, z or 0] if self.is_volume else self.pixels
