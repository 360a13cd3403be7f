"""Settings as a person gives and reads them."""

from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from napari_localcl.data.errors import BadInput
from napari_localcl.data.settings import build_settings, list_settings, parse_assignments


class Inner(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = Field(64, ge=4, le=1024, description="points per pair")
    reach: float = Field(1.5, gt=0, description="cells")


class Outer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(384, ge=64, le=2048, multiple_of=32, description="pixels")
    grid: Literal[2, 4, 8] = Field(8, description="patches")
    flip: bool = False
    radius: float | None = None
    weights: tuple[float, ...] = (1.0, 2.0)
    points: Inner = Inner(count=32)

    @model_validator(mode="after")
    def check(self):
        if self.flip and self.grid == 2:
            raise ValueError("flip needs a grid above 2")
        return self


def test_settings_are_listed_flat_with_their_ranges():
    listed = {setting.name: setting for setting in list_settings(Outer)}
    assert list(listed) == [
        *("size", "grid", "flip", "radius", "weights", "points.count", "points.reach")
    ]
    assert listed["size"].allowed == "a whole number, 64 to 2048, a multiple of 32"
    assert listed["grid"].allowed == "one of 2, 4, 8"
    assert listed["points.reach"].allowed == "a number, above 0"
    assert (listed["points.count"].default, listed["points.count"].help) == (32, "points per pair")


def test_texts_become_what_the_model_wants():
    given = parse_assignments(
        ["size=128", "grid = 4", "flip=true", "radius=none", "weights=[3, 4]", "points.reach=0.5"]
    )
    built = build_settings(Outer, given)
    assert built == Outer(
        size=128, grid=4, flip=True, weights=(3, 4), points=Inner(count=32, reach=0.5)
    )


def test_what_is_given_wins_over_the_preset_and_that_over_the_default():
    preset = {"size": 448, "points": {"count": 8}}
    built = build_settings(Outer, {"size": 64}, preset)
    assert (built.size, built.points.count, built.points.reach) == (64, 8, 1.5)


@pytest.mark.parametrize(
    ("name", "near"),
    [("sizes", "size"), ("points.cont", "points.count"), ("reach", "points.reach")],
)
def test_an_unknown_name_brings_near_names(name, near):
    with pytest.raises(BadInput, match=f"no setting '{name}'; did you mean .*{near}"):
        build_settings(Outer, {name: "3"})


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"size": "32"}, r"size='32' must be a whole number, 64 to 2048, a multiple of 32"),
        ({"size": "many"}, r"size='many' must be a whole number"),
        ({"points.count": "2"}, r"points\.count='2' must be a whole number, 4 to 1024"),
        ({"grid": "3"}, r"grid='3' must be one of 2, 4, 8"),
        ({"flip": "true", "grid": "2"}, "flip needs a grid above 2"),
    ],
)
def test_a_value_not_allowed_brings_the_range(given, sentence):
    with pytest.raises(BadInput, match=sentence):
        build_settings(Outer, given)


def test_an_assignment_without_a_sign_is_bad_input():
    with pytest.raises(BadInput, match="write --set name=value"):
        parse_assignments(["size"])
