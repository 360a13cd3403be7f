"""The settings of ACE and their presets."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from napari_localcl.data.errors import BadInput
from napari_localcl.losses.distillation import Sharpness
from napari_localcl.methods.appearance import AppearanceRanges
from napari_localcl.methods.method import MethodSettings
from napari_localcl.methods.views import GeometryRanges
from napari_localcl.models.ace_network import HeadNorm, NetworkForm
from napari_localcl.models.tokens import Backbone, Cell

from .cropping import Size, fitting_tokens

Form = Literal["both", "composition", "decomposition", "one-to-one", "none"]


class MatchingSettings(BaseModel):
    """How cells of two crops are matched: local consistency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Form = Field(
        "both", description="what is matched; 'one-to-one' compares crops of the same scale"
    )
    weight: float = Field(1.0, ge=0, le=100, description="weight of local consistency")
    targets: Literal["gaussian", "hard"] = Field(
        "gaussian", description="whether the neighbours of a matching cell match a little too"
    )
    loss: Literal["balanced", "contrastive"] = Field(
        "balanced", description="every pair of cells by itself, or a softmax over the other crop"
    )
    temperature: float = Field(0.07, gt=0, le=1, description="similarities are divided by this")
    alpha: float = Field(0.9, gt=0, lt=1, description="weight of what matches; the rest has 1 - it")
    decomposition_alpha: float = Field(
        0.99, gt=0, lt=1, description="the same in decomposition, where less matches"
    )


