"""Encoders whose figures one can tell in advance, and images made for them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import avg_pool2d, normalize

from napari_localcl.data.placement import fit
from napari_localcl.models.encoder import Encoder
from napari_localcl.tasks.probe.subject import Subject
from napari_localcl.training.record import RunRecord

SIDE = 96


@dataclass
class Pictures:
    """What a probe asks of prepared images."""

    pixels: np.ndarray  # (N, 3, SIDE, SIDE)
    canvas: tuple[int, int] = (SIDE, SIDE)

    def __len__(self):
        return len(self.pixels)

    @property
    def names(self):
        return tuple(f"{index}.png" for index in range(len(self)))

    @property
    def placements(self):
        return (fit(self.canvas, self.canvas),) * len(self)

    def batch(self, indices):
        return self.pixels[list(indices)]

    def valid(self, indices):
        return np.ones((len(indices), *self.canvas), bool)


def maps_of_places(count: int = 6) -> Pictures:
    """Images whose first two channels say where a pixel is, and whose third is noise."""
    ramp = np.linspace(0, 255, SIDE)
    noise = np.random.default_rng(0).integers(0, 255, (count, SIDE, SIDE))
    rows, columns = np.meshgrid(ramp, ramp, indexing="ij")
    both = np.broadcast_to(np.stack([rows, columns]), (count, 2, SIDE, SIDE))
    return Pictures(np.concatenate([both, noise[:, None]], axis=1).round().astype(np.uint8))


def plain_colours(count: int = 6) -> Pictures:
    """Images of one grey level each, all different, none black, with a little noise."""
    levels = np.linspace(60, 240, count)[:, None, None, None]
    noise = np.random.default_rng(0).normal(0, 1, (count, 3, SIDE, SIDE))
    return Pictures((levels + noise).round().astype(np.uint8))


class _Fake(Encoder):
    strides = (4,)

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


class TellsPlaces(_Fake):
    """Sees in the first two channels what a place is."""

    def embed(self, images):
        y, x = (avg_pool2d(images[:, c : c + 1], 4) * 8 for c in (0, 1))
        bumps = torch.arange(9.0).view(1, -1, 1, 1)
        down, across = (torch.exp(-((v - bumps) ** 2) * 2) for v in (y, x))
        both = torch.einsum("bihw,bjhw->bijhw", down, across)
        return {4: normalize(both.flatten(1, 2), dim=1)}


class TellsNothing(_Fake):
    """Makes the same of everything."""

    def embed(self, images):
        height, width = (n // 4 for n in images.shape[2:])
        return {4: torch.ones(len(images), 16, height, width) / 4}


class TellsShades(_Fake):
    """A bag of grey levels: the whole is the mean of its parts, exactly."""

    def embed(self, images):
        levels = torch.arange(32.0).view(1, -1, 1, 1) / 31
        near = torch.exp(-(((images[:, :1] - levels) * 31) ** 2))
        return {4: normalize(avg_pool2d(near, 4), dim=1)}

    def embed_whole(self, images):
        levels = torch.arange(32.0).view(1, -1, 1, 1) / 31
        return torch.exp(-(((images[:, :1] - levels) * 31) ** 2)).mean(dim=(2, 3))


def subject_of(encoder: Encoder, images: Pictures) -> Subject:
    """What the figures take."""
    record = RunRecord(verb="pretrain", method="fake", settings={}, seed=0)
    return Subject("fake", Path("fake"), encoder.eval(), record, images, twin="random weights")
