"""What ACTION's student and teacher both are: a backbone with heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from napari_localcl.models.class_head import ClassHead, feature_widths
from napari_localcl.models.unet_network import UNetNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_localcl.models.encoder import Encoder

    from .settings import ActionSettings, DistillationSettings

CELLS = 4  # that a window is averaged to, along a side


class ActionNetwork(nn.Module):
    """A backbone with heads.

    Parameters
    ----------
    settings : ActionSettings
        The run's.
    channels : int
        Channels of the image.
    classes : int
        Classes to be told apart, without the background; 0 where none are known yet.
    backbone : Encoder or None
        The encoder to build on; None is a fresh U-Net.
    """

    def __init__(
        self,
        settings: ActionSettings,
        channels: int,
        classes: int = 0,
        backbone: Encoder | None = None,
    ) -> None:
        super().__init__()
        given = settings.distillation
        backbone = backbone or UNetNetwork(
            channels, settings.width, settings.norm, settings.dropout
        )
        widths = feature_widths(backbone, channels)
        self.backbone = backbone
        self.pixels = None
        if classes:
            self.pixels = ClassHead(backbone, channels, classes, settings.width, settings.norm)
        self.whole = perceptron(widths[max(widths)], given) if settings.global_share else None
        self.windows = None
        if settings.local_share and self.pixels is not None:
            self.windows = perceptron(self.pixels.widths[0] * CELLS**2, given)
        self._grid = given.windows

    def embed_whole(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [0, 1] -> one vector each, (B, D), of any length."""
        assert self.whole is not None
        described = self.backbone.deepest(images).float().mean(dim=(2, 3))
        return precisely(self.whole, described)

    def maps(self, images: Tensor) -> list[Tensor]:
        """The maps that pixels are told apart by; see :class:`ClassHead`."""
        assert self.pixels is not None
        return self.pixels.maps(images, self.backbone.features(images))

    def logits(self, maps: Sequence[Tensor]) -> Tensor:
        """The maps -> logits (B, 1 + classes, H, W)."""
        assert self.pixels is not None
        return self.pixels.logits(maps)

    def embed_windows(self, maps: Sequence[Tensor]) -> Tensor:
        """The maps -> vectors (B, P, D) of windows, of any length."""
        assert self.windows is not None
        return precisely(self.windows, cut_windows(maps[0], self._grid))


def cut_windows(maps: Tensor, grid: int) -> Tensor:
    """Overlapping windows of maps, each averaged to 4 x 4 cells.

    Parameters
    ----------
    maps : Tensor (B, C, H, W)
        Sides are multiples of ``2 * grid``.
    grid : int
        A window is as long as this part of a side; the next one begins half a window further.

    Returns
    -------
    Tensor (B, P, C * 16)
        ``P = (2 * grid - 1) ** 2`` windows, row by row; first the cells of the first channel.
    """
    cells = adaptive_avg_pool2d(maps.float(), grid * CELLS)
    windows = cells.unfold(2, CELLS, CELLS // 2).unfold(3, CELLS, CELLS // 2)
    # (B, C, rows, columns, 4, 4): places before channels, or images and windows would be mixed.
    return windows.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


def perceptron(inputs: int, given: DistillationSettings) -> nn.Sequential:
    """Two layers with a nonlinearity between, which the release's heads lack."""
    return nn.Sequential(
        nn.Linear(inputs, given.hidden), nn.ReLU(), nn.Linear(given.hidden, given.dimensions)
    )


def precisely(head: nn.Module, vectors: Tensor) -> Tensor:
    """What a head says of vectors: images differ by less than bfloat16 can tell."""
    with torch.autocast(vectors.device.type, enabled=False):
        said: Tensor = head(vectors.float())
        return said