class ConsistencySettings(BaseModel):
    """How all of two crops is compared: global consistency, in the form of DINO."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float = Field(0.1, ge=0, le=100, description="weight of global consistency")
    width: int = Field(512, ge=16, le=4096, description="hidden channels; DINO has 2048")
    dimensions: int = Field(128, ge=8, le=1024, description="length of its vectors; DINO has 256")
    prototypes: int = Field(1024, ge=16, le=131_072, description="prototypes; ACE has 65,536")
    temperature: float = Field(0.1, gt=0, le=1, description="the student's softmax temperature")
    teacher_temperature: float = Field(0.04, gt=0, le=1, description="the teacher's")
    centring: float = Field(0.9, ge=0, lt=1, description="part of the centre kept per step")
    frozen: float = Field(
        0.01, ge=0, le=1, description="first part of the training in which prototypes stay"
    )

    @property
    def sharpness(self) -> Sharpness:
        """Both temperatures."""
        return Sharpness(self.temperature, self.teacher_temperature)


class ACESettings(MethodSettings):
    """ACE's settings; lengths in pixels of the working image."""

    backbone: Backbone = Field(
        "convolutional", description="network; the transformer has a class token"
    )
    width: int = Field(128, ge=64, le=1024, multiple_of=64, description="length of a token")
    depth: int = Field(
        3, ge=1, le=24, description="transformer blocks, or residual units after the last halving"
    )
    head_length: Literal[16, 32, 64] = Field(
        32, description="part of a token that each head of the transformer's attention has"
    )
    cell: Cell = Field(8, description="side of a cell, pixels; embeddings have this stride")
    head_norm: HeadNorm = Field(
        "batch",
        description="what the head for matching normalises; 'layer' makes vectors much alike, but "
        "several processes exactly one",
    )
    drop_path: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="probability that the student skips its last block; less for earlier ones",
    )

    batch: int = Field(8, ge=1, le=1024, description="images per step; 2 crops each")
    tokens: int = Field(14, ge=2, le=64, description="tokens along a side of a crop, at most")
    scale: Literal[2, 4] = Field(2, description="cells along a side of a large crop's token")
    area: float = Field(0.85, ge=0.25, le=1, description="smallest part of an image crops are of")
    aspect: float = Field(0.0, ge=0, le=1, description="images are stretched by up to this")

    brightness: float = Field(0.3, ge=0, le=0.9, description="change of brightness")
    contrast: float = Field(0.3, ge=0, le=0.9, description="change of contrast")
    saturation: float = Field(0.3, ge=0, le=0.9, description="change of colour saturation")
    gamma: float = Field(0.3, ge=0, le=2, description="change of the grey-level curve")
    noise: float = Field(0.02, ge=0, le=0.5, description="added noise, part of the full range")
    grey: float = Field(0.2, ge=0, le=1, description="probability that a crop loses its colour")
    changed: float = Field(
        1.0, ge=0, le=1, description="probability that brightness, contrast and saturation change"
    )
    blur: float = Field(0.5, ge=0, le=1, description="probability that a crop is blurred")
    blur_width: float = Field(
        1.0, ge=0.1, le=8, description="largest standard deviation of that blur, pixels"
    )
    sharpen: float = Field(0.3, ge=0, le=1, description="probability that a crop is sharpened")
    even: float = Field(
        0.0, ge=0, le=1, description="probability that a crop is evened out place by place (CLAHE)"
    )

    momentum: float = Field(
        0.99, ge=0, lt=1, description="part of the teacher kept per step, at first; it rises to 1"
    )
    warm_up: float = Field(
        0.05, ge=0, lt=1, description="first part of the training in which the learning rate rises"
    )
    weight_decay: float = Field(0.04, ge=0, le=1, description="decoupled weight decay, at first")
    final_weight_decay: float = Field(
        0.04, ge=0, le=1, description="the same at the end; ACE's rises to 0.4"
    )
    clip: float = Field(
        0.8, ge=0, le=100, description="gradients of a parameter are at most this long; 0: any"
    )
    matching: MatchingSettings = Field(MatchingSettings(), description="local consistency")
    consistency: ConsistencySettings = Field(
        ConsistencySettings(), description="global consistency"
    )

    @model_validator(mode="after")
    def _learns_something(self) -> Self:
        if not self.learns_locally and not self.consistency.weight:
            raise ValueError("without local consistency, consistency.weight must be above 0")
        return self

    @property
    def learns_locally(self) -> bool:
        """Whether there is any matching."""
        return self.matching.form != "none" and self.matching.weight > 0

    @property
    def crop_scale(self) -> int:
        """Cells along a side of a large crop's token; 1 where both crops have one scale."""
        return 1 if self.matching.form == "one-to-one" else self.scale

    def lattice(self, canvas: Size) -> tuple[Size, Size]:
        """Cells of an image of this size, and tokens of its crops, as rows and columns.

        Raises
        ------
        BadInput
            If the image is too small for two crops of different scale.
        """
        cells = (canvas[0] // self.cell, canvas[1] // self.cell)
        tokens = fitting_tokens(cells, self.tokens, self.crop_scale)
        if 0 in tokens:
            least = self.crop_scale**2 * self.cell
            raise BadInput(
                f"working images of {canvas[0]} x {canvas[1]} pixels are too small for crops of "
                f"scale {self.crop_scale}: raise image_size so that both sides have {least}, or "
                "lower cell or scale"
            )
        return cells, tokens

    def form(self) -> NetworkForm:
        """What the network is made of."""
        return NetworkForm(
            backbone=self.backbone,
            width=self.width,
            depth=self.depth,
            heads=self.width // self.head_length,
            drop_path=self.drop_path,
            cell=self.cell,
            extent=self.tokens,
            dense_head=self.learns_locally,
            head_norm=self.head_norm,
            global_width=self.consistency.width,
            global_dimensions=self.consistency.dimensions,
            prototypes=self.consistency.prototypes,
        )

    def geometry(self) -> GeometryRanges:
        """What both crops of an image are cut from: a random part of it, at the image's size."""
        return GeometryRanges(
            mirror=self.sides == "learned",
            zoom=(1.0, self.area**-0.5),
            aspect=self.aspect,
            roam=True,
        )

    def appearance(self) -> AppearanceRanges:
        """How the look of each crop changes; nothing that would move a cell."""
        return AppearanceRanges(
            self.brightness,
            self.contrast,
            self.saturation,
            self.gamma,
            self.noise,
            self.grey,
            changed=self.changed,
            blur=self.blur,
            blur_width=self.blur_width,
            sharpen=self.sharpen,
            even=self.even,
        )


# Working images are evened out already, and in minutes a small network learns too little, not too
# much: crops are not evened again, no block is skipped, and weight decay stays what it is. Most
# pairs of cells are easily told apart: their mean is small, and only with this weight it is learned
# from in so few steps.
SMALL: dict[str, Any] = {
    "image_size": 256,
    "learning_rate": 5e-4,
    "batch": 4,
    "matching": {"weight": 20.0},
}

FAITHFUL: dict[str, Any] = {
    "image_size": 1024,
    "local_contrast": False,
    # 5e-4 for every 256 images of a global batch, which was 8 on each of 4 GPUs.
    "learning_rate": 6.25e-5,
    "backbone": "transformer",
    "width": 768,
    "depth": 12,
    "head_length": 64,
    "cell": 32,
    "batch": 32,
    # A crop of 0.85 of a square's area has sides of at most 1 : 0.85.
    "aspect": 0.17,
    "brightness": 0.2,
    "contrast": 0.2,
    "saturation": 0.0,
    "gamma": 0.0,
    "noise": 0.0,
    "grey": 0.0,
    "changed": 0.5,
    "blur": 0.5,
    # Kernels of 3 to 7 pixels.
    "blur_width": 1.4,
    "sharpen": 0.3,
    "even": 0.3,
    "drop_path": 0.1,
    "momentum": 0.996,
    # 10 of 302 epochs.
    "warm_up": 0.033,
    "final_weight_decay": 0.4,
    # One of 302 epochs in which prototypes stay.
    "consistency": {
        "width": 2048,
        "dimensions": 256,
        "prototypes": 65_536,
        "frozen": 0.0033,
    },
}

PRESETS: dict[str, dict[str, Any]] = {"small": SMALL, "faithful": FAITHFUL}
PRESET_HELP = {
    "small": "suits laptops: learns in minutes",
    "faithful": "the published form, with ViT-B, at its published size: days on several GPUs",
}
