"""An encoder without a loss of its own: what LRC is added to where it learns alone.

``--from RUN`` gives it the encoder of any run, a supervised one too: its weights, where the network
is of the same kind, and else the network as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from napari_localcl.methods.dense import DenseSettings
from napari_localcl.methods.method import Method

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.shard import Shard
    from napari_localcl.methods.method import Stage
    from napari_localcl.models.encoder import Encoder


class BareSettings(DenseSettings):
    """Settings of a network with a decoder."""

    levels: int = Field(4, ge=1, le=5, description="decoder levels with an embedding")


PRESETS: dict[str, dict[str, Any]] = {"small": {}, "faithful": {"width": 64}}


class Bare(Method):
    """No published system: a network, and no losses."""

    title = "a network alone"
    paper = ""
    Settings = BareSettings
    presets = PRESETS
    settings: BareSettings

    def __init__(self, settings: BareSettings, channels: int) -> None:
        super().__init__(settings, channels)
        self.network: Encoder = settings.network(channels)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """None."""
        return ()

    def encoder(self) -> Encoder:
        """The network."""
        return self.network

    def images_per_step(self) -> int:
        """None."""
        return 0

    def sample(
        self,
        stage: str,
        images: PreparedImages,
        chance: torch.Generator,
        shard: Shard,
        device: torch.device,
    ) -> None:
        """Nothing is looked at."""

    def losses(self, stage: str, batch: Any) -> dict[str, Tensor]:
        """Nothing is minimised."""
        return {}
