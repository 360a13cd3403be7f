"""Pixels as they are, in the form of an encoder: what any learned representation has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn.functional import avg_pool2d

from .encoder import Encoder

if TYPE_CHECKING:
    from torch import Tensor

STRIDE = 4


class PixelEncoder(Encoder):
    """Means of blocks of pixels; knows nothing, and its vectors keep their length."""

    @property
    def strides(self) -> tuple[int, ...]:
        """One."""
        return (STRIDE,)

    def embed(self, images: Tensor) -> dict[int, Tensor]:
        """Images (B, C, H, W) -> means (B, C, H / 4, W / 4)."""
        return {STRIDE: avg_pool2d(images, STRIDE)}
