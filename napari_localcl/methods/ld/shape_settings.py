"""The settings of LD's segmentation by a shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from napari_localcl.models.discriminator import Form

if TYPE_CHECKING:
    from torch import Tensor

Appearance = Literal["any", "brighter", "darker"]
Channel = Literal["all", "red", "green", "blue"]
Output = Literal["attention", "cosine"]
SIGNS: dict[Appearance, float] = {"any": 0.0, "brighter": 1.0, "darker": -1.0}


class RefineSettings(BaseModel):
    """How the second network learns from what the first one is sure of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(0.3, ge=0, le=1, description="budget share of the refinement; 0: none")
    pool: int = Field(400, ge=2, le=10_000, description="images that it learns from")
    width: int = Field(16, ge=4, le=64, description="channels of its first level")
    batch: int = Field(8, ge=1, le=256, description="views per step")
    weighted: bool = Field(True, description="what is uncertain counts less")
    learning_rate: float = Field(2e-3, gt=0, le=1, description="Adam's learning rate")


class ShapeSettings(BaseModel):
    """How a cluster is given a shape; lengths in pixels of the working image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(0.0, ge=0, le=1, description="budget share of the shape; 0: none")
    appearance: Appearance = Field(
        "any", description="whether the structure is brighter or darker than what is around it"
    )
    channel: Channel = Field(
        "all",
        description="the only colour that is looked at; vessels of the eye show best in green",
    )
    surroundings: int = Field(4, ge=1, le=32, description="how far around it, pixels")
    bank: int = Field(400, ge=8, le=10_000, description="masks drawn from the prior")
    adversarial_weight: float = Field(
        1.0, ge=0, le=100, description="weight of the discriminator's judgement"
    )
    appearance_weight: float = Field(
        1.0, ge=0, le=100, description="weight of being brighter or darker; LD has none"
    )
    area_weight: float = Field(
        0.3, ge=0, le=100, description="weight of the prior's mean area; LD has none"
    )
    guess_weight: float = Field(
        1.0, ge=0, le=100, description="weight of the first guess; LD has none"
    )
    guess_until: float = Field(
        0.5, gt=0, le=1, description="part of the stage over which the first guess fades"
    )
    guess_rest: float = Field(
        0.3, ge=0, le=1, description="part of the first guess's weight that does not fade"
    )
    matching: bool = Field(
        True, description="first guess: where masks fit an image best; else where they lie mostly"
    )
    matched: int = Field(400, ge=1, le=10_000, description="images that masks are fitted to")
    masks_fitted: int = Field(100, ge=8, le=1000, description="masks fitted to each image")
    best: int = Field(8, ge=1, le=100, description="best masks averaged to a first guess")
    reach: float = Field(
        0.12, ge=0, le=1, description="how far a mask that has a place moves, part of the side"
    )
    discriminator: Form = Field(
        "strided", description="form of the discriminator; the published one is slower"
    )
    discriminator_rate: float = Field(
        5e-4, gt=0, le=1, description="the discriminator's learning rate; LD has 5e-5"
    )
    patience: float = Field(
        0.6,
        ge=0,
        le=1,
        description="the discriminator waits while its loss is below this part of guessing's, for "
        "a game that one side has won teaches nothing; 0: never, as in LD",
    )
    spectral: bool = Field(False, description="bound the discriminator by its singular values")
    penalty: float = Field(
        0.02, ge=0, le=100, description="weight of the discriminator's gradient (R1); LD has none"
    )
    momentum: float = Field(
        0.5, ge=0, lt=1, description="Adam's first momentum in the game of both; LD has 0.9"
    )
    averaging: float = Field(
        0.99, ge=0, lt=1, description="part of the averaged weights kept per step; LD has none"
    )
    components: int = Field(
        0, ge=0, le=100, description="largest parts of a mask that are kept; 0 keeps all"
    )
    fill_holes: bool = Field(False, description="holes in a mask are filled")
    expected: bool = Field(
        False, description="every image shows it: where nothing is sure, the likeliest place counts"
    )
    output: Output = Field(
        "attention", description="what the first network says: its cluster, or nearness to it"
    )
    refine: RefineSettings = Field(RefineSettings(), description="the refinement")

    def brightness(self, pixels: Tensor) -> Tensor:
        """Images (B, C, H, W) -> the grey levels (B, 1, H, W) in which the structure differs."""
        if self.channel == "all" or pixels.shape[1] == 1:
            return pixels.mean(dim=1, keepdim=True)
        index = ("red", "green", "blue").index(self.channel)
        return pixels[:, index : index + 1]

    @property
    def sign(self) -> float:
        """1 for a brighter structure, -1 for a darker one, 0 where nobody knows."""
        return SIGNS[self.appearance]


SHAPE: dict[str, Any] = {
    "image_size": 160,
    "local_contrast": False,
    "learning_rate": 2e-3,
    "width": 8,
    "clusters": 8,
    "levels": 1,
    "grid": 4,
    "view_part": 1.0,
    "zoom": 1.15,
    "rotation": 8,
    "view_rotation": 0,
    "view_zoom": 1.0,
    "view_shift": 0.06,
    "view_elastic": 0.0,
    "aperture": 0.0,
    # A structure is known by how it looks, so looks change less than where places are learned.
    "brightness": 0.15,
    "contrast": 0.25,
    "saturation": 0.2,
    "grey": 0.0,
    "patch_weight": 0.0,
    "mixup_weight": 0.0,
    "point_weight": 0.0,
    "region_weight": 1.0,
    "patches_share": 0.0,
    "regions_share": 0.0,
    "correspondences_share": 0.0,
    "shape": {"share": 1.0},
}

# 20 epochs of patches, then 80 of everything at once.
SHAPE_FAITHFUL: dict[str, Any] = {
    "clusters": 8,
    "pairs": 3,
    "patches_share": 0.2,
    "regions_share": 0.0,
    "shape": {
        "share": 0.8,
        "area_weight": 0.0,
        "guess_weight": 0.0,
        "appearance_weight": 0.0,
        "discriminator": "published",
        "discriminator_rate": 5e-5,
        "patience": 0.0,
        "penalty": 0.0,
        "momentum": 0.9,
        "averaging": 0.0,
    },
}
