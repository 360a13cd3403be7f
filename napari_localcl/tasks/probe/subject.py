"""An encoder that is probed, with the images as it wants them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from napari_localcl.methods.points import textured
from napari_localcl.models.sampling import sample_at
from napari_localcl.training.chance import mix

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.methods import Method
    from napari_localcl.models.encoder import Encoder
    from napari_localcl.training.record import RunRecord

BATCH = 8  # images embedded at once
PLACES = 24  # of the grid that is asked about, along the longer side of an image
SETTLING = 2  # batches by which the normalisation of random weights settles


@dataclass(frozen=True, eq=False)
class Subject:
    """An encoder and its images.

    Places of an image are asked about on one grid, :attr:`grid`, whatever strides an encoder has:
    its embeddings are read there, bilinearly, at every stride and joined.

    Attributes
    ----------
    name : str
        In the table.
    run : Path
        Its run folder, or that of which it has the architecture.
    encoder : Encoder
        In evaluation mode, on its device.
    record : RunRecord
        The run's.
    images : PreparedImages
        At the run's own size, prepared as the run has it.
    bf16 : bool
        Whether to compute in bfloat16.
    twin : str
        Name of the same architecture with random weights; '' if this is one.
    """

    name: str
    run: Path
    encoder: Encoder
    record: RunRecord
    images: PreparedImages
    bf16: bool = False
    twin: str = ""

    @property
    def device(self) -> torch.device:
        """Where the encoder is."""
        return next(self.encoder.parameters()).device

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images."""
        return self.images.canvas

    def chance(self, seed: int, what: str) -> torch.Generator:
        """What a figure draws from: the same for every encoder, and for every figure its own."""
        return torch.Generator().manual_seed(mix(seed, *what.encode()))

    @cached_property
    def grid(self) -> Tensor:
        """Places (P, 2) of an image that are asked about, pixels of the canvas."""
        return grid_of(self.size, PLACES)

    @property
    def step(self) -> float:
        """Distance of two neighbours of the grid, pixels."""
        return max(self.size) / PLACES

    def batches(self, most: int | None = None) -> Iterator[list[int]]:
        """Yield the indices of a few images at a time, of at most `most`, evenly spaced."""
        count = len(self.images)
        chosen = torch.linspace(0, count - 1, min(count, most or count)).round().long().tolist()
        for start in range(0, len(chosen), BATCH):
            yield chosen[start : start + BATCH]

    def pixels(self, chosen: Sequence[int]) -> Tensor:
        """Images (B, C, H, W) from 0 to 1."""
        pixels = torch.from_numpy(self.images.batch(chosen)).to(self.device).float() / 255
        return pixels.contiguous(memory_format=torch.channels_last)

    def describe(self, pixels: Tensor, points: Tensor) -> Tensor:
        """Embeddings (B, P, D) of points (B, P, 2) of images (B, C, H, W), unit vectors."""
        height, width = pixels.shape[2:]
        with torch.inference_mode(), self._autocast():
            maps = self.encoder.embed(pixels)
        levels = _read(maps, points.to(self.device), (height, width))
        return normalize(torch.cat([normalize(level, dim=2) for level in levels], dim=2), dim=2)

    def features(self, pixels: Tensor, points: Tensor) -> Tensor:
        """Return what a segmenter builds on, (B, P, D), at points (B, P, 2) of images."""
        height, width = pixels.shape[2:]
        with torch.inference_mode(), self._autocast():
            maps = self.encoder.features(pixels)
        return torch.cat(_read(maps, points.to(self.device), (height, width)), dim=2)

    def whole(self, pixels: Tensor) -> Tensor:
        """One embedding (B, D) of each image (B, C, H, W)."""
        with torch.inference_mode(), self._autocast():
            return self.encoder.embed_whole(pixels).float()

    def shows(self, chosen: Sequence[int]) -> Tensor:
        """Which places (B, P) of the grid lie on their image and have something around them."""
        valid = torch.from_numpy(self.images.valid(chosen))
        rows, columns = self.grid.round().long().unbind(dim=1)
        pixels = self.pixels(chosen)
        points = self.grid.expand(len(pixels), -1, -1).to(self.device)
        return (valid[:, rows, columns].to(self.device) & textured(pixels, points)).cpu()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)


def _read(maps: dict[int, Tensor], points: Tensor, size: tuple[int, int]) -> list[Tensor]:
    """Vectors (B, P, D) of places of images of this size, of every stride, finest first."""
    return [sample_at(maps[stride].float(), points, size) for stride in sorted(maps)]


def grid_of(size: tuple[int, int], places: int) -> Tensor:
    """Centres (P, 2) of equal squares, `places` along the longer side, pixels."""
    step = max(size) / places
    rows, columns = ((torch.arange(round(n / step)) + 0.5) * step - 0.5 for n in size)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1).view(-1, 2)


def with_random_weights(subject: Subject, learner: Method, name: str, seed: int) -> Subject:
    """Return the same architecture with fresh weights.

    Its normalisation sees the images, or what it makes of them would be near one point: a control
    should be as good as it can be without learning.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(mix(seed, 1))
        fresh = type(learner)(learner.settings, learner.channels).encoder()
    twin = replace(subject, name=name, encoder=fresh.to(subject.device).eval(), twin="")
    norms = [m for m in fresh.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.train()
        norm.momentum = None  # a plain mean over the batches
    if norms:
        for chosen in twin.batches(SETTLING * BATCH):
            twin.describe(twin.pixels(chosen), twin.grid.expand(len(chosen), -1, -1))
    fresh.eval()
    return twin


def architecture(encoder: Encoder, record: RunRecord) -> tuple[object, ...]:
    """What two runs must have in common to share images and a random twin."""
    weights = tuple((name, tuple(value.shape)) for name, value in encoder.state_dict().items())
    how = (record.settings.get("local_contrast"), record.settings.get("sides"))
    return type(encoder).__name__, weights, record.canvas, record.channels, how, record.sides
