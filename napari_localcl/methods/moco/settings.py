"""The settings of MoCo v2 and their presets."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from napari_localcl.methods.dense import DenseSettings
from napari_localcl.methods.two_views import ViewSettings


class MoCoSettings(DenseSettings):
    """MoCo v2's settings; the defaults are those of the preset ``small``."""

    batch: int = Field(12, ge=1, le=4096, description="images per step; two views each")
    queue: int = Field(1024, ge=1, le=65536, description="earlier views to tell a view from")
    momentum: float = Field(
        0.99, ge=0, lt=1, description="part of the key encoder kept per step; MoCo has 0.999"
    )
    temperature: float = Field(0.2, gt=0, le=1, description="softmax temperature")
    hidden: int = Field(256, ge=4, le=4096, description="width of the head's hidden layer")
    projected: int = Field(128, ge=4, le=1024, description="length of a projected embedding")
    weight_decay: float = Field(0.0, ge=0, le=1, description="weight decay; MoCo has 0.0001")
    views: ViewSettings = Field(ViewSettings(blur=0.5), description="how views are drawn")


FAITHFUL: dict[str, Any] = {
    "image_size": 224,
    "local_contrast": False,
    "learning_rate": 1e-3,
    "width": 64,
    "batch": 256,
    "queue": 65536,
    "momentum": 0.999,
    "hidden": 2048,
    "weight_decay": 1e-4,
    # Crops of 0.2 to 1 of the area, and of sides from 3:4 to 4:3, at the size of the image.
    "views": {
        "part": 1.0,
        "zoom": 2.236,
        "rotation": 0,
        "mirror": True,
        "aspect": 0.333,
        "gamma": 0,
        "noise": 0,
        "changed": 0.8,
        "hue": 0.1,
        "blur": 0.5,
        "blur_width": 2.0,
    },
}

PRESETS: dict[str, dict[str, Any]] = {"small": {}, "faithful": FAITHFUL}
PRESET_HELP = {
    "small": "suits laptops: learns in minutes",
    "faithful": "published queue, momentum, batch and crops, on our network and optimiser: days on "
    "a GPU",
}
