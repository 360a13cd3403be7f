"""Random views of images whose geometry is kept, because the geometry is the supervision.

A view is drawn in two steps: first its parameters (:func:`draw_geometry`), then the pixels by one
``grid_sample`` (:meth:`Geometry.warp`). Points move between image and view by the same parameters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from napari_localcl.models.sampling import sample_at, to_unit


@dataclass(frozen=True)
class GeometryRanges:
    """Ranges from which the geometry of a view is drawn; every field is a half-width unless said.

    Attributes
    ----------
    rotation : float
        Degrees.
    quarter_turns : bool
        Also turn by a random multiple of 90 degrees (LD's second view).
    flip : bool
        Also mirror, each axis with probability one half.
    mirror : bool
        Also mirror left and right, with probability one half.
    zoom : tuple of float
        Smallest and largest magnification.
    aspect : float
        Largest relative change of width to height; 0 keeps it.
    shift : float
        Fraction of the image's size.
    roam : bool
        A view that shows a part of its image lies anywhere in it, not around the centre.
    elastic : float
        Standard deviation of the smooth displacement, fraction of the image's shorter side.
    """

    rotation: float = 0.0
    quarter_turns: bool = False
    flip: bool = False
    mirror: bool = False
    zoom: tuple[float, float] = (1.0, 1.0)
    aspect: float = 0.0
    shift: float = 0.0
    roam: bool = False
    elastic: float = 0.0


@dataclass(frozen=True)
class Geometry:
    """Where each pixel of a batch of views lies in its image.

    A point ``p`` of the view lies at ``matrix @ (p + bend(p))`` of the image.

    Attributes
    ----------
    matrix : Tensor (B, 2, 3)
        View pixels (y, x) to image pixels (y, x).
    bend : Tensor (B, 2, h, w) or None
        Smooth displacement in view pixels, on a coarse grid over the view.
    size : tuple of int
        Height and width of the view.
    image : tuple of int
        Height and width of the image.
    """

    matrix: Tensor
    bend: Tensor | None
    size: tuple[int, int]
    image: tuple[int, int]

    def to_image(self, points: Tensor) -> Tensor:
        """Points (B, N, 2) of the views, in their images."""
        return _apply(self.matrix, points + self._bend_at(points))

    def to_view(self, points: Tensor) -> Tensor:
        """Points (B, N, 2) of the images, in the views; the smooth bend is undone by iteration."""
        straight = _apply(_inverse(self.matrix), points)
        found = straight
        for _ in range(0 if self.bend is None else 10):
            found = straight - self._bend_at(found)
        return found

    def warp(self, images: Tensor) -> Tensor:
        """The views (B, C, H, W) of ``images``; outside of an image its border is repeated."""
        grid = self.to_image(self._pixels())
        grid = to_unit(grid, self.image).view(len(images), *self.size, 2)
        return grid_sample(images, grid, padding_mode="border", align_corners=False)

    def warp_labels(self, labels: Tensor) -> Tensor:
        """Views of labels (B, C, H, W), uint8: the nearest, and 255 outside of an image."""
        grid = to_unit(self.to_image(self._pixels()), self.image).view(len(labels), *self.size, 2)
        # Outside, zeros are read: what is known is moved away from 0.
        moved = (labels.float() + 1) % 256
        read = grid_sample(moved, grid, mode="nearest", align_corners=False)
        return ((read - 1) % 256).to(torch.uint8)

    def after(self, base: Geometry) -> Geometry:
        """Apply the geometry to views of ``base``, which must not bend."""
        if base.bend is not None:
            raise ValueError("only a straight geometry can be a base")
        linear = base.matrix[:, :, :2] @ self.matrix
        matrix = torch.cat([linear[:, :, :2], linear[:, :, 2:] + base.matrix[:, :, 2:]], dim=2)
        return replace(self, matrix=matrix, image=base.image)

    def mirrored(self, which: Tensor) -> Geometry:
        """The same views of the mirror images, left and right, of some images (B,)."""
        across = torch.tensor([[1.0, 0.0], [0.0, -1.0]])
        turned = across @ self.matrix
        turned[:, 1, 2] += self.image[1] - 1
        return replace(self, matrix=torch.where(which.view(-1, 1, 1), turned, self.matrix))

    def __len__(self) -> int:
        return len(self.matrix)

    def __getitem__(self, chosen: slice) -> Geometry:
        bend = None if self.bend is None else self.bend[chosen]
        return replace(self, matrix=self.matrix[chosen], bend=bend)

    def to(self, device: torch.device) -> Geometry:
        """The same geometry on a device."""
        bend = None if self.bend is None else self.bend.to(device)
        return replace(self, matrix=self.matrix.to(device), bend=bend)

    def _pixels(self) -> Tensor:
        rows, columns = (torch.arange(n, device=self.matrix.device) for n in self.size)
        pixels = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1).float()
        return pixels.view(1, -1, 2).expand(len(self.matrix), -1, 2)

    def _bend_at(self, points: Tensor) -> Tensor:
        if self.bend is None:
            return torch.zeros_like(points)
        return sample_at(self.bend, points, self.size)


def inside(points: Tensor, size: tuple[int, int], margin: float = 0.0) -> Tensor:
    """Which points (..., 2) lie at least ``margin`` pixels inside an image of this size."""
    extent = torch.tensor(size, device=points.device, dtype=points.dtype) - 1
    return ((points >= margin) & (points <= extent - margin)).all(dim=-1)


def draw_geometry(
    count: int,
    size: tuple[int, int],
    ranges: GeometryRanges,
    chance: torch.Generator,
    image: tuple[int, int] | None = None,
) -> Geometry:
    """Draw the geometry of ``count`` views, on the CPU.

    Parameters
    ----------
    count : int
        How many.
    size : tuple of int
        Height and width of the views.
    ranges : GeometryRanges
        What to draw from.
    chance : torch.Generator
        What to draw with.
    image : tuple of int or None
        Height and width of the images; None is those of the views.
    """
    image = image or size

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(count, generator=chance) * (high - low) + low

    angle = uniform(-ranges.rotation, ranges.rotation) * (math.pi / 180)
    if ranges.quarter_turns:
        angle = angle + torch.randint(4, (count,), generator=chance) * (math.pi / 2)
    zoom = torch.exp(uniform(math.log(ranges.zoom[0]), math.log(ranges.zoom[1])))
    mirrored = torch.tensor([ranges.flip, ranges.flip or ranges.mirror])
    mirror = 1 - 2.0 * (torch.rand(count, 2, generator=chance) < 0.5) * mirrored
    extent = torch.tensor(size, dtype=torch.float32)
    whole = torch.tensor(image, dtype=torch.float32)
    hidden = (whole - extent / zoom.unsqueeze(1)).clamp(min=0)  # part of the image not shown
    reach = ranges.shift * extent + ranges.roam * hidden / 2
    shift = torch.stack([uniform(-1, 1) for _ in range(2)], dim=1) * reach
    widen = uniform(-math.log1p(ranges.aspect), math.log1p(ranges.aspect)) / 2
    sides = torch.stack([torch.exp(-widen), torch.exp(widen)], dim=1)
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], dim=1)
    linear = turn.view(count, 2, 2) * (mirror / sides / zoom.unsqueeze(1)).unsqueeze(1)
    offset = (whole - 1) / 2 + shift - (linear @ ((extent - 1) / 2))
    matrix = torch.cat([linear, offset.unsqueeze(2)], dim=2)
    return Geometry(matrix, _draw_bend(count, size, ranges.elastic, chance), size, image)


def _draw_bend(
    count: int, size: tuple[int, int], strength: float, chance: torch.Generator
) -> Tensor | None:
    if strength == 0:
        return None
    # Four to six bumps across an image keep the bend smooth enough to be invertible.
    nodes = [max(4, round(5 * n / max(size))) for n in size]
    noise = torch.randn(count, 2, *nodes, generator=chance) * strength * min(size)
    return interpolate(noise, scale_factor=8.0, mode="bicubic", align_corners=False)


def _apply(matrix: Tensor, points: Tensor) -> Tensor:
    return points @ matrix[:, :, :2].transpose(1, 2) + matrix[:, None, :, 2]


def _inverse(matrix: Tensor) -> Tensor:
    linear = torch.linalg.inv(matrix[:, :, :2])
    return torch.cat([linear, -(linear @ matrix[:, :, 2:])], dim=2)
