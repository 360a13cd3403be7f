"""Two views of each of some images, each drawn on its own over the whole image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from .appearance import AppearanceRanges, draw_appearance
from .views import GeometryRanges, draw_geometry

if TYPE_CHECKING:
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.shard import Shard

    from .views import Geometry

UNIT = 32  # that the strides of every encoder divide


class ViewSettings(BaseModel):
    """What a view shows of its image, and how it looks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: float = Field(
        0.5, ge=0.1, le=1, description="side of a view, part of the working image's"
    )
    zoom: float = Field(
        2.0, ge=1, le=8, description="a view shows the whole image, or 1 / this of its sides"
    )
    rotation: float = Field(15, ge=0, le=180, description="each view turns by up to this, degrees")
    flip: bool = Field(False, description="views may be mirrored, each axis")
    mirror: bool = Field(False, description="views may be mirrored, left and right")
    aspect: float = Field(0.2, ge=0, le=1, description="views are stretched by up to this")
    elastic: float = Field(0.0, ge=0, le=0.02, description="each view bends, part of its side")
    brightness: float = Field(0.4, ge=0, le=0.9, description="change of brightness")
    contrast: float = Field(0.4, ge=0, le=0.9, description="change of contrast")
    saturation: float = Field(0.4, ge=0, le=0.9, description="change of colour saturation")
    gamma: float = Field(0.4, ge=0, le=2, description="change of the grey-level curve")
    noise: float = Field(0.02, ge=0, le=0.5, description="added noise, part of the full range")
    grey: float = Field(0.2, ge=0, le=1, description="probability that a view loses its colour")
    changed: float = Field(
        1.0, ge=0, le=1, description="probability that brightness, contrast and colours change"
    )
    hue: float = Field(0.0, ge=0, le=0.5, description="colours turn by up to this, part of a turn")
    blur: float = Field(0.0, ge=0, le=1, description="probability that a view is blurred")
    blur_width: float = Field(
        1.5, ge=0.1, le=8, description="largest standard deviation of that blur, pixels"
    )

    def size(self, canvas: tuple[int, int]) -> tuple[int, int]:
        """Height and width of a view, multiples of 32."""
        height, width = (max(1, round(side * self.part / UNIT)) * UNIT for side in canvas)
        return height, width

    def geometry(self, canvas: tuple[int, int], mirror: bool) -> GeometryRanges:
        """Where a view may lie in its image."""
        whole = min(view / side for view, side in zip(self.size(canvas), canvas, strict=True))
        return GeometryRanges(
            rotation=self.rotation,
            flip=self.flip,
            mirror=mirror or self.mirror,
            zoom=(whole, whole * self.zoom),
            aspect=self.aspect,
            roam=True,
            elastic=self.elastic,
        )

    def appearance(self) -> AppearanceRanges:
        """How the look of each view changes."""
        return AppearanceRanges(
            self.brightness,
            self.contrast,
            self.saturation,
            self.gamma,
            self.noise,
            self.grey,
            changed=self.changed,
            hue=self.hue,
            blur=self.blur,
            blur_width=self.blur_width,
        )


@dataclass(frozen=True)
class TwoViews:
    """Two views of each of b images.

    Attributes
    ----------
    pixels : Tensor (2 b, C, H, W)
        This process's part, on its device: first views, then second views.
    geometry : pair of Geometry
        Where the first and the second views of all images lie, on the CPU.
    """

    pixels: Tensor
    geometry: tuple[Geometry, Geometry]


def draw_two_views(
    images: PreparedImages,
    chosen: Tensor,
    settings: ViewSettings,
    chance: torch.Generator,
    shard: Shard,
    device: torch.device,
    mirror: bool = False,
) -> TwoViews:
    """Draw two views of each chosen image (b,); where sides are mixed, views may `mirror` them."""
    ranges, size = settings.geometry(images.canvas, mirror), settings.size(images.canvas)
    mine = torch.from_numpy(images.batch(shard.take(chosen).tolist())).to(device).float() / 255
    views, geometries = [], []
    for _ in range(2):
        geometry = draw_geometry(len(chosen), size, ranges, chance, images.canvas)
        looks = draw_appearance(len(chosen), settings.appearance(), chance)
        warped = shard.take(geometry).to(device).warp(mine)
        views.append(shard.take(looks).apply(warped))
        geometries.append(geometry)
    return TwoViews(torch.cat(views), (geometries[0], geometries[1]))
