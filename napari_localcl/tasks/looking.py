"""How a network that segments looks at images: once, mirrored, or through windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_localcl.training.devices import choose_precision

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from napari_localcl.methods.method import Segments

CHUNK = 8
FLIPS: tuple[tuple[int, ...], ...] = ((), (3,), (2,), (2, 3))


@dataclass(frozen=True)
class Looking:
    """How a network looks at images.

    Attributes
    ----------
    flips : bool
        Whether it also sees their mirror images, along each axis and both, and all are averaged.
    magnification : float
        Of the working image that it learned from. A larger one is looked at through windows as
        large as what it learned from.
    """

    flips: bool = False
    magnification: float = 1.0


class Onlooker:
    """What a run has learned, on a device; it looks through windows at what is larger.

    Parameters
    ----------
    learner : Segments
        What has learned, on the device.
    device : {'cpu', 'cuda', 'mps'}
        Where it computes.
    looking : Looking
        How it looks.
    window : (int, int)
        Height and width of the images that it is to see at once.
    """

    def __init__(
        self, learner: Segments, device: str, looking: Looking, window: tuple[int, int]
    ) -> None:
        self._learner = learner
        self._device = device
        self._fast = choose_precision(device) == "bf16-mixed"
        self._flips = FLIPS if looking.flips else FLIPS[:1]
        self._window = window

    def __call__(self, pixels: npt.NDArray[np.uint8]) -> Tensor:
        """Images (B, C, H, W) -> probabilities of K classes, and uncertainty, (B, K + 1, H, W)."""
        images = torch.from_numpy(pixels).to(self._device).float() / 255
        fast = torch.autocast(self._device, torch.bfloat16, enabled=self._fast)
        with torch.no_grad(), fast:
            found = [self._slid(images.flip(axes)).flip(axes) for axes in self._flips]
        return torch.stack(found).mean(dim=0).cpu()

    def _slid(self, images: Tensor) -> Tensor:
        if images.shape[2:] == self._window:
            return self._look(images)
        from monai.inferers.inferer import SlidingWindowInferer

        slide = SlidingWindowInferer(self._window, CHUNK, overlap=0.5, mode="gaussian")
        return torch.as_tensor(slide(images, self._look))

    def _look(self, images: Tensor) -> Tensor:
        return torch.cat([maps.float() for maps in self._learner.segment(images)], dim=1)
