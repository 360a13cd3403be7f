"""How views look: random changes of grey level and colour, and random apertures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from napari_localcl.models.sampling import cell_centres

from .filtering import blurred, evened, sharpened

LEAST_BLUR = 0.1  # standard deviation, pixels
SHARPNESS, LIGHTNESS, EVENNESS = (0.2, 0.5), (0.5, 1.0), (1.0, 4.0)
"""Drawn from, where a view is sharpened or evened out; see :mod:`.filtering`."""


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
    changed : float
        Probability that brightness, contrast, saturation and hue change at all.
    hue : float
        Colours turn by up to this part of their circle.
    blur, blur_width : float
        Probability that a view is blurred, and the largest standard deviation of that, pixels.
    sharpen, even : float
        Probability that a view is sharpened, that its histogram is evened out place by place.
    """

    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.4
    gamma: float = 0.0
    noise: float = 0.0
    grey: float = 0.2
    changed: float = 1.0
    hue: float = 0.0
    blur: float = 0.0
    blur_width: float = 2.0
    sharpen: float = 0.0
    even: float = 0.0


@dataclass(frozen=True)
class Appearance:
    """How the grey levels and colours of a batch of views were disturbed.

    Attributes
    ----------
    brightness, contrast, saturation, exponent, noise : Tensor (B,)
        As :class:`AppearanceRanges` says.
    seeds : Tensor (B,), int
        One per view, for its noise.
    turn : Tensor (B,)
        By which colours turn, radians.
    blur, sharpness, lightness, evenness : Tensor (B,)
        As :mod:`.filtering` says; 0 is none.
    """

    brightness: Tensor
    contrast: Tensor
    saturation: Tensor
    exponent: Tensor
    noise: Tensor
    seeds: Tensor
    turn: Tensor
    blur: Tensor
    sharpness: Tensor
    lightness: Tensor
    evenness: Tensor

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
            views = turned(torch.lerp(grey, views, factor(self.saturation)), self.turn)
        # The small constant keeps the power's gradient and value finite at black.
        views = (views.clamp(0, 1) + 1e-4) ** factor(self.exponent)
        views = sharpened(blurred(views, self.blur), self.sharpness, self.lightness)
        views = evened(views, self.evenness)
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

    def some(probability: float, low: float, high: float) -> Tensor:
        """From low to high in some views, 0 in the others."""
        if not probability:
            return torch.zeros(count)
        drawn = torch.rand(2, count, generator=chance)
        return (low + (high - low) * drawn[0]) * (drawn[1] < probability)

    coloured = torch.rand(count, generator=chance) >= ranges.grey
    brightness, contrast, saturation = (
        symmetric() * reach for reach in (ranges.brightness, ranges.contrast, ranges.saturation)
    )
    exponent = (1 + ranges.gamma) ** symmetric()
    noise = torch.rand(count, generator=chance) * ranges.noise
    seeds = torch.randint(2**31, (count,), generator=chance)
    # What a system does not use draws nothing, so that its other draws are those of before.
    changed = some(ranges.changed, 1, 1) if ranges.changed < 1 else torch.ones(count)
    return Appearance(
        brightness=1 + brightness * changed,
        contrast=1 + contrast * changed,
        saturation=(1 + saturation * changed) * coloured,
        exponent=exponent,
        noise=noise,
        seeds=seeds,
        turn=some(float(ranges.hue > 0), -ranges.hue, ranges.hue) * changed * 2 * math.pi,
        blur=some(ranges.blur, LEAST_BLUR, max(LEAST_BLUR, ranges.blur_width)),
        sharpness=some(ranges.sharpen, *SHARPNESS),
        lightness=some(float(ranges.sharpen > 0), *LIGHTNESS),
        evenness=some(ranges.even, *EVENNESS),
    )


def turned(views: Tensor, angle: Tensor) -> Tensor:
    """Turn the colours of views (B, 3, H, W) about the axis of greys, each by an angle (B,)."""
    if not angle.any():
        return views
    sine, cosine = (part.view(-1, 1, 1).to(views) for part in (angle.sin(), angle.cos()))
    across = torch.eye(3).roll(1, 1) - torch.eye(3).roll(-1, 1)
    stays, moves = torch.eye(3).to(views), across.to(views) / math.sqrt(3)
    matrix = cosine * stays + (1 - cosine) / 3 + sine * moves
    return torch.einsum("bij,bjhw->bihw", matrix, views)


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
