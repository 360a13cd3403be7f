"""The settings of LD and their presets."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from napari_localcl.methods.appearance import AppearanceRanges
from napari_localcl.methods.correspondences import CorrespondenceSettings
from napari_localcl.methods.method import MethodSettings
from napari_localcl.methods.points import PointSettings
from napari_localcl.methods.views import GeometryRanges

from .shape_settings import SHAPE, SHAPE_FAITHFUL, ShapeSettings


class LDSettings(MethodSettings):
    """LD's settings; the defaults are those of the preset ``small``."""

    schedule: Literal["cosine", "halving"] = Field(
        "cosine", description="fall of the learning rate within a stage; LD halves it"
    )
    width: int = Field(16, ge=4, le=64, description="channels of the first stage; VGG16 has 64")
    dimensions: int = Field(32, ge=4, le=256, description="length of an embedding")
    clusters: int = Field(16, ge=2, le=64, description="regions that pixels are clustered into")
    levels: int = Field(5, ge=1, le=5, description="decoder levels with an embedding; LD has 1")
    finest_stride: Literal[1, 2] = Field(2, description="stride of the finest level; LD has 1")
    norm: Literal["batch", "group"] = Field("batch", description="normalisation; LD has batch")

    pairs: int = Field(2, ge=1, le=64, description="pairs of images per step; 5 views each")
    grid: Literal[2, 4, 8, 16] = Field(8, description="patches along each side of a view")
    patch_stride: Literal[1, 2, 4] = Field(
        4, description="pixels between the embeddings that are averaged to a patch; LD has 1"
    )
    random_offset: bool = Field(True, description="shift the grid of patches at random")
    centre_sensitive: bool = Field(True, description="weigh a patch's centre more, in training")
    centre_width: float = Field(
        0.2, gt=0, le=1, description="standard deviation of that weight, in patch sides"
    )

    rotation: float = Field(0, ge=0, le=180, description="both views turn by up to this, degrees")
    flip: bool = Field(False, description="both views may be mirrored, each axis")
    view_part: float = Field(
        0.67, ge=0.25, le=1, description="side of a view, part of the working image's; LD has 1"
    )
    zoom: float = Field(1.5, ge=1, le=4, description="both views are magnified by up to this")
    aspect: float = Field(0.0, ge=0, le=1, description="both views are stretched by up to this")
    quarter_turns: bool = Field(
        False, description="the second view turns by multiples of 90 degrees"
    )
    view_rotation: float = Field(25, ge=0, le=180, description="each view turns, degrees")
    view_zoom: float = Field(1.25, ge=1, le=4, description="each view grows or shrinks up to this")
    view_shift: float = Field(0.2, ge=0, le=0.5, description="each view shifts, part of its side")
    view_elastic: float = Field(
        0.02, ge=0, le=0.02, description="each view bends, part of its side"
    )
    aperture: float = Field(
        0.2, ge=0, le=1, description="probability that a view is seen through a random aperture"
    )
    brightness: float = Field(0.4, ge=0, le=0.9, description="change of brightness")
    contrast: float = Field(0.4, ge=0, le=0.9, description="change of contrast")
    saturation: float = Field(0.4, ge=0, le=0.9, description="change of colour saturation")
    gamma: float = Field(0.4, ge=0, le=2, description="change of the grey-level curve")
    noise: float = Field(0.02, ge=0, le=0.5, description="added noise, part of the full range")
    grey: float = Field(0.2, ge=0, le=1, description="probability that a view loses its colour")

    temperature: float = Field(0.1, gt=0, le=1, description="softmax temperature of patches")
    region_temperature: float = Field(0.2, gt=0, le=1, description="the same of regions")
    patch_weight: float = Field(1.0, ge=0, le=100, description="weight of patch discrimination")
    mixup_weight: float = Field(1.0, ge=0, le=100, description="weight of hypersphere mixup")
    region_weight: float = Field(10.0, ge=0, le=100, description="weight of region discrimination")
    entropy_weight: float = Field(0.1, ge=0, le=100, description="weight of the clusters' entropy")
    point_weight: float = Field(1.0, ge=0, le=100, description="weight of points; LD has none")

    patches_share: float = Field(0.4, ge=0, le=1, description="budget share of patches")
    regions_share: float = Field(0.1, ge=0, le=1, description="budget share of regions")
    correspondences_share: float = Field(
        0.5, ge=0, le=1, description="budget share of correspondences across images; LD has none"
    )
    points: PointSettings = Field(PointSettings(), description="how points are contrasted")
    correspondences: CorrespondenceSettings = Field(
        CorrespondenceSettings(), description="how correspondences are mined"
    )
    shape: ShapeSettings = Field(ShapeSettings(), description="how a structure is segmented")

    @property
    def views(self) -> int:
        """Views per step: two of each image of each pair."""
        return 4 * self.pairs

    def view_size(self, canvas: tuple[int, int]) -> tuple[int, int]:
        """Height and width of a view, such that strides and patches divide them."""
        unit = math.lcm(32, self.grid * self.patch_stride)
        height, width = (max(1, round(side * self.view_part / unit)) * unit for side in canvas)
        return height, width

    def shared_geometry(self) -> GeometryRanges:
        """What both views of an image share (LD's T0)."""
        return GeometryRanges(
            rotation=self.rotation,
            flip=self.flip,
            zoom=(self.view_part, self.zoom),
            aspect=self.aspect,
            roam=True,
            mirror=self.sides == "learned",
        )

    def shape_geometry(self) -> GeometryRanges:
        """What both views share where a shape is learned: its size means something."""
        return replace(self.shared_geometry(), zoom=(1 / self.zoom, self.zoom))

    def pair_geometry(self) -> GeometryRanges:
        """What the views of two different images share."""
        return GeometryRanges(zoom=(self.view_part, 1.0), mirror=self.sides == "learned")

    def view_geometry(self, quarter_turns: bool = False) -> GeometryRanges:
        """What each view does on its own (LD's T1 and, for the second, its quarter turns)."""
        return GeometryRanges(
            rotation=self.view_rotation,
            quarter_turns=quarter_turns,
            zoom=(1 / self.view_zoom, self.view_zoom),
            shift=self.view_shift,
            elastic=self.view_elastic,
        )

    def appearance(self) -> AppearanceRanges:
        """How the look of each view changes."""
        return AppearanceRanges(
            self.brightness, self.contrast, self.saturation, self.gamma, self.noise, self.grey
        )


