"""Pyramids of embeddings whose correspondence is known.

The embedding of a place is made of random Fourier features of where it lies in the anatomy (the
canonical coordinates), so that similarity falls with distance like a Gaussian, at every stride as
wide as the stride asks for.
"""

import torch

from napari_localcl.models.pyramid import Pyramid
from napari_localcl.models.sampling import cell_centres

STRIDES = (2, 4, 8, 16, 32)
SIZE = (128, 128)


def features(places: torch.Tensor, width: float, pairs: int = 48) -> torch.Tensor:
    """Places (..., 2) -> unit vectors (..., 2 * pairs); similar within about ``width`` pixels."""
    chance = torch.Generator().manual_seed(5)
    waves = torch.randn(2, pairs, generator=chance) / width
    phase = places @ waves
    return torch.cat([phase.cos(), phase.sin()], dim=-1) / pairs**0.5


def same(places):
    """The image is the anatomy."""
    return places


def pyramid(*anatomies, strides=STRIDES, size=SIZE) -> Pyramid:
    """One image for each function from pixels (N, 2) to canonical coordinates (N, 2)."""
    maps = {}
    for stride in strides:
        cells = cell_centres(size, stride)
        shape = (size[0] // stride, size[1] // stride, -1)
        images = [features(where(cells), 3.0 * stride).view(shape) for where in anatomies]
        maps[stride] = torch.stack(images)
    return Pyramid.of(maps, size)


class Affine:
    """Pixels to canonical coordinates: ``linear @ (p - centre) + centre + shift``."""

    def __init__(self, degrees=0.0, zoom=1.0, shift=(0.0, 0.0), size=SIZE):
        angle = torch.tensor(degrees).deg2rad()
        rows = [[angle.cos(), -angle.sin()], [angle.sin(), angle.cos()]]
        self.linear = torch.tensor(rows) / zoom
        self.centre = (torch.tensor(size) - 1) / 2
        self.shift = torch.tensor(shift)

    def __call__(self, places):
        return (places - self.centre) @ self.linear.T + self.centre + self.shift

    def back(self, canonical):
        """Canonical coordinates to pixels."""
        moved = canonical - self.centre - self.shift
        return moved @ torch.linalg.inv(self.linear).T + self.centre


class Bend:
    """A smooth wave of some pixels, as pixels to canonical coordinates."""

    def __init__(self, height=8.0, length=256.0):
        self.height, self.length = height, length

    def __call__(self, places):
        return places + self.height * (places.flip(-1) * (6.283 / self.length)).sin()

    def back(self, canonical):
        """Canonical coordinates to pixels, by iteration."""
        places = canonical
        for _ in range(50):
            places = canonical - (self(places) - places)
        return places


AFFINE = Affine(degrees=8, zoom=1.1, shift=(5.0, -4.0))
BEND = Bend()


def some_points(margin=28.0, count=60):
    """Points (1, count, 2) that stay in the image under the warps used here."""
    chance = torch.Generator().manual_seed(1)
    span = torch.tensor(SIZE) - 1 - 2 * margin
    return margin + torch.rand(1, count, 2, generator=chance) * span


def errors(found, wanted):
    """Distances in pixels."""
    return (found - wanted).norm(dim=-1)


def plain(stride=8, width=4):
    """Embeddings (1, h, w, D) that say nothing."""
    return torch.ones(1, SIZE[0] // stride, SIZE[1] // stride, width) / width**0.5
