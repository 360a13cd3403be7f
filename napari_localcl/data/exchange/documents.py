"""Files of other programs, checked as they are read: text, and what their JSON has to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, Field, FiniteFloat, ValidationError

from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.text import read_text

if TYPE_CHECKING:
    from pathlib import Path

Document = TypeVar("Document", bound=BaseModel)


class ControlPoint(BaseModel):
    """A point of a 3D Slicer list; without a position it was announced but never placed."""

    label: str = ""
    description: str = ""
    position: tuple[FiniteFloat, FiniteFloat, FiniteFloat] | None = None
    status: str = Field("defined", alias="positionStatus")


class Markup(BaseModel):
    """One of the lists, curves, planes ... of a 3D Slicer file."""

    kind: str = Field(alias="type")
    system: str = Field("LPS", alias="coordinateSystem")
    units: str | list[str] = Field("mm", alias="coordinateUnits")
    points: list[ControlPoint] = Field([], alias="controlPoints")


class MarkupsFile(BaseModel):
    """A file of 3D Slicer's markups."""

    markups: list[Markup]


class CocoImage(BaseModel):
    """An image of a COCO file."""

    id: int | str
    file_name: str


class CocoCategory(BaseModel):
    """A category of a COCO file; those without keypoints are of no interest here."""

    id: int | str
    keypoints: list[str] = []


class CocoAnnotation(BaseModel):
    """An annotation of a COCO file: `[x, y, visibility]` of each keypoint of its category."""

    image_id: int | str
    category_id: int | str
    keypoints: list[FiniteFloat] | None = None
    score: FiniteFloat | None = None
    confidences: list[FiniteFloat | None] | None = Field(None, alias="keypoint_confidences")
    sources: list[str | None] | None = Field(None, alias="keypoint_sources")


class CocoFile(BaseModel):
    """A COCO file."""

    images: list[CocoImage]
    categories: list[CocoCategory]
    annotations: list[CocoAnnotation]


def read_json(path: Path, model: type[Document], title: str) -> Document:
    """Read a JSON file.

    Parameters
    ----------
    path : Path
        In UTF-8.
    model : type
        What it has to hold.
    title : str
        What it should be, for sentences, such as `a COCO file`.

    Returns
    -------
    Document
        An instance of `model`.

    Raises
    ------
    BadInput
        If it is missing, empty, no JSON, or lacks something.
    """
    text = read_text(path, title)
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
    if first["type"] == "json_invalid":
        raise BadInput(f"{path} is no JSON and so not {title} ({first['ctx']['error']})")
    where = ".".join(map(str, first["loc"])) or "it"
    raise BadInput(f"{path} is not {title}: {where}: {first['msg']}; save it again as one")
