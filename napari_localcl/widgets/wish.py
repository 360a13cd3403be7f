"""What to train, as the terminal takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Wish:
    """What to train.

    Attributes
    ----------
    method, preset, device : str
        As the terminal takes them.
    amount, unit : float, {'minutes', 'steps'}
        The budget.
    settings : mapping
        What differs from the preset, by dotted name.
    """

    method: str
    preset: str
    device: str
    amount: float
    unit: str = "minutes"
    settings: Mapping[str, object] = field(default_factory=dict)

    def arguments(self, images: list[str], run: Path) -> list[str]:
        """Return the verb and all that follows it."""
        flags = ["--method", self.method, "--preset", self.preset, "--device", self.device]
        flags += [f"--{self.unit}", f"{self.amount:g}", "--run", str(run)]
        flags += [part for pair in self.settings.items() for part in ("--set", _assignment(*pair))]
        return ["pretrain", *images, *flags]


@dataclass(frozen=True)
class Continuation:
    """A run to go on with, as it was begun.

    Attributes
    ----------
    device : str
        Where to compute; it may be another one than before.
    """

    device: str

    def arguments(self, images: list[str], run: Path) -> list[str]:
        """Return the verb and all that follows it."""
        return ["pretrain", *images, "--run", str(run), "--resume", "--device", self.device]


def _assignment(name: str, value: object) -> str:
    return f"{name}={str(value).lower() if isinstance(value, bool) else value}"
