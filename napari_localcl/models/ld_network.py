"""LD's network: VGG16-BN encoder, U-Net decoder, embedding and clustering heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn.functional import normalize

from .encoder import Encoder, colour_range
from .layers import Norm, head
from .unet import UNetDecoder
from .vgg import VGG16, Stride

if TYPE_CHECKING:
    from collections.abc import Sequence


class LDNetwork(Encoder):
    """Chen et al., arXiv 2108.09440; at ``width=16``, ``levels=1`` it has 1.43 M parameters.

    Parameters
    ----------
    channels : int
        Channels of the image.
    width : int
        Channels of the first stage.
    dimensions : int
        Channels of the embeddings.
    clusters : int
        Channels of the clustering head.
    levels : int
        How many levels of the decoder, from the finest, have an embedding head; LD has one.
    norm : {"batch", "group"}
        Normalisation.
    finest_stride : {1, 2}
        Stride of the finest level; LD has 1.
    cluster_stride : {1, 2} or None
        Stride of the clusters' map; None is that of the finest level. Finer than that, each vector
        of the finest level says the shares of a block of pixels.
    """

    decodes = True

    def __init__(
        self,
        channels: int,
        width: int = 16,
        dimensions: int = 32,
        clusters: int = 16,
        levels: int = 1,
        norm: Norm = "batch",
        finest_stride: Stride = 1,
        cluster_stride: Stride | None = None,
    ) -> None:
        super().__init__()
        block = finest_stride // (cluster_stride or finest_stride)
        self.backbone = VGG16(channels, width, norm, finest_stride)
        self.decoder = UNetDecoder(self.backbone.widths, norm)
        self._strides = self.backbone.strides[:levels]
        widths = self.decoder.widths
        self.embedding = nn.ModuleList(head(w, dimensions, norm) for w in widths[:levels])
        self.clustering = head(widths[0], clusters * block**2, norm)
        self.to_pixels = nn.PixelShuffle(block) if block > 1 else nn.Identity()

    @property
    def strides(self) -> tuple[int, ...]:
        """Strides of the embeddings, finest first."""
        return self._strides

    def decode(self, images: Tensor) -> list[Tensor]:
        """Images (B, C, H, W) in [0, 1] -> the decoder's maps, finest first."""
        maps: list[Tensor] = self.decoder(self.backbone(colour_range(images)))
        return maps

    def embeddings(self, maps: Sequence[Tensor]) -> dict[int, Tensor]:
        """The decoder's maps -> stride: vectors (B, D, h, w), not yet of unit length.

        Training normalises them where it reads them, which is at few places.
        """
        levels = zip(self.strides, self.embedding, maps, strict=False)
        return {stride: embed(here).float() for stride, embed, here in levels}

    def assignment(self, maps: Sequence[Tensor]) -> Tensor:
        """The decoder's maps -> each pixel's shares in the clusters, (B, K, h, w).

        A sigmoid and L1 normalisation, not a softmax.
        """
        shares: Tensor = self.to_pixels(self.clustering(maps[0])).float().sigmoid()
        return shares / shares.sum(dim=1, keepdim=True)

    def embed(self, images: Tensor) -> dict[int, Tensor]:
        """See :meth:`Encoder.embed`."""
        vectors = self.embed_unscaled(images)
        return {stride: normalize(level, dim=1) for stride, level in vectors.items()}

    def embed_unscaled(self, images: Tensor) -> dict[int, Tensor]:
        """See :meth:`Encoder.embed_unscaled`."""
        return self.embeddings(self.decode(images))

    def features(self, images: Tensor) -> dict[int, Tensor]:
        """See :meth:`Encoder.features`: the decoder's maps, with an embedding or without."""
        return dict(zip(self.backbone.strides, self.decode(images), strict=True))

    def deepest(self, images: Tensor) -> Tensor:
        """See :meth:`Encoder.deepest`."""
        maps: list[Tensor] = self.backbone(colour_range(images))
        return maps[-1]
