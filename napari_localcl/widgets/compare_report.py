"""What `probe` has written, as the window shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Cell(BaseModel):
    """What one encoder got; what was not measured is None."""

    value: float | None
    control: float | None
    skill: float | None
    beats_control: bool


class Row(BaseModel):
    """One figure of all encoders, by their names."""

    title: str
    help: str
    question: str
    unit: str
    ranked: bool
    values: dict[str, Cell]

    @property
    def best(self) -> str | None:
        """Which encoder is the best of those that are clearly better than their control."""
        skills = {
            name: cell.skill
            for name, cell in self.values.items()
            if cell.beats_control and cell.skill is not None
        }
        return max(skills, key=skills.__getitem__, default=None)


class Encoder(BaseModel):
    """A run, or random weights."""

    name: str
    method: str
    random: bool
    collapsed: bool
    mean_rank: float | None
    mean_rank_by_truth: float | None


class Words(BaseModel):
    """The recommendation: the name of a run, and sentences."""

    best: str | None
    sentences: list[str]


class CompareReport(BaseModel):
    """All of it."""

    made: str
    images: int
    recommendation: Words
    encoders: list[Encoder]
    figures: list[Row]

    def sentences(self, names: Mapping[str, str]) -> list[str]:
        """Return the recommendation, with what people call the runs, by folder."""
        said = self.recommendation.sentences
        for folder, name in names.items():
            said = [sentence.replace(f"'{folder}'", f"'{name}'") for sentence in said]
        return said


def read_report(path: Path) -> CompareReport:
    """Read the `.json` of a report.

    Raises
    ------
    BadInput
        If it is not there, or damaged.
    """
    try:
        return CompareReport.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        raise BadInput(f"the report {path} cannot be read; compare again") from error
