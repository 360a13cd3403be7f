"""The network that tells given shapes from segmented ones."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Literal

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

if TYPE_CHECKING:
    from collections.abc import Callable

    Layer = Callable[[nn.Conv2d], nn.Module]

Form = Literal["strided", "published"]

SLOPE = 0.2  # the release's LeakyReLU(True) has slope 1, which makes it linear


class ShapeDiscriminator(nn.Module):
    """Masks (B, 1, H, W) in [0, 1] -> one logit each (B,), above 0 for a given shape.

    Parameters
    ----------
    form : {"strided", "published"}
        As published, each convolution is followed by a pooling, which makes its first layers as
        costly as the segmenting network; strided convolutions of the same field of view cost a
        seventh.
    width : int
        Channels of the first layer.
    spectral : bool
        Divide each layer by its largest singular value (Miyato et al., ICLR 2018).

    Notes
    -----
    LD's shape-guided segmentation: five convolutions, two more, a global average, two 1x1
    convolutions; no normalisation. The sigmoid belongs to the loss here.
    """

    def __init__(self, form: Form = "strided", width: int = 16, spectral: bool = False) -> None:
        super().__init__()
        layer: Layer = spectral_norm if spectral else nn.Identity()
        build = _published if form == "published" else _strided
        self.body = build(width, layer)

    def forward(self, masks: Tensor) -> Tensor:
        """See the class."""
        logits: Tensor = self.body(masks).flatten().float()
        return logits


def _published(width: int, layer: Layer) -> nn.Sequential:
    widths = (1, width, *[2 * width] * 4)
    deep = widths[-1]
    shrinking = (
        nn.Sequential(layer(nn.Conv2d(before, after, 3, padding=1)), _bend(), nn.MaxPool2d(2))
        for before, after in itertools.pairwise(widths)
    )
    # Padded, unlike the release's, so that views smaller than its 448 pixels can be judged too.
    further = (nn.Sequential(layer(nn.Conv2d(deep, deep, 3, padding=1)), _bend()) for _ in range(2))
    return nn.Sequential(*shrinking, *further, *_verdict(deep, layer))


def _strided(width: int, layer: Layer) -> nn.Sequential:
    widths = (1, width, 2 * width, 4 * width, 4 * width)
    shrinking = (
        nn.Sequential(layer(nn.Conv2d(before, after, 4, 2, 1)), _bend())
        for before, after in itertools.pairwise(widths)
    )
    last = nn.Sequential(layer(nn.Conv2d(widths[-1], widths[-1], 3, padding=1)), _bend())
    return nn.Sequential(*shrinking, last, *_verdict(widths[-1], layer))


def _verdict(width: int, layer: Layer) -> tuple[nn.Module, ...]:
    average = nn.AdaptiveAvgPool2d(1)
    return average, layer(nn.Conv2d(width, width, 1)), _bend(), layer(nn.Conv2d(width, 1, 1))


def _bend() -> nn.LeakyReLU:
    return nn.LeakyReLU(SLOPE)
