"""An encoder with or without a decoder: what systems without a network of their own use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn.functional import normalize

from .encoder import Encoder, colour_range
from .layers import Norm, head
from .unet import UNetDecoder
from .vgg import VGG16, Stride

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class DenseNetwork(Encoder):
    """LD's network without the clusters; its weights have the same names.

    Parameters
    ----------
    channels : int
        Channels of the image.
    width : int
        Channels of the first stage.
    dimensions : int
        Channels of the decoder's embeddings.
    levels : int
        How many of the decoder's levels, from the finest, have an embedding. At 0 there is no
        decoder: the encoder's own five maps are the embeddings.
    norm : {"batch", "group"}
        Normalisation.
    finest_stride : {1, 2}
        Stride of the finest level.
    """

    def __init__(
        self,
        channels: int,
        width: int = 16,
        dimensions: int = 32,
        levels: int = 0,
        norm: Norm = "group",
        finest_stride: Stride = 2,
    ) -> None:
        super().__init__()
        self.backbone = VGG16(channels, width, norm, finest_stride)
        self.decodes = levels > 0
        self.decoder = UNetDecoder(self.backbone.widths, norm) if levels else None
        widths = self.decoder.widths[:levels] if self.decoder else ()
        self.embedding = nn.ModuleList(head(each, dimensions, norm) for each in widths)

    @property
    def strides(self) -> tuple[int, ...]:
        """Strides of the embeddings, finest first."""
        return self.backbone.strides[: len(self.embedding) or None]

    def embed(self, images: Tensor) -> dict[int, Tensor]:
        """See :meth:`Encoder.embed`."""
        return _unit(self.embed_unscaled(images))

    def embed_unscaled(self, images: Tensor) -> dict[int, Tensor]:
        """See :meth:`Encoder.embed_unscaled`."""
        return self._embeddings(self.backbone(colour_range(images)))

    def _embeddings(self, maps: Sequence[Tensor]) -> dict[int, Tensor]:
        levels = zip(self.strides, self._decode(maps), strict=True)
        return {stride: level.float() for stride, level in levels}

    def features(self, images: Tensor) -> dict[int, Tensor]:
        """See :meth:`Encoder.features`: the decoder's maps where there is one, or the encoder's."""
        maps: list[Tensor] = self.backbone(colour_range(images))
        if self.decoder is not None:
            maps = self.decoder(maps)
        return dict(zip(self.backbone.strides, maps, strict=True))

    def deepest(self, images: Tensor) -> Tensor:
        """See :meth:`Encoder.deepest`."""
        maps: list[Tensor] = self.backbone(colour_range(images))
        return maps[-1]

    def _decode(self, maps: Sequence[Tensor]) -> Sequence[Tensor]:
        if self.decoder is None:
            # Where a ReLU silences all channels there is no direction: all of them alike is one.
            return [level + 1e-6 for level in maps]
        decoded = zip(self.embedding, self.decoder(maps), strict=False)
        return [embed(level) for embed, level in decoded]

    def embed_whole(self, images: Tensor) -> Tensor:
        """See :meth:`Encoder.embed_whole`: what a global loss learned, decoder or not."""
        return normalize(describe(self.backbone, images), dim=1)

    def embed_all(self, images: Tensor) -> tuple[dict[int, Tensor], Tensor]:
        """See :meth:`Encoder.embed_all`."""
        maps: list[Tensor] = self.backbone(colour_range(images))
        return _unit(self._embeddings(maps)), normalize(_mean(maps), dim=1)


def _unit(levels: Mapping[int, Tensor]) -> dict[int, Tensor]:
    return {stride: normalize(level, dim=1) for stride, level in levels.items()}


def describe(backbone: VGG16, images: Tensor) -> Tensor:
    """Images (B, C, H, W) in [0, 1] -> means of the backbone's coarsest map, (B, D)."""
    return _mean(backbone(colour_range(images)))


def _mean(maps: Sequence[Tensor]) -> Tensor:
    return maps[-1].float().mean(dim=(2, 3))
