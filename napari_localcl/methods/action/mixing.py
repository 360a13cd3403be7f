"""What the student's views hide: a part of another image, and sharpness."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

LEAST_PART, MOST_PART = 0.1, 0.5  # of a view's area that a box covers
LONGEST = 2.0  # side of a box, in other sides
SLIGHT = 0.15  # least standard deviation of a blur, pixels


def partners(values: Tensor) -> Tensor:
    """Each value (2n, ...) of the other image of its pair: rows 2i and 2i + 1 change places."""
    return values.view(-1, 2, *values.shape[1:]).flip(1).flatten(0, 1)


@dataclass(frozen=True)
class Pasting:
    """Where each of 2n images shows its partner.

    Attributes
    ----------
    boxes : Tensor (2n, 4)
        (y0, x0, y1, x1) in pixels, half-open.
    order : Tensor (2n, K)
        Chance values of the classes, background first: those with the lowest are pasted.
    """

    boxes: Tensor
    order: Tensor

    def box(self, size: tuple[int, int]) -> Tensor:
        """CutMix: which pixels (2n, H, W) lie in the box."""
        rows, columns = (torch.arange(n, device=self.boxes.device) for n in size)
        top, left, bottom, right = (edge.view(-1, 1) for edge in self.boxes.unbind(dim=1))
        down = (rows >= top) & (rows < bottom)
        across = (columns >= left) & (columns < right)
        return down.unsqueeze(2) & across.unsqueeze(1)

    def classes(self, shown: Tensor) -> Tensor:
        """ClassMix: which pixels (2n, H, W) show half of the classes that the partner shows.

        Parameters
        ----------
        shown : Tensor (2n, H, W), int
            The class of each pixel of each image.
        """
        told = partners(shown)
        count = self.order.shape[1]
        present = torch.stack([(told == one).flatten(1).any(dim=1) for one in range(count)], dim=1)
        rank = self.order.masked_fill(~present, 2.0).argsort(dim=1).argsort(dim=1)
        chosen = present & (rank < (present.sum(dim=1, keepdim=True) + 1) // 2)
        return chosen.gather(1, told.flatten(1)).view_as(told)


def draw_pasting(
    count: int, size: tuple[int, int], classes: int, chance: torch.Generator
) -> Pasting:
    """Draw boxes and orders for `count` views; `classes` counts the background.

    Olsson et al., "ClassMix", WACV 2021; French et al., "Semi-supervised semantic segmentation
    needs strong, varied perturbations", BMVC 2020 (CutMix).
    """
    extent = torch.tensor(size, dtype=torch.float32)
    part = LEAST_PART + (MOST_PART - LEAST_PART) * torch.rand(count, generator=chance)
    longer = LONGEST ** (torch.rand(count, generator=chance) - 0.5)
    sides = (part.sqrt().unsqueeze(1) * torch.stack([longer, 1 / longer], dim=1)).clamp(max=1)
    corner = torch.rand(count, 2, generator=chance) * (1 - sides)
    boxes = torch.cat([corner * extent, (corner + sides) * extent], dim=1).round()
    return Pasting(boxes, torch.rand(count, classes, generator=chance))


def draw_blur(count: int, most: float, chance: torch.Generator) -> Tensor:
    """Standard deviations (count,) in pixels; half of the views stay sharp, which is 0."""
    drawn = torch.rand(2, count, generator=chance)
    sigma = SLIGHT + (max(most, SLIGHT) - SLIGHT) * drawn[0]
    return torch.where((drawn[1] < 0.5) & (most > 0), sigma, 0.0)
