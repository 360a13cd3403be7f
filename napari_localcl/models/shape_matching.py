"""Where the masks of a prior fit an image best: the first guess of a structure.

Every mask is laid everywhere (or, if where it lies means something, within a reach of its place)
and scored by how clearly the image differs between its inside and a rim around it. All places are
tried at once by Fourier transforms.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d, pad

REDUCTION = 2  # places are tried on every second pixel
WHOLLY = 0.98  # part of a mask that must lie in the field of view
NOWHERE = -1e9


@dataclass(frozen=True)
class ShapeMatcher:
    """Fits the masks of a prior to images; make it with :meth:`of`.

    Attributes
    ----------
    masks : Tensor (M, 1, H, W)
        The masks, 0 to 1.
    shape, rim : Tensor (M, h, w), complex
        Transforms of the masks and of the rims around them, at half the size.
    size : tuple of int
        Height and width of the transforms: twice that of the images, so that nothing wraps around.
    allowed : Tensor (h, w), bool
        Which shifts may be tried.
    area : Tensor (M, 1, 1)
        Of the masks, in reduced pixels.
    """

    masks: Tensor
    shape: Tensor
    rim: Tensor
    size: tuple[int, int]
    allowed: Tensor
    area: Tensor

    @classmethod
    def of(cls, masks: Tensor, reach: float | None, rim: int = 4) -> ShapeMatcher:
        """Prepare masks.

        Parameters
        ----------
        masks : Tensor (M, 1, H, W)
            0 to 1.
        reach : float or None
            How far they move, part of the side; None is anywhere.
        rim : int
            Width of the rim around them that they are compared with, in pixels.
        """
        small = avg_pool2d(masks, REDUCTION)
        area = small.sum(dim=(1, 2, 3))
        width = max(1, round(rim / REDUCTION))
        ring = max_pool2d(small, 2 * width + 1, 1, width) - small
        size = (2 * small.shape[2], 2 * small.shape[3])
        shape, around = (torch.fft.rfft2(part[:, 0], s=size).conj() for part in (small, ring))
        return cls(masks, shape, around, size, _allowed(size, reach), area.view(-1, 1, 1))

    def fit(self, brightness: Tensor, field: Tensor, best: int) -> tuple[Tensor, float]:
        """Fit the masks to one image.

        Parameters
        ----------
        brightness : Tensor (H, W)
            Higher where the structure is expected: negate it for one darker than its surroundings.
        field : Tensor (H, W)
            1 within the field of view, 0 elsewhere.
        best : int
            How many of the best masks are averaged.

        Returns
        -------
        mask : Tensor (1, H, W)
            Part of the best masks that cover each pixel.
        score : float
            Contrast of the best one in standard deviations, times the root of its pixels.
        """
        seen = avg_pool2d(field[None, None], REDUCTION)[0, 0]
        grey = avg_pool2d((brightness * field)[None, None], REDUCTION)[0, 0]
        grey = _standardised(grey / seen.clamp(min=1e-3), seen)
        scores = self._scores(grey, seen).flatten(1)
        value, place = scores.max(dim=1)
        chosen = value.topk(min(best, len(value))).indices
        found = [self._laid(int(i), int(place[i])) for i in chosen]
        return torch.stack(found).mean(dim=0), float(value.max())

    def _scores(self, grey: Tensor, seen: Tensor) -> Tensor:
        """Score of every mask at every shift, (M, h, w)."""
        image = torch.fft.rfft2(torch.stack([grey * seen, seen]), s=self.size)[:, None]
        sums_in, inside = torch.fft.irfft2(image * self.shape, s=self.size)
        sums_out, outside = torch.fft.irfft2(image * self.rim, s=self.size)
        inside, outside = inside.clamp(min=1e-3), outside.clamp(min=1e-3)
        contrast = sums_in / inside - sums_out / outside
        # As in a two-sample t statistic: a large difference of few pixels is chance.
        weight = (inside * outside / (inside + outside)).sqrt()
        usable = self.allowed & (inside >= WHOLLY * self._least_inside(inside))
        return torch.where(usable, contrast * weight, NOWHERE)

    def _least_inside(self, inside: Tensor) -> Tensor:
        # A mask that is cut off where it was drawn can lie no more within the field than there.
        most = inside.flatten(1).max(dim=1).values.view(-1, 1, 1)
        return torch.minimum(self.area, most)

    def _laid(self, mask: int, place: int) -> Tensor:
        """A mask shifted to a place of the scores, (1, H, W)."""
        row, column = divmod(place, self.size[1])
        down = row - self.size[0] * (row >= self.size[0] // 2)
        right = column - self.size[1] * (column >= self.size[1] // 2)
        return shifted(self.masks[mask], down * REDUCTION, right * REDUCTION)


def shifted(mask: Tensor, down: int, right: int) -> Tensor:
    """A mask (1, H, W) moved by whole pixels; what enters is 0."""
    height, width = mask.shape[1:]
    # Padding on one side of each axis and cutting on the other is a shift.
    padded = pad(mask, (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0)))
    return padded[:, max(-down, 0) :, max(-right, 0) :][:, :height, :width]


def _allowed(size: tuple[int, int], reach: float | None) -> Tensor:
    if reach is None:
        return torch.ones(size, dtype=torch.bool)
    rows, columns = (torch.fft.fftfreq(n, 1 / n).abs() <= max(reach * n / 2, 1) for n in size)
    allowed: Tensor = rows[:, None] & columns[None, :]
    return allowed


def _standardised(grey: Tensor, seen: Tensor) -> Tensor:
    inside = grey[seen > 0.5]
    return (grey - inside.mean()) / (inside.std() + 1e-6)
