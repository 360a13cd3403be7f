"""LD, local discrimination: patches, regions, and correspondences across images.

Chen, Li, Wang, Zheng and Cheng, "Unsupervised local discrimination for medical images",
arXiv 2108.09440; precursor in IPMI 2021, arXiv 2012.09333. Written from the papers.

Patches of two views of an image are told from all others (:func:`patch_terms`), and so are mixed
patches of mixed images (hypersphere mixup); soft clusters of pixels form regions that are told
from each other (:func:`region_terms`). Not in the paper: embeddings at every level of the decoder,
points contrasted at each of them, and a last stage on correspondences mined across images.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import normalize

from napari_localcl.losses.contrast import (
    Instances,
    binary_entropy,
    instance_spreading,
    pool_regions,
    region_discrimination,
    region_prototypes,
)
from napari_localcl.losses.reduction import gather_rows, rank, shared_mean, weighted_mean
from napari_localcl.models.ld_network import LDNetwork
from napari_localcl.models.pyramid import Pyramid
from napari_localcl.models.sampling import sample_at

from . import correspondences
from .correspondences import MinedPairs
from .ld_sampling import PairBatch, PatchBatch, Sampler
from .ld_settings import PRESET_HELP, PRESETS, LDSettings
from .method import Method, Stage, stages_of
from .points import PointPairs, contrast_levels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.progress import Progress
    from napari_localcl.data.shard import Shard

# Every 10 epochs; patches have 20, regions 80.
HALVINGS = {"patches": 1, "regions": 7}


class LD(Method, name="ld"):
    """Local discrimination; see the module."""

    title = "LD: unsupervised local discrimination"
    paper = (
        "H. Chen, J. Li, R. Wang, Y. Zheng, L. Cheng: Unsupervised local discrimination for "
        "medical images. arXiv 2108.09440 (2021)"
    )
    Settings = LDSettings
    presets = PRESETS
    preset_help = PRESET_HELP
    settings: LDSettings

    def __init__(self, settings: LDSettings, channels: int) -> None:
        super().__init__(settings, channels)
        self.network = LDNetwork(
            channels,
            settings.width,
            settings.dimensions,
            settings.clusters,
            settings.levels,
            settings.norm,
            settings.finest_stride,
        )
        self._mined: MinedPairs | None = None

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Patches, then regions, then correspondences across images."""
        given = self.settings
        shares = {"patches": given.patches_share, "regions": given.regions_share}
        rounds = given.correspondences.rounds
        for turn in range(1, rounds + 1):
            shares[f"{correspondences.STAGE}-{turn}"] = given.correspondences_share / rounds
        halvings = HALVINGS if given.schedule == "halving" else {}
        return tuple(
            replace(stage, halvings=halvings.get(stage.name, 0)) for stage in stages_of(shares)
        )

    def encoder(self) -> LDNetwork:
        """The network; its embeddings are what tasks use."""
        return self.network

    def images_per_step(self) -> int:
        """Five views for each pair of images."""
        return 5 * self.settings.pairs

    def enter(
        self, stage: str, images: PreparedImages, chance: torch.Generator
    ) -> Iterator[Progress]:
        """Mine correspondences where the stage needs them and there is more than one image."""
        self._mined = None
        if stage.startswith(correspondences.STAGE) and len(images) > 1:
            self.eval()
            two_sides = self.settings.sides == "learned"
            self._mined = yield from correspondences.mine(
                images, self._embed, self.settings.correspondences, chance, two_sides
            )
            self.train()

    def _embed(self, images: PreparedImages, chosen: list[int]) -> Pyramid:
        device = next(self.parameters()).device
        pixels = torch.from_numpy(images.batch(chosen)).to(device).float() / 255
        with torch.no_grad():
            maps = self.network.embed(pixels.contiguous(memory_format=torch.channels_last))
        return Pyramid.of({s: m.movedim(1, 3).bfloat16() for s, m in maps.items()}, images.canvas)

    def memory(self) -> dict[str, Tensor]:
        """The mined correspondences."""
        return {} if self._mined is None else self._mined.tensors()

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Take back the mined correspondences."""
        self._mined = MinedPairs.of(memory) if memory else None

    def sample(
        self,
        stage: str,
        images: PreparedImages,
        chance: torch.Generator,
        shard: Shard,
        device: torch.device,
    ) -> PatchBatch | PairBatch:
        """See :meth:`Method.sample`."""
        sampler = Sampler(self.settings, images, chance, shard, device)
        return sampler.patches() if self._mined is None else sampler.pairs(self._mined)

    def losses(self, stage: str, batch: PatchBatch | PairBatch) -> dict[str, Tensor]:
        """The weighted terms of a stage; see :meth:`Method.losses`."""
        if isinstance(batch, PairBatch):
            embeddings = self.network.embeddings(self.network.decode(batch.views))
            return {"points": self._points(embeddings, batch.points)}
        maps = self.network.decode(torch.cat([batch.views, batch.mixed]))
        embeddings = self.network.embeddings(maps)
        # Similarities divided by a temperature need more digits than bfloat16 has.
        with torch.autocast(batch.views.device.type, enabled=False):
            finest = embeddings[self.settings.finest_stride]
            terms = patch_terms(finest, batch, self.settings)
            shown = len(batch.views)
            if self.settings.point_weight:
                views = {stride: level[:shown] for stride, level in embeddings.items()}
                terms["points"] = self.settings.point_weight * self._points(views, batch.points)
        if stage == "regions":
            assignment = self.network.assignment([maps[0][:shown]])
            terms |= region_terms(assignment, normalize(finest[:shown], dim=1), self.settings)
        return terms

    def _points(self, embeddings: Mapping[int, Tensor], points: PointPairs) -> Tensor:
        half = len(points.first)
        first = {stride: level[:half] for stride, level in embeddings.items()}
        second = {stride: level[half:] for stride, level in embeddings.items()}
        device = points.first.device.type
        with torch.autocast(device, enabled=False):
            return contrast_levels(first, second, points, self.settings.points)


def patch_terms(embedding: Tensor, batch: PatchBatch, settings: LDSettings) -> dict[str, Tensor]:
    """Patch discrimination and hypersphere mixup.

    Parameters
    ----------
    embedding : Tensor (5b, D, h, w)
        Finest embeddings of the batch's views and mixtures, of any length.
    batch : PatchBatch
        What they show.
    settings : LDSettings
        Grid, temperature, weights.

    Returns
    -------
    dict of str to Tensor ()
        ``patches``: ``-1/N sum_i [log P(i+|i) + sum_j log(1 - P(j|i))]`` over the patches that both
        views show; ``mixup``: the same for the patches of the mixtures, whose partners are
        ``normalise(w s_1 + (1 - w) s_2)``.
    """
    count = len(batch.views) // 2
    size = (batch.views.shape[2], batch.views.shape[3])
    height, width = (n // settings.patch_stride for n in size)
    weights = patch_weights((height, width), settings).to(embedding.device)
    first = pool_patches(embedding[:count], batch.lattice[0], weights, size)
    second = pool_patches(embedding[count : 2 * count], batch.lattice[1], weights, size)
    mixed = pool_patches(embedding[2 * count :], batch.lattice[0, 0::2], weights, size)
    shown = batch.shown.float().view(count, height, width, 1)
    both = _cells(shown, settings.grid).mean(dim=(2, 4)).flatten() > 0.5
    part = batch.share.view(-1, 1, 1)
    target = normalize(part * first[0::2] + (1 - part) * first[1::2], dim=2).detach()
    always = torch.ones(mixed.shape[0] * mixed.shape[1], dtype=torch.bool, device=both.device)
    return {
        "patches": settings.patch_weight * spread(first, second, both, settings.temperature),
        "mixup": settings.mixup_weight * spread(mixed, target, always, settings.temperature),
    }


def _cells(values: Tensor, grid: int) -> Tensor:
    """Values (n, h, w, C) -> (n, g, rows, g, columns, C)."""
    count, height, width, channels = values.shape
    return values.view(count, grid, height // grid, grid, width // grid, channels)


def patch_weights(size: tuple[int, int], settings: LDSettings) -> Tensor:
    """Weight of each embedding pixel in its patch, (rows, columns), summing to 1.

    Uniform as published for patch discrimination, or LD's centre-sensitive bell.
    """
    sides = [n // settings.grid for n in size]
    if not settings.centre_sensitive:
        return torch.full(sides, 1 / (sides[0] * sides[1]))
    rows, columns = (
        torch.exp(-(((torch.arange(n) - (n - 1) / 2) / (settings.centre_width * n)) ** 2) / 2)
        for n in sides
    )
    bell = rows[:, None] * columns
    return bell / bell.sum()


def pool_patches(
    embedding: Tensor, lattice: Tensor, weights: Tensor, size: tuple[int, int]
) -> Tensor:
    """Patch features: unit vectors (n, patches, D), from embeddings (n, D, h, w) at the lattice."""
    grid = math.isqrt(lattice.shape[1] // weights.numel())
    read = normalize(sample_at(embedding, lattice, size), dim=2)
    read = read.view(len(read), grid * weights.shape[0], grid * weights.shape[1], -1)
    pooled = torch.einsum("nirjcd,rc->nijd", _cells(read, grid), weights)
    return normalize(pooled.flatten(1, 2), dim=2)


def spread(first: Tensor, second: Tensor, usable: Tensor, temperature: float) -> Tensor:
    """Instance spreading over the patches (n, patches, D) of all processes.

    Row ``i`` of one side and row ``i`` of the other are two views of one patch.
    """
    sides = [first.flatten(0, 1), second.flatten(0, 1)]
    keys = torch.cat([gather_rows(side) for side in sides])
    known = gather_rows(usable)
    half = len(known)
    here = torch.arange(len(sides[0]), device=keys.device) + rank() * len(sides[0])
    values = [
        instance_spreading(
            side, keys, Instances(here + own, here + half - own, known.repeat(2)), temperature
        )
        for side, own in zip(sides, (0, half), strict=True)
    ]
    return weighted_mean(torch.cat(values), usable.repeat(2).float())


def region_terms(assignment: Tensor, embedding: Tensor, settings: LDSettings) -> dict[str, Tensor]:
    """Region discrimination and the clusters' entropy.

    Parameters
    ----------
    assignment : Tensor (n, K, h, w)
        Each pixel's shares in the clusters.
    embedding : Tensor (n, D, h, w)
        Unit vectors, the finest embeddings of the same views.
    settings : LDSettings
        Temperature and weights.
    """
    regions = pool_regions(assignment, embedding)  # (n, K, D)
    prototypes = region_prototypes(shared_mean(regions))  # (K, D), attached
    discrimination = region_discrimination(regions, prototypes, settings.region_temperature)
    return {
        "regions": settings.region_weight * discrimination,
        "entropy": settings.entropy_weight * binary_entropy(assignment),
    }
