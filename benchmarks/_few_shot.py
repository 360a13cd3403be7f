"""The same light fine-tuning for any encoder: a linear head on its dense embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from _report import drain
from torch import Tensor, nn
from torch.nn.functional import interpolate

from napari_localcl.data.masks import read_mask
from napari_localcl.methods.views import GeometryRanges, draw_geometry
from napari_localcl.tasks.preparing import prepare_as_learned
from napari_localcl.tasks.pretraining import load_encoder
from napari_localcl.tasks.segmentation import in_file_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.models.encoder import Encoder

    Labels = npt.NDArray[np.uint8]

BATCH = 4
RATES = {"head": 1e-2, "encoder": 3e-4}
GEOMETRY = GeometryRanges(rotation=10, zoom=(0.9, 1.1), shift=0.05, elastic=0.01)


class Probe(nn.Module):
    """An encoder with a 1 x 1 convolution on all its levels, enlarged to the image."""

    def __init__(self, encoder: Encoder, channels: int, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        with torch.no_grad():
            maps = encoder.eval().embed(torch.zeros(1, channels, 64, 64))
        self.head = nn.Conv2d(sum(level.shape[1] for level in maps.values()), classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) -> logits (B, classes, H, W)."""
        maps = self.encoder.embed(images)
        size = maps[min(maps)].shape[2:]
        levels = [
            interpolate(level.float(), size, mode="bilinear", align_corners=False)
            for level in maps.values()
        ]
        logits = self.head(torch.cat(levels, dim=1))
        return interpolate(logits, images.shape[2:], mode="bilinear", align_corners=False)


class FewShot:
    """The images of a set as a run has them, ready to be learned from in small numbers.

    Parameters
    ----------
    folder : Path
        With `images/` and `masks/`.
    run : Path
        Whose encoder.
    """

    def __init__(self, folder: Path, run: Path) -> None:
        self._run = run
        _, record = load_encoder(run)
        assert record.channels is not None
        self._channels = record.channels
        self.images: PreparedImages = drain(prepare_as_learned(folder / "images", record, None))
        self._truth: list[Labels] = [
            read_mask(folder / "masks" / name).labels for name in self.images.names
        ]
        self.classes = 1 + max(int(labels.max()) for labels in self._truth)

    def dice(self, train: Sequence[int], test: Sequence[int], steps: int, seed: int) -> float:
        """Mean Dice over structures and images of `test`, at the files' own size."""
        torch.manual_seed(seed)
        encoder, _ = load_encoder(self._run)
        probe = Probe(encoder, self._channels, self.classes)
        self._tune(probe, train, steps, seed)
        probe.eval()
        return float(np.nanmean([self._score(probe, index) for index in test]))

    def _tune(self, probe: Probe, train: Sequence[int], steps: int, seed: int) -> None:
        from monai.losses.dice import DiceCELoss

        chance = torch.Generator().manual_seed(seed)
        pixels = torch.from_numpy(self.images.batch(train)).float() / 255
        labels = torch.stack([self._on_canvas(index) for index in train])
        groups = [
            {"params": part.parameters(), "lr": RATES[name]}
            for name, part in (("head", probe.head), ("encoder", probe.encoder))
        ]
        optimizer = torch.optim.Adam(groups)
        rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        loss = DiceCELoss(to_onehot_y=True, softmax=True, include_background=False)
        probe.train()
        for _ in range(steps):
            drawn = torch.randint(len(train), (BATCH,), generator=chance)
            geometry = draw_geometry(BATCH, self.images.canvas, GEOMETRY, chance)
            # A warped one-hot mask is told again by its largest share.
            shares = nn.functional.one_hot(labels[drawn], self.classes).movedim(3, 1).float()
            told = geometry.warp(shares).argmax(dim=1, keepdim=True)
            optimizer.zero_grad()
            loss(probe(geometry.warp(pixels[drawn])), told).backward()
            optimizer.step()
            rate.step()

    def _on_canvas(self, index: int) -> Tensor:
        """The labels (H, W) of an image at working size."""
        height, width = self.images.canvas
        rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
        points = self.images.placements[index].to_file(np.stack([rows, columns], axis=-1))
        labels = self._truth[index]
        places = points.round().astype(int)
        y, x = (places[..., axis].clip(0, labels.shape[axis] - 1) for axis in (0, 1))
        return torch.from_numpy(labels[y, x].astype(np.int64))

    def _score(self, probe: Probe, index: int) -> float:
        with torch.inference_mode():
            logits = probe(torch.from_numpy(self.images.batch([index])).float() / 255)[0]
        found = in_file_pixels(logits.softmax(dim=0), self.images.placements[index]).argmax(dim=0)
        truth = torch.from_numpy(self._truth[index].astype(np.int64))
        scores = []
        for label in range(1, self.classes):
            total = int((found == label).sum() + (truth == label).sum())
            if total:
                scores.append(2 * int(((found == label) & (truth == label)).sum()) / total)
        return float(np.mean(scores)) if scores else float("nan")
