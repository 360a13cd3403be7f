"""LRC: pixels of one superpixel, seen in two views, are alike and unlike other superpixels.

The base, which is any published system, learns as it does alone, on its own views; beside its
losses the local term looks at two more views of some images, through the same encoder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from napari_localcl.data.errors import BadInput
from napari_localcl.data.progress import Progress
from napari_localcl.data.superpixels import Superpixels
from napari_localcl.losses.regions import contrastive_sampling
from napari_localcl.methods.method import BASE as PREFIX
from napari_localcl.methods.method import Method, Stage
from napari_localcl.models.sampling import sample_at

from .bare import Bare
from .presets import PRESET_HELP, PRESETS
from .sampling import RegionBatch, draw_regions
from .settings import BARE, LRCSettings, find_base, settle

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.shard import Shard
    from napari_localcl.methods.method import MethodSettings
    from napari_localcl.models.encoder import Encoder

STAGE = "regions-local"
TERM = "local"


@dataclass(frozen=True)
class Batch:
    """What the base looks at, and what the local term does; None where one has no part."""

    base: Any
    local: RegionBatch | None


class LRC(Method, name="lrc"):
    """Localized region contrast; see the module."""

    title = "LRC: localized region contrast, added to another system"
    paper = (
        "X. Yan, J. Naushad, C. You, H. Tang, S. Sun, K. Han, H. Ma, J. S. Duncan, X. Xie: "
        "Localized region contrast for enhancing self-supervised learning in medical image "
        "segmentation. MICCAI 2023, arXiv 2304.03406. Its constants are not public: these are ours"
    )
    Settings = LRCSettings
    presets = PRESETS
    preset_help = PRESET_HELP
    deciding = ("base", "base_preset")
    settings: LRCSettings

    def __init__(self, settings: LRCSettings, channels: int) -> None:
        super().__init__(settings, channels)
        self.base = find_base(settings.base)(settings, channels)
        self.heads = _heads(self.base.learning_encoder(), channels, settings)
        self._pool = torch.zeros(0, dtype=torch.long)
        self._check_two_stages()

    @classmethod
    def settle(
        cls, given: Mapping[str, object], preset: Mapping[str, Any] | None = None
    ) -> MethodSettings:
        """Return the settings of LRC on a base; see :meth:`Method.settle`."""
        return settle(given, preset or {})

    @classmethod
    def adopts(cls, settings: MethodSettings) -> bool:
        """See :meth:`Method.adopts`: where regions are learned alone."""
        return isinstance(settings, LRCSettings) and settings.base == BARE

    def adopt(self, encoder: Encoder) -> None:
        """See :class:`Adopts`."""
        assert isinstance(self.base, Bare)
        self.base.network = encoder
        self.heads = _heads(encoder, self.channels, self.settings)
        self._check_two_stages()

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The base's stages; where there are two steps, or no base, one for regions."""
        own = tuple(self.base.stages)
        if not own:
            return (Stage(STAGE, 1.0),)
        given = self.settings.lrc
        if not given.two_stage:
            return own
        rest = 1 - given.share
        shorter = (replace(stage, share=rest * stage.share) for stage in own)
        return (*shorter, Stage(STAGE, given.share))

    def _is_local(self, stage: str) -> bool:
        return stage == STAGE or not self.settings.lrc.two_stage

    @property
    def _fixed(self) -> nn.Module | None:
        """What stays as it is in the second of two stages."""
        encoder = self.base.learning_encoder()
        return getattr(encoder, "backbone", None) if self.settings.lrc.two_stage else None

    def _check_two_stages(self) -> None:
        decoder = getattr(self.base.learning_encoder(), "decoder", None)
        if self.settings.lrc.two_stage and (decoder is None or self._fixed is None):
            raise BadInput(
                f"base '{self.settings.base}' has no decoder that could learn alone: leave "
                "lrc.two_stage out"
            )

    def encoder(self) -> Encoder:
        """The base's, with its decoder."""
        # An average follows in the base's own stages only.
        follows = not self.settings.lrc.two_stage
        return self.base.encoder() if follows else self.learning_encoder()

    def learning_encoder(self) -> Encoder:
        """The base's."""
        return self.base.learning_encoder()

    def images_per_step(self) -> int:
        """The base's views and two of each image of the local term."""
        return self.base.images_per_step() + 2 * self.settings.lrc.images

    def enter(
        self, stage: str, images: PreparedImages, chance: torch.Generator
    ) -> Generator[Progress, bool | None, None]:
        """Let the base make ready, and find the regions of the images."""
        if self._is_local(stage):
            yield from self._find_regions(stage, images, chance)
        if stage != STAGE:
            yield from self.base.enter(stage, images, chance)

    def _find_regions(
        self, stage: str, images: PreparedImages, chance: torch.Generator
    ) -> Generator[Progress, bool | None, None]:
        pool = torch.randperm(len(images), generator=chance)[: self.settings.lrc.pool]
        superpixels = self._superpixels(images)
        for done, index in enumerate(pool.tolist(), 1):
            superpixels.find(index)
            self._pool = pool[:done]
            if (yield Progress("mine", stage, done, len(pool), message="finding regions")):
                break

    def _superpixels(self, images: PreparedImages) -> Superpixels:
        return Superpixels(images, self.settings.lrc.superpixels)

    def sample(
        self,
        stage: str,
        images: PreparedImages,
        chance: torch.Generator,
        shard: Shard,
        device: torch.device,
    ) -> Batch:
        """See :meth:`Method.sample`."""
        base = None
        if stage != STAGE:
            base = self.base.sample(stage, images, chance, shard, device)
        if not self._is_local(stage):
            return Batch(base, None)
        mirror = self.settings.sides == "learned"
        superpixels, given = self._superpixels(images), self.settings.lrc
        local = draw_regions(superpixels, self._pool, given, chance, shard, device, mirror)
        return Batch(base, local)

    def losses(self, stage: str, batch: Batch) -> dict[str, Tensor]:
        """The base's terms, and ``local``."""
        terms = {} if stage == STAGE else self.base.losses(stage, batch.base)
        if batch.local is not None:
            terms[TERM] = self.settings.lrc.weight * self._local(stage, batch.local)
        return terms

    def _local(self, stage: str, batch: RegionBatch) -> Tensor:
        """The mean over the levels of the contrastive sampling loss."""
        if stage == STAGE and self._fixed is not None:
            # What stays has no running means that could change, either.
            self._fixed.eval()
        levels = self.base.learning_encoder().embed_unscaled(batch.views)
        # Similarities divided by a temperature need more digits than bfloat16 has.
        with torch.autocast(batch.views.device.type, enabled=False):
            parts = [
                self._contrast(head, levels[int(stride)], batch)
                for stride, head in self.heads.items()
            ]
            return torch.stack(parts).mean()

    def _contrast(self, head: nn.Module, level: Tensor, batch: RegionBatch) -> Tensor:
        given, size = self.settings.lrc, (batch.views.shape[2], batch.views.shape[3])
        read = normalize(sample_at(level, batch.points.flatten(1, 2), size), dim=2)
        regions, pixels = batch.points.shape[1:3]
        vectors = normalize(head(read), dim=2).view(len(read), regions, pixels, -1)
        first, second = vectors.chunk(2)
        return contrastive_sampling(
            first, second, batch.present, given.temperature, given.form, given.across_images
        )

    def parameter_groups(self, stage: str) -> list[dict[str, Any]]:
        """The base's groups and one of the heads; of two stages, the second leaves the encoder."""
        rate = self.settings.learning_rate
        heads = {"params": list(self.heads.parameters()), "lr": rate}
        if stage != STAGE:
            return [*self.base.parameter_groups(stage), heads]
        fixed = set(self._fixed.parameters()) if self._fixed is not None else set()
        learning = [
            value
            for value in self.base.learning_encoder().parameters()
            if value.requires_grad and value not in fixed
        ]
        return [{"params": learning, "lr": rate}, heads]

    def after_step(self, stage: str, fraction: float) -> None:
        """The base's teachers follow, its queues advance."""
        if stage != STAGE:
            self.base.after_step(stage, fraction)

    def memory(self) -> dict[str, Tensor]:
        """What the base knows, and the images whose regions were found."""
        known = {f"{PREFIX}{name}": value for name, value in self.base.memory().items()}
        return known | {"pool": self._pool}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`memory` returned."""
        self._pool = memory["pool"]
        own = {name: value for name, value in memory.items() if name.startswith(PREFIX)}
        self.base.remember({name.removeprefix(PREFIX): value for name, value in own.items()})


def _heads(encoder: Encoder, channels: int, settings: LRCSettings) -> nn.ModuleDict:
    """By stride, what an embedding passes through before it is contrasted."""
    strides = [stride for stride in encoder.strides if stride <= settings.lrc.coarsest]
    lengths = _lengths(encoder, channels)
    width = settings.lrc.head
    return nn.ModuleDict(
        {str(stride): _head(lengths[stride], width) for stride in strides or encoder.strides[:1]}
    )


def _head(length: int, width: int) -> nn.Module:
    if not width:
        return nn.Identity()
    return nn.Sequential(nn.Linear(length, width), nn.ReLU(), nn.Linear(width, width))


def _lengths(encoder: Encoder, channels: int) -> dict[int, int]:
    """Length of the embeddings at each stride, as an empty image has them."""
    was_training = encoder.training
    with torch.no_grad():
        levels = encoder.eval().embed(torch.zeros(1, channels, 64, 64))
    encoder.train(was_training)
    return {stride: level.shape[1] for stride, level in levels.items()}
