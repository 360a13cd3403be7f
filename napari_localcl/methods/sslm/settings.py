"""The settings of SSLM and their presets."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from napari_localcl.methods.appearance import AppearanceRanges
from napari_localcl.methods.method import MethodSettings
from napari_localcl.methods.views import GeometryRanges


class SSLMSettings(MethodSettings):
    """SSLM's settings; the defaults are those of the preset ``small``."""

    image_size: int = Field(
        128, ge=64, le=2048, multiple_of=32, description="longest side of the working frame, pixels"
    )
    local_contrast: bool = Field(
        False,
        description="even frames out; what a finding looks like in MR is often its brightness",
    )
    learning_rate: float = Field(1e-3, gt=0, le=1, description="Adam's learning rate")
    schedule: Literal["cosine", "halving"] = Field(
        "cosine", description="fall of the learning rate; SSLM's is near four halvings"
    )
    branch: int = Field(32, ge=4, le=512, description="channels of each of the nine branches")
    trunk: int = Field(128, ge=8, le=2048, description="channels behind them, doubled twice")
    hidden: int = Field(512, ge=16, le=4096, description="width of the puzzle's hidden layer")
    norm: Literal["batch", "group"] = Field("batch", description="normalisation; SSLM has batch")
    decay: float = Field(1e-4, ge=0, le=1, description="L2 penalty where the branches are joined")

    frames: int = Field(16, ge=1, le=512, description="frames per step, nine tiles each")
    permutations: int = Field(100, ge=2, le=5000, description="orders that are told apart")
    choice: Literal["far", "random"] = Field(
        "far",
        description="the orders: as unlike each other as can be (largest Hamming distance), or "
        "drawn at random as published",
    )
    tile: int = Field(
        32, ge=8, le=512, multiple_of=4, description="side of a tile, pixels; less where it must"
    )
    gap: int = Field(
        10, ge=0, le=128, description="a tile lies up to this many pixels off in its ninth"
    )
    rotation: float = Field(15, ge=0, le=180, description="each tile turns, degrees")
    zoom: float = Field(1.1, ge=1, le=2, description="each tile is magnified by up to this")
    shift: float = Field(0.1, ge=0, le=0.5, description="each tile shifts, part of its side")
    brightness: float = Field(0.15, ge=0, le=0.9, description="change of each tile's brightness")
    noise: float = Field(0.05, ge=0, le=0.5, description="noise of each tile, part of full range")

    def geometry(self) -> GeometryRanges:
        """How each tile is turned, magnified and shifted."""
        return GeometryRanges(rotation=self.rotation, zoom=(1.0, self.zoom), shift=self.shift)

    def appearance(self) -> AppearanceRanges:
        """How the look of each tile changes."""
        return AppearanceRanges(self.brightness, 0.0, 0.0, 0.0, self.noise, 0.0)


FAITHFUL: dict[str, Any] = {
    "image_size": 256,
    "learning_rate": 1e-4,
    "schedule": "halving",
    "branch": 256,
    "trunk": 1024,
    "hidden": 1024,
    "permutations": 1000,
    "choice": "random",
    "tile": 64,
    "gap": 10,
    "shift": 0.094,
    "noise": 0.05,
}
PRESETS: dict[str, dict[str, Any]] = {"small": {}, "faithful": FAITHFUL}
PRESET_HELP = {
    "small": "suits laptops: learns in minutes",
    "faithful": "the published form at its published size: hours on a GPU, weeks on a laptop",
}
