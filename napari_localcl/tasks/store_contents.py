"""What a store of embeddings says of itself."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from napari_localcl.data.placement import Placement


class StoredImage(BaseModel):
    """An image, its row, and where it lies on the canvas; see :class:`Placement`."""

    model_config = ConfigDict(frozen=True)

    name: str
    row: int
    scale: float
    offset: tuple[float, float]
    file_size: tuple[int, int]
    mirrored: bool = False

    @classmethod
    def of(cls, name: str, row: int, placement: Placement) -> StoredImage:
        """An image of that name and row, placed so."""
        return cls(
            name=name,
            row=row,
            scale=placement.scale,
            offset=placement.offset,
            file_size=placement.file_size,
            mirrored=placement.mirrored,
        )

    def placement(self, canvas: tuple[int, int]) -> Placement:
        """Return where it lies on the canvas."""
        return Placement(self.scale, self.offset, self.file_size, canvas, self.mirrored)


class Contents(BaseModel):
    """What a store says of itself.

    Attributes
    ----------
    format : int
        Of the store.
    weights : str
        Hash of the encoder's weights.
    run : str
        Name of the run that learned them.
    channels, canvas : int, (int, int)
        Of the images, as the encoder sees them.
    strides : tuple of int
        Of the maps kept, finest first.
    keys : tuple of str
        What each row is of, see :func:`image_keys`.
    images : tuple of StoredImage
        Those that were embedded last, in order; rows of others are kept for when they come back.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    weights: str
    run: str
    channels: int
    canvas: tuple[int, int]
    strides: tuple[int, ...]
    keys: tuple[str, ...] = ()
    images: tuple[StoredImage, ...] = ()
