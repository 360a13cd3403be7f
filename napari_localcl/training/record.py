"""What a run folder says about its run (``run.json``)."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Literal

import psutil
from pydantic import BaseModel, ConfigDict, Field

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


class ProcessRecord(BaseModel):
    """The process that trains a run, told from a later one of the same number by its start."""

    model_config = ConfigDict(frozen=True)

    host: str
    number: int
    started: float

    @classmethod
    def own(cls) -> ProcessRecord:
        """Return the record of this process."""
        process = psutil.Process()
        return cls(host=platform.node(), number=process.pid, started=process.create_time())

    def is_another_alive(self) -> bool:
        """Whether it runs on this machine and is not this process; unknown elsewhere, so False."""
        if self.host != platform.node() or self.number == psutil.Process().pid:
            return False
        try:
            return bool(abs(psutil.Process(self.number).create_time() - self.started) < 1)
        except psutil.Error:
            return False


class SidesRecord(BaseModel):
    """The rule by which images of one side were mirrored; see :mod:`napari_localcl.data.sides`."""

    model_config = ConfigDict(frozen=True)

    direction: tuple[float, ...]
    threshold: float


class RunRecord(BaseModel):
    """Everything needed to say what a run is and to make it again."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    verb: str
    method: str
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
    images: tuple[ImageRecord, ...] = ()
    skipped: tuple[SkippedRecord, ...] = ()
    status: Literal["running", "interrupted", "failed", "finished"] = "running"
    stopped_early: bool = False
    started: str = Field(default_factory=lambda: now())
    finished: str | None = None
    seconds: float = 0.0


def now() -> str:
    """Return the present moment, ISO 8601 in UTC to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """Return the versions that a result may depend on."""
    named = {name: version(name) for name in ("napari-localcl", "torch", "numpy")}
    return {"python": platform.python_version(), **named}
