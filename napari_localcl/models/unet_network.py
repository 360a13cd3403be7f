"""A U-Net as an encoder: what a segmenter is begun with where there is no earlier run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn.functional import normalize

from .encoder import Encoder, colour_range

if TYPE_CHECKING:
    from .layers import Norm


class UNetNetwork(Encoder):
    """MONAI's basic U-Net with five levels, its last convolution left to whoever reads the maps.

    Falk et al., "U-Net: deep learning for cell counting, detection, and morphometry", Nature
    Methods 2019; at ``width=16`` the U-Net that ACTION and most semi-supervised work use, with
    1.9 M parameters.

    Parameters
    ----------
    channels : int
        Channels of the image.
    width : int
        Channels of the finest level; each coarser one has twice as many.
    norm : {"batch", "group"}
        Normalisation.
    dropout : float
        Probability with which an activation is dropped in training.
    """

    decodes = True

    def __init__(
        self, channels: int, width: int = 16, norm: Norm = "batch", dropout: float = 0.0
    ) -> None:
        super().__init__()
        from monai.networks.nets.basic_unet import BasicUNet

        widths = tuple(width * 2**level for level in range(5))
        normalised = ("group", {"num_groups": 4}) if norm == "group" else "batch"
        # The bias would be undone by the normalisation that follows.
        self.net = BasicUNet(
            2, channels, 1, (*widths, width), norm=normalised, bias=False, dropout=dropout
        )
        self.net.final_conv = nn.Identity()

    @property
    def strides(self) -> tuple[int, ...]:
        """Strides of the embeddings, finest first."""
        return (1, 2, 4, 8, 16)

    def embed(self, images: Tensor) -> dict[int, Tensor]:
        """See :meth:`Encoder.embed`."""
        levels = self.features(images).items()
        # Where there is no activation at all there is no direction: all of them alike is one.
        return {stride: normalize(level.float() + 1e-6, dim=1) for stride, level in levels}

    def features(self, images: Tensor) -> dict[int, Tensor]:
        """See :meth:`Encoder.features`: the decoder's maps, the encoder's at the coarsest."""
        net, encoded = self.net, self._encode(images)
        maps = encoded[-1:]
        for decode, skip in zip(
            (net.upcat_4, net.upcat_3, net.upcat_2, net.upcat_1), encoded[-2::-1], strict=True
        ):
            maps.insert(0, decode(maps[0], skip))
        return dict(zip(self.strides, maps, strict=True))

    def deepest(self, images: Tensor) -> Tensor:
        """See :meth:`Encoder.deepest`: the encoder alone."""
        return self._encode(images)[-1]

    def _encode(self, images: Tensor) -> list[Tensor]:
        net = self.net
        maps = [net.conv_0(colour_range(images))]
        for level in (net.down_1, net.down_2, net.down_3, net.down_4):
            maps.append(level(maps[-1]))
        return maps
