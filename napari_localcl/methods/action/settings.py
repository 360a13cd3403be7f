"""The settings of ACTION, its presets for pre-training, and the recipes of fine-tuning."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from napari_localcl.methods.appearance import AppearanceRanges
from napari_localcl.methods.method import MethodSettings
from napari_localcl.methods.views import GeometryRanges


class LookSettings(BaseModel):
    """How much the look of a view changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    brightness: float = Field(0.25, ge=0, le=0.9, description="change of brightness")
    contrast: float = Field(0.25, ge=0, le=0.9, description="change of contrast")
    saturation: float = Field(0.25, ge=0, le=0.9, description="change of colour saturation")
    gamma: float = Field(0.3, ge=0, le=2, description="change of the grey-level curve")
    noise: float = Field(0.03, ge=0, le=0.5, description="added noise, part of the full range")
    grey: float = Field(0.0, ge=0, le=1, description="probability that a view loses its colour")
    blur: float = Field(
        1.15, ge=0, le=4, description="largest standard deviation of a blur, pixels; 0: none"
    )

    def ranges(self) -> AppearanceRanges:
        """All but the blur."""
        return AppearanceRanges(
            self.brightness, self.contrast, self.saturation, self.gamma, self.noise, self.grey
        )


WEAK = LookSettings(brightness=0.1, contrast=0.1, saturation=0.1, gamma=0.1, noise=0.0, blur=0.0)


class DistillationSettings(BaseModel):
    """Contrastive distillation, of whole images and of windows of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bank: int = Field(64, ge=2, le=4096, description="other images that one is compared with")
    teacher_temperature: float = Field(
        0.01, gt=0, le=1, description="softmax temperature of the teacher"
    )
    student_temperature: float = Field(
        0.1, gt=0, le=1, description="softmax temperature of the student"
    )
    hidden: int = Field(256, ge=8, le=2048, description="width of the heads' hidden layer")
    dimensions: int = Field(128, ge=8, le=1024, description="length of a compared vector")
    windows: Literal[2, 4, 8] = Field(
        4, description="windows along a side that do not overlap; others lie half way between"
    )
    global_weight: float = Field(1.0, ge=0, le=100, description="weight of whole images")
    local_weight: float = Field(1.0, ge=0, le=100, description="weight of windows")


class PseudoSettings(BaseModel):
    """Learning from what the teacher says of images without labels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float = Field(1.0, ge=0, le=100, description="weight of pseudo labels; 0: none")
    confident: float = Field(
        0.97, gt=0, le=1, description="probability from which a pseudo label is trusted"
    )
    weighting: Literal["pixel", "image"] = Field(
        "pixel",
        description="'pixel' leaves out what is not trusted, 'image' weighs an image by the part "
        "of it that is (published)",
    )
    mixing: Literal["cutmix", "classmix", "none"] = Field(
        "cutmix", description="what of another image is pasted in: a box, or classes"
    )
    ramp: float = Field(
        0.3, ge=0, le=1, description="part of the stage over which pseudo labels gain weight"
    )


