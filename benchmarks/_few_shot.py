"""The same light fine-tuning for any encoder: a linear head on its features.

First the head alone learns, then all: Kumar et al., "Fine-tuning can distort pretrained features
and underperform out-of-distribution", ICLR 2022.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch
from _report import drain
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn.functional import interpolate

from napari_localcl.data.masks import read_mask
from napari_localcl.methods.views import GeometryRanges, draw_geometry
from napari_localcl.models.class_head import feature_widths
from napari_localcl.tasks.preparing import prepare_as_learned
from napari_localcl.tasks.pretraining import load_encoder
from napari_localcl.tasks.segmentation import in_file_pixels
from napari_localcl.training.devices import has_bf16

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.models.encoder import Encoder

    Labels = npt.NDArray[np.uint8]

BATCH = 4
SETTLING = 16  # images
PLACES = 8000  # of the labelled images that the head begins with
RATES = {"head": 1e-3, "encoder": 3e-4}
GEOMETRY = GeometryRanges(rotation=10, zoom=(0.9, 1.1), shift=0.05, elastic=0.01)


class Segmenter(nn.Module):
    """An encoder with a 1 x 1 convolution on all its features, enlarged to the image."""

    def __init__(self, encoder: Encoder, channels: int, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        widths = feature_widths(encoder, channels)
        self.norms = nn.ModuleList(
            nn.GroupNorm(1, width, affine=False) for width in widths.values()
        )
        self.head = nn.Conv2d(sum(widths.values()), classes, 1)

    def describe(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) -> all features (B, D, h, w), as fine as the finest of them."""
        maps = self.encoder.features(images)
        size = maps[min(maps)].shape[2:]
        levels = [
            interpolate(norm(maps[stride]), size, mode="bilinear", align_corners=False)
            for stride, norm in zip(sorted(maps), self.norms, strict=True)
        ]
        return torch.cat(levels, dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) -> logits (B, classes, H, W)."""
        logits = self.head(self.describe(images))
        return interpolate(logits.float(), images.shape[2:], mode="bilinear", align_corners=False)


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

    def settle(self, encoder: Encoder) -> None:
        """Let the normalisation of random weights see images, or they would be no fair rival."""
        for layer in encoder.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = None  # a plain mean
        chosen = np.linspace(0, len(self.images) - 1, SETTLING).astype(int).tolist()
        with torch.no_grad():
            encoder.train().features(torch.from_numpy(self.images.batch(chosen)).float() / 255)

    def dice(self, train: Sequence[int], test: Sequence[int], steps: int, seed: int) -> float:
        """Mean Dice over structures and images of `test`, at the files' own size."""
        torch.manual_seed(seed)
        encoder, _ = load_encoder(self._run)
        segmenter = Segmenter(encoder, self._channels, self.classes)
        segmenter.to(memory_format=torch.channels_last)
        self._tune(segmenter, train, steps, seed)
        return float(np.nanmean([self._score(segmenter, index) for index in test]))

    def _begin(self, segmenter: Segmenter, pixels: Tensor, labels: Tensor, seed: int) -> None:
        """Let the head begin with what logistic regression finds, the encoder being as it is."""
        chance = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            described = segmenter.describe(pixels)
        size = described.shape[2:]
        told = interpolate(labels[:, None].float(), size, mode="nearest")[:, 0].long().flatten()
        drawn = torch.randperm(len(told), generator=chance)[:PLACES]
        rows = described.movedim(1, 3).flatten(0, 2)[drawn].float().numpy()
        scaler = StandardScaler().fit(rows)
        told = told[drawn].numpy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = LogisticRegression(C=0.1, max_iter=100, class_weight="balanced").fit(
                scaler.transform(rows), told
            )
        weights = model.coef_ / scaler.scale_
        bias = model.intercept_ - weights @ scaler.mean_
        if len(model.classes_) == 2:  # one line of weights tells both
            weights, bias = (np.concatenate([-one, one]) / 2 for one in (weights, bias))
        with torch.no_grad():
            head = segmenter.head
            head.weight[model.classes_] = torch.from_numpy(weights).float()[..., None, None]
            head.bias[model.classes_] = torch.from_numpy(bias).float()

    def _tune(self, segmenter: Segmenter, train: Sequence[int], steps: int, seed: int) -> None:
        from monai.losses.dice import DiceCELoss

        chance = torch.Generator().manual_seed(seed)
        pixels = torch.from_numpy(self.images.batch(train)).float() / 255
        labels = torch.stack([self._on_canvas(index) for index in train])
        groups = [
            {"params": part.parameters(), "lr": RATES[name]}
            for name, part in (("head", segmenter.head), ("encoder", segmenter.encoder))
        ]
        optimizer = torch.optim.Adam(groups)
        # In evaluation mode throughout: four images would spoil what batches were normalised by.
        self._begin(segmenter.eval(), pixels, labels, seed)
        rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        loss = DiceCELoss(to_onehot_y=True, softmax=True, include_background=False)
        for _ in range(steps):
            drawn = torch.randint(len(train), (BATCH,), generator=chance)
            geometry = draw_geometry(BATCH, self.images.canvas, GEOMETRY, chance)
            # A warped one-hot mask is told again by its largest share.
            shares = nn.functional.one_hot(labels[drawn], self.classes).movedim(3, 1).float()
            told = geometry.warp(shares).argmax(dim=1, keepdim=True)
            optimizer.zero_grad()
            loss(_logits(segmenter, geometry.warp(pixels[drawn])), told).backward()
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

    def _score(self, segmenter: Segmenter, index: int) -> float:
        with torch.inference_mode():
            logits = _logits(segmenter, torch.from_numpy(self.images.batch([index])).float() / 255)[
                0
            ]
        found = in_file_pixels(logits.softmax(dim=0), self.images.placements[index]).argmax(dim=0)
        truth = torch.from_numpy(self._truth[index].astype(np.int64))
        scores = []
        for label in range(1, self.classes):
            total = int((found == label).sum() + (truth == label).sum())
            if total:
                scores.append(2 * int(((found == label) & (truth == label)).sum()) / total)
        return float(np.mean(scores)) if scores else float("nan")


def _logits(segmenter: Segmenter, images: Tensor) -> Tensor:
    """Images (B, C, H, W) -> logits (B, classes, H, W), as fast as the machine can."""
    with torch.autocast("cpu", torch.bfloat16, enabled=has_bf16("cpu")):
        logits: Tensor = segmenter(images.contiguous(memory_format=torch.channels_last))
    return logits
