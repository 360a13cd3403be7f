"""Who did something, and when."""

from __future__ import annotations

import platform
from datetime import UTC, datetime

import psutil
from pydantic import BaseModel, ConfigDict


class ProcessRecord(BaseModel):
    """A process, told from a later one of the same number by its start."""

    model_config = ConfigDict(frozen=True)

    host: str
    number: int
    started: float

    @classmethod
    def own(cls) -> ProcessRecord:
        """Return the record of this process."""
        process = psutil.Process()
        return cls(host=platform.node(), number=process.pid, started=process.create_time())

    @property
    def is_elsewhere(self) -> bool:
        """Whether it runs on another computer, so that nobody here can tell if it is alive."""
        return self.host != platform.node()

    def is_alive(self) -> bool:
        """Whether it runs on this computer; this process does."""
        if self.is_elsewhere:
            return False
        try:
            return bool(abs(psutil.Process(self.number).create_time() - self.started) < 1)
        except psutil.Error:
            return False

    def is_another_alive(self) -> bool:
        """Whether it runs on this computer and is not this process."""
        return self.number != psutil.Process().pid and self.is_alive()


def now() -> str:
    """Return the present moment, ISO 8601 in UTC to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
