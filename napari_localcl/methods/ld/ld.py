"""LD, local discrimination: patches, regions, and correspondences across images.

Chen, Li, Wang, Zheng and Cheng, "Unsupervised local discrimination for medical images",
arXiv 2108.09440; precursor in IPMI 2021, arXiv 2012.09333. Written from the papers.

Patches of two views of an image are told from all others (:func:`patch_terms`), and so are mixed
patches of mixed images (hypersphere mixup); soft clusters of pixels form regions that are told
from each other (:func:`region_terms`). Not in the paper: embeddings at every level of the decoder,
points contrasted at each of them, and a last stage on correspondences mined across images.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from napari_localcl.data.errors import BadInput
from napari_localcl.methods import correspondences
from napari_localcl.methods.correspondences import MinedPairs
from napari_localcl.methods.method import Method, Stage, stages_of
from napari_localcl.methods.points import PointPairs, contrast_levels
from napari_localcl.models.encoder import colour_range
from napari_localcl.models.ld_network import LDNetwork
from napari_localcl.models.pyramid import Pyramid
from napari_localcl.models.segmenter import build_segmenter, expect

from . import refine, shape
from .knowledge import ShapeKnowledge, first_guesses
from .refine import PseudoLabels, RefineBatch, refine_terms
from .sampling import PairBatch, PatchBatch, Sampler
from .settings import PRESET_HELP, PRESETS, SHAPE_PRESETS, LDSettings
from .shape import ShapeBatch, ShapeGuide, cosine_map
from .terms import patch_terms, region_terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.progress import Progress
    from napari_localcl.data.shard import Shard

# Every 10 epochs; patches have 20, regions 80.
HALVINGS = {"patches": 1, "regions": 7, shape.STAGE: 7}


class LD(Method, name="ld"):
    """Local discrimination; see the module."""

    title = "LD: unsupervised local discrimination"
    paper = (
        "H. Chen, J. Li, R. Wang, Y. Zheng, L. Cheng: Unsupervised local discrimination for "
        "medical images. arXiv 2108.09440 (2021)"
    )
    Settings = LDSettings
    presets = PRESETS
    shape_presets = SHAPE_PRESETS
    preset_help = PRESET_HELP
    settings: LDSettings

    def __init__(self, settings: LDSettings, channels: int) -> None:
        super().__init__(settings, channels)
        shaped = settings.shape.share > 0
        self.network = LDNetwork(
            channels,
            settings.width,
            settings.dimensions,
            settings.clusters,
            settings.levels,
            settings.norm,
            settings.finest_stride,
            cluster_stride=1 if shaped else None,
        )
        self.guide = ShapeGuide(self.network, settings.shape) if shaped else None
        self.segmenter = self._build_segmenter() if shaped and settings.shape.refine.share else None
        self._mined: MinedPairs | None = None
        self._knowledge: ShapeKnowledge | None = None
        self._labels: PseudoLabels | None = None
        self._fraction = 0.0

    @property
    def segments(self) -> bool:
        """Whether the settings make it learn a structure."""
        return self.guide is not None

    def _build_segmenter(self) -> nn.Module:
        return build_segmenter(self.channels, self.settings.shape.refine.width)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Patches, regions, then correspondences across images; or a shape and its refinement."""
        given = self.settings
        shares = {"patches": given.patches_share, "regions": given.regions_share}
        rounds = given.correspondences.rounds
        for turn in range(1, rounds + 1):
            shares[f"{correspondences.STAGE}-{turn}"] = given.correspondences_share / rounds
        shares[shape.STAGE] = given.shape.share * (1 - given.shape.refine.share)
        shares[refine.STAGE] = given.shape.share * given.shape.refine.share
        halvings = HALVINGS if given.schedule == "halving" else {}
        return tuple(
            replace(stage, halvings=halvings.get(stage.name, 0)) for stage in stages_of(shares)
        )

    def encoder(self) -> LDNetwork:
        """The network, averaged if it is; its embeddings are what tasks use."""
        return self.network if self.guide is None else self.guide.average

    def images_per_step(self) -> int:
        """Five views for each pair of images; a shape alone needs no mixtures."""
        given = self.settings
        mixed = given.patch_weight or given.mixup_weight or given.point_weight
        return given.views + given.pairs * bool(mixed)

    def enter(
        self, stage: str, images: PreparedImages, chance: torch.Generator
    ) -> Iterator[Progress]:
        """Mine correspondences where the stage needs them and there is more than one image."""
        self._mined = None
        if stage == shape.STAGE:
            yield from self._enter_shape(images, chance)
        if stage == refine.STAGE:
            self.eval()
            pool = self.settings.shape.refine.pool
            labels = yield from refine.label(images, self._first, pool, chance)
            known, self._knowledge = self._knowledge, None
            self._labels = labels if known is None else refine.trusted(labels, known)
            if self.segmenter is not None:
                expect(self.segmenter, self._labels.area)
            self.train()
        if stage.startswith(correspondences.STAGE) and len(images) > 1:
            self.eval()
            two_sides = self.settings.sides == "learned"
            self._mined = yield from correspondences.mine(
                images, self._embed, self.settings.correspondences, chance, two_sides
            )
            self.train()

    def _enter_shape(self, images: PreparedImages, chance: torch.Generator) -> Iterator[Progress]:
        if self._knowledge is None or self.guide is None:
            raise BadInput("a shape is learned from masks: give the run a prior ('shapes --prior')")
        self.guide.begin(self.network)
        given = self.settings.shape
        self._knowledge = yield from first_guesses(self._knowledge, images, given, chance)

    def know_shape(self, masks: Tensor, located: bool) -> None:
        """Take the masks of a prior; see :class:`LearnsShape`."""
        self._knowledge = ShapeKnowledge.of_prior(masks, located)

    def _embed(self, images: PreparedImages, chosen: list[int]) -> Pyramid:
        device = next(self.parameters()).device
        pixels = torch.from_numpy(images.batch(chosen)).to(device).float() / 255
        with torch.no_grad():
            maps = self.network.embed(pixels.contiguous(memory_format=torch.channels_last))
        return Pyramid.of({s: m.movedim(1, 3).bfloat16() for s, m in maps.items()}, images.canvas)

    def memory(self) -> dict[str, Tensor]:
        """Mined correspondences, what is known of a shape, and pseudo labels."""
        known = [one for one in (self._mined, self._knowledge, self._labels) if one is not None]
        tensors = {name: value for one in known for name, value in one.tensors().items()}
        if self._knowledge is not None:
            tensors["fraction"] = torch.tensor(self._fraction, dtype=torch.float64)
        return tensors

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`memory` returned."""
        self._mined = MinedPairs.of(memory) if "trusted" in memory else None
        self._knowledge = ShapeKnowledge.of(memory) if "masks" in memory else None
        self._labels = PseudoLabels.of(memory) if "pseudo_maps" in memory else None
        self._fraction = float(memory.get("fraction", torch.zeros(())))

    def sample(
        self,
        stage: str,
        images: PreparedImages,
        chance: torch.Generator,
        shard: Shard,
        device: torch.device,
    ) -> PatchBatch | PairBatch | ShapeBatch | RefineBatch:
        """See :meth:`Method.sample`."""
        sampler = Sampler(self.settings, images, chance, shard, device)
        if stage == shape.STAGE and self._knowledge is not None:
            return sampler.shapes(self._knowledge)
        if stage == refine.STAGE and self._labels is not None:
            return sampler.labelled(self._labels)
        return sampler.patches() if self._mined is None else sampler.pairs(self._mined)

    def losses(
        self, stage: str, batch: PatchBatch | PairBatch | ShapeBatch | RefineBatch
    ) -> dict[str, Tensor]:
        """The weighted terms of a stage; see :meth:`Method.losses`."""
        if isinstance(batch, RefineBatch):
            assert self.segmenter is not None
            logits = self.segmenter(_seen(self._looked_at(batch.views)))
            return refine_terms(logits, batch, self.settings.shape.refine.weighted)
        if isinstance(batch, PairBatch):
            embeddings = self.network.embeddings(self.network.decode(batch.views))
            return {"points": self._points(embeddings, batch.points)}
        if isinstance(batch, ShapeBatch):
            return self._shape_losses(batch)
        maps = self.network.decode(torch.cat([batch.views, batch.mixed]))
        embeddings = self.network.embeddings(maps)
        terms = self._patch_losses(embeddings, batch)
        if stage == "regions":
            terms |= self._region_losses(maps, embeddings, len(batch.views))[1]
        return terms

    def _shape_losses(self, batch: ShapeBatch) -> dict[str, Tensor]:
        assert self.guide is not None
        more = [] if batch.patches is None else [batch.patches.mixed]
        maps = self.network.decode(self._looked_at(torch.cat([batch.views, *more])))
        embeddings = self.network.embeddings(maps)
        terms = {} if batch.patches is None else self._patch_losses(embeddings, batch.patches)
        assignment, regions = self._region_losses(maps, embeddings, len(batch.views))
        return terms | regions | self.guide.terms(assignment[:, :1], batch, self._fraction)

    def _looked_at(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W), all channels of which hold the one that shows the structure."""
        given = self.settings.shape
        return images if given.channel == "all" else given.brightness(images).expand_as(images)

    def _patch_losses(
        self, embeddings: Mapping[int, Tensor], batch: PatchBatch
    ) -> dict[str, Tensor]:
        # Similarities divided by a temperature need more digits than bfloat16 has.
        with torch.autocast(batch.views.device.type, enabled=False):
            finest = embeddings[self.settings.finest_stride]
            terms = patch_terms(finest, batch, self.settings)
            if self.settings.point_weight:
                shown = len(batch.views)
                views = {stride: level[:shown] for stride, level in embeddings.items()}
                terms["points"] = self.settings.point_weight * self._points(views, batch.points)
        return terms

    def _region_losses(
        self, maps: list[Tensor], embeddings: Mapping[int, Tensor], shown: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Each pixel's shares in the clusters of the first views, and the regions' terms."""
        finest = normalize(embeddings[self.settings.finest_stride][:shown], dim=1)
        assignment = self.network.assignment([maps[0][:shown]])
        with torch.autocast(finest.device.type, enabled=False):
            return assignment, region_terms(assignment, finest, self.settings)

    def _points(self, embeddings: Mapping[int, Tensor], points: PointPairs) -> Tensor:
        half = len(points.first)
        first = {stride: level[:half] for stride, level in embeddings.items()}
        second = {stride: level[half:] for stride, level in embeddings.items()}
        device = points.first.device.type
        with torch.autocast(device, enabled=False):
            return contrast_levels(first, second, points, self.settings.points)

    def parameter_groups(self, stage: str) -> list[dict[str, Any]]:
        """The optimiser's groups: a shape has two players, its refinement a network of its own."""
        given = self.settings
        if stage == refine.STAGE and self.segmenter is not None:
            rate = given.shape.refine.learning_rate
            return [{"params": list(self.segmenter.parameters()), "lr": rate}]
        own = {"params": list(self.network.parameters()), "lr": given.learning_rate}
        if stage != shape.STAGE or self.guide is None:
            return [own]
        betas = (given.shape.momentum, 0.999)
        judge = list(self.guide.discriminator.parameters())
        rate = given.shape.discriminator_rate
        return [own | {"betas": betas}, {"params": judge, "lr": rate, "betas": betas}]

    def after_step(self, stage: str, fraction: float) -> None:
        """Let the average follow."""
        if stage == shape.STAGE and self.guide is not None:
            self._fraction = fraction
            self.guide.follow(self.network)

    def segment(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Segment the structure; see :class:`Segments`.

        The uncertainty is the binary entropy, in bits, of what both networks say on average.
        """
        first = self._first(images)
        if self.segmenter is None:
            return first, 1 - refine.certainty(first)
        refined = self.segmenter(_seen(self._looked_at(images))).float().sigmoid()
        return refined, 1 - refine.certainty((first + refined) / 2)

    def _first(self, images: Tensor) -> Tensor:
        """What the first network says of images (B, C, H, W), (B, 1, H, W)."""
        assert self.guide is not None
        images = self._looked_at(images.to(next(self.parameters()).device))
        network = self.guide.average
        with torch.no_grad():
            maps = network.decode(images.contiguous(memory_format=torch.channels_last))
            assignment = network.assignment(maps)
            if self.settings.shape.output == "attention":
                return assignment[:, :1]
            embedding = normalize(network.embeddings(maps)[self.settings.finest_stride], dim=1)
            return cosine_map(assignment, embedding, self.settings.region_temperature)


def _seen(images: Tensor) -> Tensor:
    return colour_range(images).contiguous(memory_format=torch.channels_last)
