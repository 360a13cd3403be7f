"""ACE's network: a backbone, a dense and a global head; composition and decomposition heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

from .encoder import Encoder, colour_range
from .tokens import Backbone, Cell, ChannelNorm, build_backbone

if TYPE_CHECKING:
    from .tokens import Tokens

HeadNorm = Literal["batch", "layer"]


@dataclass(frozen=True)
class NetworkForm:
    """What a network of ACE is made of; see :mod:`napari_localcl.models.tokens`.

    Attributes
    ----------
    backbone, width, depth, heads, cell, extent, drop_path
        The backbone's.
    dense_head : bool
        Whether tokens pass a head of their own, as where they are matched.
    head_norm : {"batch", "layer"}
        What is normalised in that head.
    global_width, global_dimensions, prototypes : int
        Of the global head.
    """

    backbone: Backbone
    width: int
    depth: int
    heads: int
    cell: Cell
    extent: int
    dense_head: bool
    head_norm: HeadNorm
    global_width: int
    global_dimensions: int
    prototypes: int
    drop_path: float = 0.0


class ACENetwork(Encoder):
    """Zhou et al., WACV 2025, arXiv 2501.10131: what a student and its teacher both are.

    Parameters
    ----------
    channels : int
        Channels of the image.
    form : NetworkForm
        Its parts and their sizes.
    """

    def __init__(self, channels: int, form: NetworkForm) -> None:
        super().__init__()
        self._stride = form.cell
        self.backbone = build_backbone(
            form.backbone,
            channels,
            form.width,
            form.depth,
            form.cell,
            form.heads,
            form.extent,
            form.drop_path,
        )
        self.dense = dense_head(form.width, form.head_norm) if form.dense_head else nn.Identity()
        self.consistency = GlobalHead(
            form.width, form.global_width, form.global_dimensions, form.prototypes
        )

    @property
    def strides(self) -> tuple[int, ...]:
        """One stride, the side of a cell."""
        return (self._stride,)

    def tokens(self, images: Tensor) -> Tokens:
        """Images (B, C, H, W) in [0, 1] -> what the backbone says of them."""
        tokens: Tokens = self.backbone(colour_range(images))
        return tokens

    def vectors(self, tokens: Tokens) -> Tensor:
        """Tokens -> unit vectors (B, D, h, w)."""
        return normalize(self.dense(tokens.maps).float(), dim=1)

    def embed(self, images: Tensor) -> dict[int, Tensor]:
        """See :meth:`Encoder.embed`: the vectors that training matches."""
        return {self._stride: self.vectors(self.tokens(images))}

    def embed_whole(self, images: Tensor) -> Tensor:
        """See :meth:`Encoder.embed_whole`: the class token, or the mean of the vectors."""
        return self.embed_all(images)[1]

    def embed_all(self, images: Tensor) -> tuple[dict[int, Tensor], Tensor]:
        """See :meth:`Encoder.embed_all`."""
        tokens = self.tokens(images)
        vectors = self.vectors(tokens)
        whole = vectors.mean(dim=(2, 3)) if tokens.whole is None else tokens.whole
        return {self._stride: vectors}, normalize(whole.float(), dim=1)

    def features(self, images: Tensor) -> dict[int, Tensor]:
        """See :meth:`Encoder.features`: the backbone's maps, before the head for matching."""
        maps: list[Tensor] = self.backbone.levels(colour_range(images))
        return {self._stride >> level: each for level, each in enumerate(reversed(maps))}


def dense_head(width: int, norm: HeadNorm) -> nn.Sequential:
    """Three times 1x1 convolution, normalisation, ReLU."""
    normalise = nn.BatchNorm2d if norm == "batch" else ChannelNorm
    layers = [
        layer
        for _ in range(3)
        for layer in (nn.Conv2d(width, width, 1, bias=False), normalise(width), nn.ReLU())
    ]
    return nn.Sequential(*layers)


class GlobalHead(nn.Module):
    """DINO's head: vectors (B, D) -> logits (B, prototypes), cosines with the prototypes.

    Caron et al., "Emerging properties in self-supervised vision transformers", ICCV 2021.

    Parameters
    ----------
    inputs, width, dimensions, prototypes : int
        Length of what comes in, of the two hidden layers, of the unit vector, and of what goes out.
    """

    def __init__(self, inputs: int, width: int, dimensions: int, prototypes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, width),
            nn.GELU(),
            nn.Linear(width, width),
            nn.GELU(),
            nn.Linear(width, dimensions),
        )
        self.prototypes = nn.Parameter(torch.randn(prototypes, dimensions))

    def forward(self, vectors: Tensor, learns: bool = True) -> Tensor:
        """Logits; with `learns` false the prototypes stay as they are."""
        prototypes = self.prototypes if learns else self.prototypes.detach()
        unit = normalize(self.layers(vectors).float(), dim=1)
        # Temperatures are low: cosines need more digits than bfloat16 has.
        with torch.autocast(unit.device.type, enabled=False):
            return linear(unit, normalize(prototypes, dim=1))


class CompositionHead(nn.Sequential):
    """Tokens (B, D, h, w) -> each block of `scale` x `scale` as one, (B, D, h / scale, ...)."""

    def __init__(self, width: int, scale: int) -> None:
        super().__init__(nn.PixelUnshuffle(scale), *_perceptron(scale**2 * width, width))


class DecompositionHead(nn.Sequential):
    """Tokens (B, D, h, w) -> each as a block of `scale` x `scale`, (B, D, h * scale, ...)."""

    def __init__(self, width: int, scale: int) -> None:
        super().__init__(*_perceptron(width, scale**2 * width), nn.PixelShuffle(scale))


def _perceptron(inputs: int, outputs: int) -> list[nn.Module]:
    # The bias would be undone by the normalisation that follows.
    first = nn.Conv2d(inputs, outputs, 1, bias=False)
    return [first, ChannelNorm(outputs), nn.ReLU(), nn.Conv2d(outputs, outputs, 1)]