class ContrastSettings(BaseModel):
    """Anatomical contrast."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float = Field(0.1, ge=0, le=100, description="weight of anatomical contrast; 0: none")
    ramp: float = Field(
        0.3, ge=0, le=1, description="part of the stage over which the contrast gains weight"
    )
    queries: int = Field(
        16, ge=1, le=1024, description="hard pixels per class and image that learn"
    )
    keys: int = Field(
        32, ge=1, le=1024, description="pixels per class and image that they are told from"
    )
    negatives: int = Field(512, ge=1, le=4096, description="negatives that each query counts")
    temperature: float = Field(0.5, gt=0, le=1, description="softmax temperature")
    hard: float = Field(
        0.97, gt=0, le=1, description="probability of its class below which a pixel is hard"
    )
    weak: float = Field(
        0.7, ge=0, le=1, description="probability from which a pseudo label says a pixel's class"
    )
    dimensions: int = Field(128, ge=8, le=512, description="length of a pixel's representation")
    kernel: Literal[1, 3] = Field(1, description="pixels around that it is made of, along a side")


class ActionSettings(MethodSettings):
    """ACTION's settings; the defaults are those of pre-training, without labels."""

    width: int = Field(16, ge=4, le=64, description="channels of the finest level")
    norm: Literal["batch", "group"] = Field("batch", description="normalisation")
    dropout: float = Field(0.0, ge=0, lt=1, description="activations dropped in training")
    averaging: float = Field(
        0.99, ge=0, lt=1, description="part of the teacher's weights kept per step"
    )

    batch: int = Field(8, ge=2, le=256, description="images per step of distillation")
    labelled: int = Field(4, ge=1, le=256, description="images with labels per step")
    unlabelled: int = Field(
        4, ge=2, le=256, multiple_of=2, description="images without labels per step"
    )
    rare: float = Field(
        0.5,
        ge=0,
        le=1,
        description="part of the images with labels that are drawn by class, each class alike",
    )

    view_part: float = Field(
        1.0, ge=0.25, le=1, description="side of a view, part of the working image's"
    )
    flip: bool = Field(True, description="views may be mirrored, each axis")
    rotation: float = Field(20, ge=0, le=180, description="views turn by up to this, degrees")
    zoom: float = Field(1.25, ge=1, le=4, description="views grow or shrink up to this")
    aspect: float = Field(0.1, ge=0, le=1, description="views are stretched by up to this")
    shift: float = Field(0.1, ge=0, le=0.5, description="views shift, part of their side")
    elastic: float = Field(0.01, ge=0, le=0.02, description="views bend, part of their side")
    weak: LookSettings = Field(WEAK, description="how the teacher's views look")
    strong: LookSettings = Field(LookSettings(), description="how the student's views look")

    global_share: float = Field(
        1.0, ge=0, le=1, description="budget share of distillation of whole images"
    )
    local_share: float = Field(
        0.0, ge=0, le=1, description="budget share of distillation of windows, with labels"
    )
    anatomical_share: float = Field(
        0.0, ge=0, le=1, description="budget share of labels, pseudo labels and their contrast"
    )
    distillation: DistillationSettings = Field(
        DistillationSettings(), description="contrastive distillation"
    )
    pseudo: PseudoSettings = Field(PseudoSettings(), description="pseudo labels")
    contrast: ContrastSettings = Field(ContrastSettings(), description="anatomical contrast")

    def view_size(self, canvas: tuple[int, int]) -> tuple[int, int]:
        """Height and width of a view; multiples of 32, which strides and windows divide."""
        height, width = (max(1, round(side * self.view_part / 32)) * 32 for side in canvas)
        return height, width

    def geometry(self) -> GeometryRanges:
        """How views lie in their images."""
        return GeometryRanges(
            rotation=self.rotation,
            flip=self.flip,
            mirror=self.sides == "learned",
            zoom=(1 / self.zoom, self.zoom),
            aspect=self.aspect,
            shift=self.shift,
            roam=self.view_part < 1,
            elastic=self.elastic,
        )


SIZE: dict[str, Any] = {"image_size": 160, "local_contrast": False}

# Images are as large as published; Adam stands for SGD, which the loop has not.
FAITHFUL: dict[str, Any] = {
    "image_size": 256,
    "local_contrast": False,
    "dropout": 0.1,
    "batch": 6,
    "elastic": 0.0,
    "zoom": 1.0,
    "aspect": 0.0,
    "shift": 0.0,
    "strong": {"gamma": 0.0, "noise": 0.0},
    "distillation": {"bank": 36, "dimensions": 512},
}

PRESETS: dict[str, dict[str, Any]] = {"small": SIZE, "faithful": FAITHFUL}
PRESET_HELP = {
    "small": "suits laptops: learns in minutes",
    "faithful": "the published first stage, without labels, at its published size",
}

LABELS_ALONE: dict[str, Any] = {
    **SIZE,
    "global_share": 0.0,
    "anatomical_share": 1.0,
}

LABEL_PRESETS: dict[str, dict[str, Any]] = {
    "action": {
        **SIZE,
        "global_share": 0.15,
        "local_share": 0.15,
        "anatomical_share": 0.7,
    },
    "weak-to-strong": {**LABELS_ALONE, "contrast": {"weight": 0.0}},
    "supervised": {
        **LABELS_ALONE,
        "labelled": 8,
        "pseudo": {"weight": 0.0},
        "contrast": {"weight": 0.0},
    },
    # 100, 100 and 200 epochs.
    "faithful": {
        **FAITHFUL,
        "global_share": 0.25,
        "local_share": 0.25,
        "anatomical_share": 0.5,
        "rare": 0.0,
        "pseudo": {"weighting": "image", "ramp": 0.0},
        "contrast": {
            "weight": 0.01,
            "ramp": 0.0,
            "queries": 32,
            "keys": 64,
            "dimensions": 512,
            "kernel": 3,
        },
    },
}
LABEL_PRESET_HELP = {
    "action": "distillation, labels, pseudo labels and anatomical contrast",
    "weak-to-strong": "labels and pseudo labels, without contrast: the honest baseline",
    "supervised": "labels alone",
    "faithful": "ACTION as published: hours on a GPU, weeks on a laptop",
}
