"""The settings of LRC: those of the system that it is added to, and the local term's own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, create_model

from napari_localcl.data.errors import BadInput
from napari_localcl.data.settings import build_settings
from napari_localcl.data.superpixels import SuperpixelSettings
from napari_localcl.losses.regions import Form
from napari_localcl.methods.method import PUBLISHED, Method, MethodSettings
from napari_localcl.methods.two_views import ViewSettings

from .bare import Bare

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "lrc"
BASE, BARE = "moco", "none"

FEW: dict[str, Any] = {"lrc": {"images": 2}}
# A base that has no decoder of its own gets one, for the local term to train; where a step looks at
# few views, the local term is to look at fewer: it takes a quarter of the time of LD's.
SUITED: dict[str, dict[str, Any]] = {BASE: {"levels": 4}, "ld": FEW, "ace": FEW}


class LocalSettings(BaseModel):
    """The local term; the paper's constants are not known, all of these are ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float = Field(1.0, ge=0, le=100, description="weight of the local term (lambda)")
    two_stage: bool = Field(
        False,
        description="the base's stages first; then its encoder stays and the rest learns regions",
    )
    share: float = Field(
        0.5, gt=0, lt=1, description="budget share of that second stage, where there are two"
    )
    form: Form = Field(
        "prototype", description="what is told apart: regions' means, or each sampled pixel"
    )
    temperature: float = Field(0.1, gt=0, le=1, description="softmax temperature")
    across_images: bool = Field(
        False, description="regions of other images, likely the same organs, are negatives too"
    )
    images: int = Field(4, ge=1, le=1024, description="images per step; two views each")
    regions: int = Field(16, ge=2, le=256, description="regions per image, at most")
    pixels: int = Field(16, ge=1, le=1024, description="pixels sampled per region and view")
    least: int = Field(
        6, ge=1, le=1024, description="places of the grid that a region covers in both views"
    )
    grid: Literal[1, 2, 4, 8] = Field(
        4, description="pixels between the places that are sampled from"
    )
    coarsest: int = Field(
        16, ge=1, le=64, description="coarser embeddings than of this stride learn no regions"
    )
    head: int = Field(
        64, ge=0, le=1024, description="width of the head that is left behind; 0: none"
    )
    pool: int = Field(2000, ge=1, le=100_000, description="images whose regions are learned")
    views: ViewSettings = Field(
        ViewSettings(zoom=1.6), description="how the local term's own views are drawn"
    )
    superpixels: SuperpixelSettings = Field(
        SuperpixelSettings(), description="how an image is divided into regions"
    )


class LRCSettings(MethodSettings):
    """What LRC adds to the settings of its base; :func:`settings_on` joins both."""

    base: str = Field(BASE, description="the system that learns too; 'none': regions alone")
    base_preset: Literal["small", "faithful"] = Field(
        "small", description="preset of that system that its settings begin with"
    )
    lrc: LocalSettings = Field(LocalSettings(), description="the local term")


def bases() -> dict[str, type[Method]]:
    """The systems that LRC can be added to, by name."""
    others = {name: system for name, system in PUBLISHED.items() if name != NAME}
    return {**dict(sorted(others.items())), BARE: Bare}


def find_base(name: object) -> type[Method]:
    """Return a system that LRC can be added to.

    Raises
    ------
    BadInput
        If there is none of that name.
    """
    known = bases()
    if name not in known:
        raise BadInput(f"LRC cannot be added to '{name}': choose base={', '.join(known)}")
    return known[str(name)]


@cache
def settings_on(base: type[Method]) -> type[LRCSettings]:
    """Return the class of the settings of LRC on a base: the base's, and LRC's own."""
    names = tuple(bases())
    own = LRCSettings.model_fields["base"]
    name = next(name for name, system in bases().items() if system is base)
    choice: Any = (Literal[names], Field(name, description=own.description))
    parents: Any = (base.Settings, LRCSettings)
    name_of_class = f"LRCOn{base.__name__}Settings"
    return cast("type[LRCSettings]", create_model(name_of_class, __base__=parents, base=choice))


def settle(given: Mapping[str, object], preset: Mapping[str, Any]) -> LRCSettings:
    """Return the settings of LRC on the base that is given, or that the preset names.

    Raises
    ------
    BadInput
        If there is no such base or preset of it, or a value is not allowed.
    """
    wanted = {**LRCSettings().model_dump(include={"base", "base_preset"}), **preset, **given}
    base = find_base(wanted["base"])
    if wanted["base_preset"] not in base.presets:
        own = ", ".join(base.presets)
        raise BadInput(f"base '{wanted['base']}' has no preset of that name: choose {own}")
    begun = dict(base.presets[str(wanted["base_preset"])])
    begun |= SUITED.get(str(wanted["base"]), {})
    return build_settings(settings_on(base), given, {**begun, **preset})