FAITHFUL: dict[str, Any] = {
    "image_size": 448,
    "local_contrast": False,
    "learning_rate": 1e-3,
    "schedule": "halving",
    "levels": 1,
    "finest_stride": 1,
    "patch_stride": 1,
    "view_part": 1.0,
    "pairs": 4,
    "random_offset": False,
    "centre_sensitive": False,
    "rotation": 180,
    "flip": True,
    # Crops of 0.9 to 1 of the area, and of sides from 3:4 to 4:3.
    "zoom": 1.054,
    "aspect": 0.333,
    "quarter_turns": True,
    "view_rotation": 2,
    "view_zoom": 1.0,
    "view_shift": 0.0,
    "view_elastic": 0.0,
    "aperture": 0.0,
    "gamma": 0.0,
    "noise": 0.0,
    "point_weight": 0.0,
    # 20 and 80 of the published 100 epochs.
    "patches_share": 0.2,
    "regions_share": 0.8,
    "correspondences_share": 0.0,
}

PRESETS: dict[str, dict[str, Any]] = {"small": {}, "faithful": FAITHFUL}
SHAPE_PRESETS: dict[str, dict[str, Any]] = {
    "small": SHAPE,
    "faithful": {**FAITHFUL, **SHAPE_FAITHFUL},
}
PRESET_HELP = {
    "small": "suits laptops: learns in minutes",
    "faithful": "the published form at its published size: hours on a GPU, weeks on a laptop",
}
