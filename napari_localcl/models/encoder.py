"""What every task asks of an encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn
from torch.nn.functional import normalize


class Encoder(nn.Module, ABC):
    """Dense embeddings of an image at known strides, and one of all of it.

    Attributes
    ----------
    decodes : bool
        Whether the finest of the features knows what the coarser ones know, as behind a decoder.
    """

    decodes: bool = False

    @property
    @abstractmethod
    def strides(self) -> tuple[int, ...]:
        """Strides of the embeddings, finest first."""

    @abstractmethod
    def embed(self, images: Tensor) -> dict[int, Tensor]:
        """Images (B, C, H, W) in [0, 1] -> stride: unit vectors (B, D, H / stride, W / stride)."""

    def embed_unscaled(self, images: Tensor) -> dict[int, Tensor]:
        """What :meth:`embed` says, before its vectors are made to be of unit length.

        To make all of them so takes time that training saves where it reads only a few.
        """
        return self.embed(images)

    def embed_whole(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [0, 1] -> one unit vector each, (B, D).

        The mean of the coarsest dense embeddings, unless a system has its own.
        """
        return _mean(self.embed(images))

    def embed_all(self, images: Tensor) -> tuple[dict[int, Tensor], Tensor]:
        """What :meth:`embed` and :meth:`embed_whole` say, in one pass where they share it.

        A system with a :meth:`embed_whole` of its own saves the second pass by its own form of
        this.
        """
        dense = self.embed(images)
        if type(self).embed_whole is Encoder.embed_whole:
            return dense, _mean(dense)
        return dense, self.embed_whole(images)

    def features(self, images: Tensor) -> dict[int, Tensor]:
        """Images (B, C, H, W) in [0, 1] -> stride: maps (B, D, H / stride, W / stride).

        What a segmenter builds on; strides are powers of two. The embeddings, unless a network has
        maps that say more.
        """
        return self.embed(images)

    def deepest(self, images: Tensor) -> Tensor:
        """The coarsest of the features, without the work that only finer ones need."""
        maps = self.features(images)
        return maps[max(maps)]


def _mean(dense: dict[int, Tensor]) -> Tensor:
    return normalize(dense[max(dense)].mean(dim=(2, 3)), dim=1)


def colour_range(images: Tensor) -> Tensor:
    """[0, 1] -> [-1, 1], the range that networks see."""
    return images * 2 - 1
