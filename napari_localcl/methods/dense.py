"""The settings of systems that learn by LD's kind of network, without LD's losses."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from napari_localcl.methods.method import MethodSettings
from napari_localcl.models.dense_network import DenseNetwork


class DenseSettings(MethodSettings):
    """Settings of a :class:`DenseNetwork`."""

    width: int = Field(16, ge=4, le=64, description="channels of the first stage; VGG16 has 64")
    dimensions: int = Field(32, ge=4, le=256, description="length of the decoder's embeddings")
    levels: int = Field(
        0, ge=0, le=5, description="decoder levels with an embedding; 0: the encoder's own maps"
    )
    finest_stride: Literal[1, 2] = Field(2, description="stride of the finest level")
    norm: Literal["batch", "group"] = Field(
        "group", description="normalisation; statistics of a batch give away what belongs together"
    )

    def network(self, channels: int) -> DenseNetwork:
        """Build the network for images of so many channels."""
        return DenseNetwork(
            channels, self.width, self.dimensions, self.levels, self.norm, self.finest_stride
        )
