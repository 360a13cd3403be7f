"""How views look: random changes of grey level and colour, and random apertures."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_localcl.models.sampling import cell_centres


@dataclass(frozen=True)
class AppearanceRanges:
    """Half-widths of the random changes of grey level and colour.

    Attributes
    ----------
    brightness, contrast, saturation : float
        Factors are drawn from 1 - value to 1 + value.
    gamma : float
        The exponent is drawn log-uniformly from 1 / (1 + value) to 1 + value.
    noise : float
        Largest standard deviation of added Gaussian noise, fraction of the full range.
    grey : float
        Probability that a colour view loses its colour.
    """

    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.4
    gamma: float = 0.0
    noise: float = 0.0
    grey: float = 0.2


@dataclass(frozen=True)
class Appearance:
    """How the grey levels and colours of a batch of views were disturbed.

    Attributes
    ----------
    brightness, contrast, saturation, exponent, noise : Tensor (B,)
        As :class:`AppearanceRanges` says.
    seeds : Tensor (B,), int
        One per view, for its noise.
    """

    brightness: Tensor
    contrast: Tensor
    saturation: Tensor
    exponent: Tensor
    noise: Tensor
    seeds: Tensor

    def __getitem__(self, chosen: slice) -> Appearance:
        return Appearance(**{name: value[chosen] for name, value in vars(self).items()})

    def __len__(self) -> int:
        return len(self.seeds)

    def apply(self, views: Tensor) -> Tensor:
        """Disturb views (B, C, H, W) in [0, 1]; noise may leave that range."""

        def factor(values: Tensor) -> Tensor:
            return values.view(-1, 1, 1, 1).to(views)

        views = views * factor(self.brightness)
        mean = views.mean(dim=(1, 2, 3), keepdim=True)
        views = torch.lerp(mean, views, factor(self.contrast))
        if views.shape[1] == 3:
            grey = views.mean(dim=1, keepdim=True)
            views = torch.lerp(grey, views, factor(self.saturation))
        # The small constant keeps the power's gradient and value finite at black.
        views = (views.clamp(0, 1) + 1e-4) ** factor(self.exponent)
        return views + self._noise(views) if self.noise.any() else views

    def _noise(self, views: Tensor) -> Tensor:
        drawn = [
            torch.randn(views.shape[1:], generator=torch.Generator().manual_seed(int(seed)))
            for seed in self.seeds
        ]
        return torch.stack(drawn).to(views) * self.noise.view(-1, 1, 1, 1).to(views)


def draw_appearance(count: int, ranges: AppearanceRanges, chance: torch.Generator) -> Appearance:
    """Draw how ``count`` views look."""

    def symmetric() -> Tensor:
        return torch.rand(count, generator=chance) * 2 - 1

    coloured = torch.rand(count, generator=chance) >= ranges.grey
    return Appearance(
        brightness=1 + symmetric() * ranges.brightness,
        contrast=1 + symmetric() * ranges.contrast,
        saturation=(1 + symmetric() * ranges.saturation) * coloured,
        exponent=(1 + ranges.gamma) ** symmetric(),
        noise=torch.rand(count, generator=chance) * ranges.noise,
        seeds=torch.randint(2**31, (count,), generator=chance),
    )


@dataclass(frozen=True)
class Apertures:
    """What of each view is left open; the rest is filled, as by a collimator or a field of view.

    Where the border of the field of view lies says much about where a place of the image lies, but
    little about what is there. Random borders take that cue away.

    Attributes
    ----------
    centre, radius : Tensor (B, 2)
        Of an ellipse, in pixels of the view.
    fill : Tensor (B,)
        Grey level outside of it, from 0 to 1.
    """

    centre: Tensor
    radius: Tensor
    fill: Tensor

    def __len__(self) -> int:
        return len(self.fill)

    def __getitem__(self, chosen: slice) -> Apertures:
        return Apertures(self.centre[chosen], self.radius[chosen], self.fill[chosen])

    def shows(self, points: Tensor) -> Tensor:
        """Which points (B, P, 2) of the views are open."""
        scaled = (points - self.centre.unsqueeze(1)) / self.radius.unsqueeze(1)
        return scaled.square().sum(dim=2) <= 1

    def apply(self, views: Tensor) -> Tensor:
        """Fill what is closed of views (B, C, H, W)."""
        height, width = views.shape[2:]
        pixels = cell_centres((height, width), 1).expand(len(views), -1, -1)
        closed = ~self.shows(pixels).view(-1, 1, height, width).to(views.device)
        return torch.where(closed, self.fill.view(-1, 1, 1, 1).to(views), views)


def draw_apertures(
    count: int, size: tuple[int, int], probability: float, chance: torch.Generator
) -> Apertures:
    """Draw an aperture for each of ``count`` views; with 1 - ``probability`` it is wide open."""
    extent = torch.tensor(size, dtype=torch.float32)
    centre = (0.3 + 0.4 * torch.rand(count, 2, generator=chance)) * extent
    radius = (0.3 + 0.4 * torch.rand(count, 2, generator=chance)) * extent
    closed = torch.rand(count, 1, generator=chance) < probability
    dark = torch.rand(count, generator=chance) < 0.5
    fill = torch.where(dark, 0.0, torch.rand(count, generator=chance))
    return Apertures(centre, torch.where(closed, radius, 1e6), fill)
