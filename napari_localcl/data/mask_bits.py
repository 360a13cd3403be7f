"""A mask in little memory, so that many steps can be undone."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Bits:
    """A binary mask, packed.

    Parameters
    ----------
    size : (int, int)
        Height and width in pixels.
    packed : bytes
        Its pixels.
    """

    size: tuple[int, int]
    packed: bytes

    @classmethod
    def of(cls, mask: Mask) -> Bits:
        """Return a mask (H, W) packed."""
        height, width = mask.shape
        return cls((height, width), zlib.compress(np.packbits(mask).tobytes(), 1))

    def mask(self) -> Mask:
        """Return the mask, (H, W)."""
        height, width = self.size
        packed = np.frombuffer(zlib.decompress(self.packed), np.uint8)
        return np.unpackbits(packed, count=height * width).reshape(self.size).astype(bool)
