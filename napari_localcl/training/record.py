"""What a run folder says about its run (``run.json``)."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from napari_localcl.data.provenance import ProcessRecord, now

FORMAT = 1


class ImageRecord(BaseModel):
    """An image that was trained on: its name within the folder, and the hash of its content."""

    model_config = ConfigDict(frozen=True)

    name: str
    hash: str


class SkippedRecord(BaseModel):
    """An image that could not be used, and why."""

    model_config = ConfigDict(frozen=True)

    name: str
    reason: str


class SidesRecord(BaseModel):
    """The rule by which images of one side were mirrored; see :mod:`napari_localcl.data.sides`."""

    model_config = ConfigDict(frozen=True)

    direction: tuple[float, ...]
    threshold: float


class PriorRecord(BaseModel):
    """The prior that a structure was learned from, and its settings."""

    model_config = ConfigDict(frozen=True)

    source: str
    settings: dict[str, Any]


class BackboneRecord(BaseModel):
    """The network of an earlier run that a run was built on: what it takes to build it again."""

    model_config = ConfigDict(frozen=True)

    method: str
    settings: dict[str, Any]


class ClassRecord(BaseModel):
    """A class that labels tell apart: its value in masks, and its name."""

    model_config = ConfigDict(frozen=True)

    value: int
    name: str


class LabelsRecord(BaseModel):
    """The labels that a run learned from; `fingerprint` is a hash of all of them."""

    model_config = ConfigDict(frozen=True)

    source: tuple[str, ...]
    classes: tuple[ClassRecord, ...]
    sparse: bool
    not_labelled: int
    images: tuple[str, ...]
    held_out: tuple[str, ...] = ()
    fingerprint: str


class RunRecord(BaseModel):
    """Everything needed to say what a run is and to make it again."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    verb: str
    method: str
    preset: str = ""
    settings: dict[str, Any]
    seed: int
    steps: int | None = None
    minutes: float | None = None
    started_from: str | None = None
    device: str = ""
    precision: str = ""
    processes: int = 1
    process: ProcessRecord = Field(default_factory=ProcessRecord.own)
    versions: dict[str, str] = Field(default_factory=lambda: versions())
    canvas: tuple[int, int] | None = None
    channels: int | None = None
    sides: SidesRecord | None = None
    prior: PriorRecord | None = None
    labels: LabelsRecord | None = None
    backbone: BackboneRecord | None = None
    images: tuple[ImageRecord, ...] = ()
    skipped: tuple[SkippedRecord, ...] = ()
    status: Literal["running", "interrupted", "failed", "finished"] = "running"
    stopped_early: bool = False
    collapse: str = ""
    started: str = Field(default_factory=now)
    finished: str | None = None
    seconds: float = 0.0


def versions() -> dict[str, str]:
    """Return the versions that a result may depend on."""
    named = {name: version(name) for name in ("napari-localcl", "torch", "numpy")}
    return {"python": platform.python_version(), **named}
