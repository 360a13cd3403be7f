"""MoCo v2: a query encoder tells its view of an image from a queue of earlier views.

The keys come from an average of the query encoder. Published with ResNet-50 and batch statistics
shuffled among GPUs; here with LD's kind of network, group normalisation instead of shuffling, and
Adam instead of SGD.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from napari_localcl.losses.queue import queue_contrast
from napari_localcl.losses.reduction import gather_rows
from napari_localcl.methods.method import Method, Stage
from napari_localcl.methods.two_views import draw_two_views
from napari_localcl.models.averaging import follow
from napari_localcl.models.dense_network import describe

from .settings import PRESET_HELP, PRESETS, MoCoSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.progress import Progress
    from napari_localcl.data.shard import Shard
    from napari_localcl.models.dense_network import DenseNetwork
    from napari_localcl.models.vgg import VGG16

STAGE = "images"


class MoCo(Method, name="moco"):
    """Momentum contrast; see the module."""

    title = "MoCo v2: momentum contrast of whole images"
    paper = (
        "X. Chen, H. Fan, R. Girshick, K. He: Improved baselines with momentum contrastive "
        "learning. arXiv 2003.04297 (2020)"
    )
    Settings = MoCoSettings
    presets = PRESETS
    preset_help = PRESET_HELP
    settings: MoCoSettings
    queue: Tensor
    place: Tensor

    def __init__(self, settings: MoCoSettings, channels: int) -> None:
        super().__init__(settings, channels)
        self.network = settings.network(channels)
        self.head = _head(self.network.backbone.widths[-1], settings.hidden, settings.projected)
        # Only the encoder has a part in the global loss, so no decoder needs an average.
        self.key_backbone = copy.deepcopy(self.network.backbone).requires_grad_(False)
        self.key_head = copy.deepcopy(self.head).requires_grad_(False)
        drawn = torch.randn(settings.queue, settings.projected)
        self.register_buffer("queue", normalize(drawn, dim=1))
        self.register_buffer("place", torch.zeros((), dtype=torch.long))
        self._keys: Tensor | None = None

    @property
    def stages(self) -> tuple[Stage, ...]:
        """One."""
        return (Stage(STAGE, 1.0),)

    def encoder(self) -> DenseNetwork:
        """The query encoder."""
        return self.network

    def images_per_step(self) -> int:
        """Two views of each image."""
        return 2 * self.settings.batch

    def enter(
        self, stage: str, images: PreparedImages, chance: torch.Generator
    ) -> Iterator[Progress]:
        """Begin the average with the weights as they are, which may be those of another run."""
        self._follow(0.0)
        yield from ()

    def parameter_groups(self, stage: str) -> list[dict[str, Any]]:
        """The optimiser's groups: all but the average."""
        learning = [value for value in self.parameters() if value.requires_grad]
        given = self.settings
        decay = given.weight_decay
        return [{"params": learning, "lr": given.learning_rate, "weight_decay": decay}]

    def sample(
        self,
        stage: str,
        images: PreparedImages,
        chance: torch.Generator,
        shard: Shard,
        device: torch.device,
    ) -> Tensor:
        """Two views (2 b, C, H, W) of this process's images, first ones first."""
        given = self.settings
        chosen = torch.randint(len(images), (given.batch,), generator=chance)
        mirror = given.sides == "learned"
        return draw_two_views(images, chosen, given.views, chance, shard, device, mirror).pixels

    def losses(self, stage: str, batch: Tensor) -> dict[str, Tensor]:
        """``images``: tell the first view's image by the second view, among the queue's."""
        first, second = batch.chunk(2)
        queries = self._project(self.network.backbone, self.head, first)
        with torch.no_grad():
            keys = self._project(self.key_backbone, self.key_head, second)
        self._keys = gather_rows(keys)
        # Similarities divided by a temperature need more digits than bfloat16 has.
        with torch.autocast(batch.device.type, enabled=False):
            loss = queue_contrast(queries, keys, self.queue, self.settings.temperature)
        return {STAGE: loss}

    @staticmethod
    def _project(backbone: VGG16, head: nn.Module, views: Tensor) -> Tensor:
        return normalize(head(describe(backbone, views)).float(), dim=1)

    def after_step(self, stage: str, fraction: float) -> None:
        """The average follows, and all processes' keys enter the queue."""
        self._follow(self.settings.momentum)
        if self._keys is None:
            return
        keys, self._keys = self._keys[-len(self.queue) :], None
        rows = (self.place + torch.arange(len(keys), device=keys.device)) % len(self.queue)
        self.queue[rows] = keys
        self.place.add_(len(keys)).remainder_(len(self.queue))

    @torch.no_grad()
    def _follow(self, momentum: float) -> None:
        follow(self.key_backbone, self.network.backbone, momentum)
        follow(self.key_head, self.head, momentum)


def _head(dimensions: int, hidden: int, projected: int) -> nn.Sequential:
    """MoCo v2's multi-layer perceptron."""
    return nn.Sequential(nn.Linear(dimensions, hidden), nn.ReLU(), nn.Linear(hidden, projected))
