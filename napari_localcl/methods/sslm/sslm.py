"""SSLM: learn the spatial context of frames by putting their tiles in order.

Manna, Bhattacharya and Pal, "SSLM: self-supervised learning for medical diagnosis from MR video",
arXiv 2104.10481; precursor arXiv 2007.07761. Written from the papers.

A frame is cut into nine tiles with gaps between them, each is disturbed by itself, and the network
tells which of some permutations they came in. Not in the papers: permutations as unlike each other
as can be, and Adam instead of RMSprop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from napari_localcl.data.progress import Progress
from napari_localcl.methods.method import Method, Stage
from napari_localcl.models.sslm_network import SLOTS, PermutationHead, SSLMNetwork

from .permutations import far_orders, random_orders
from .settings import PRESET_HELP, PRESETS, SSLMSettings
from .tiles import PuzzleBatch, draw_puzzles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.shard import Shard

STAGE = "permutations"
HALVINGS = 4  # 0.95 per epoch over 50 epochs


class SSLM(Method, name="sslm"):
    """Spatial context of frames; see the module."""

    title = "SSLM: spatial context of MR frames"
    paper = (
        "S. Manna, S. Bhattacharya, U. Pal: SSLM: self-supervised learning for medical diagnosis "
        "from MR video. arXiv 2104.10481 (2021)"
    )
    Settings = SSLMSettings
    presets = PRESETS
    preset_help = PRESET_HELP
    settings: SSLMSettings

    def __init__(self, settings: SSLMSettings, channels: int) -> None:
        super().__init__(settings, channels)
        self.network = SSLMNetwork(channels, settings.branch, settings.trunk, settings.norm)
        self.head = PermutationHead(self.network.width, settings.hidden, settings.permutations)
        orders = torch.arange(SLOTS).expand(settings.permutations, -1).clone()
        self.register_buffer("orders", orders)
        self.orders: Tensor

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The puzzle alone."""
        return (Stage(STAGE, 1.0, HALVINGS if self.settings.schedule == "halving" else 0),)

    def encoder(self) -> SSLMNetwork:
        """The network without the head that only the puzzle needs."""
        return self.network

    def images_per_step(self) -> int:
        """Frames of a step."""
        return self.settings.frames

    def parameter_groups(self, stage: str) -> list[dict[str, Any]]:
        """Where the branches are joined, weights are kept small."""
        joined = self.network.join[0].weight
        rate = self.settings.learning_rate
        others = [value for value in self.parameters() if value is not joined]
        return [
            {"params": others, "lr": rate},
            {"params": [joined], "lr": rate, "weight_decay": self.settings.decay},
        ]

    def enter(
        self, stage: str, images: PreparedImages, chance: torch.Generator
    ) -> Iterator[Progress]:
        """Choose the permutations."""
        yield Progress("note", message=f"choosing {self.settings.permutations} orders of tiles")
        choose = far_orders if self.settings.choice == "far" else random_orders
        self.orders.copy_(choose(self.settings.permutations, chance))

    def sample(
        self,
        stage: str,
        images: PreparedImages,
        chance: torch.Generator,
        shard: Shard,
        device: torch.device,
    ) -> PuzzleBatch:
        """See :meth:`Method.sample`."""
        return draw_puzzles(self.settings, self.orders, images, chance, shard, device)

    def losses(self, stage: str, batch: PuzzleBatch) -> dict[str, Tensor]:
        """Cross-entropy of the permutations."""
        return {STAGE: cross_entropy(self.order_logits(batch.tiles).float(), batch.classes)}

    def order_logits(self, tiles: Tensor) -> Tensor:
        """Tiles (B, 9, C, t, t) in their slots -> logits of the permutations (B, P)."""
        logits: Tensor = self.head(self.network.tiles(tiles))
        return logits
