"""LRC's presets: at both sizes, on each system that it can be added to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .settings import BARE, BASE, bases

Value = TypeVar("Value")

SIZES: dict[str, dict[str, Any]] = {
    "small": {},
    "faithful": {
        "base_preset": "faithful",
        "lrc": {"images": 32, "regions": 32, "superpixels": {"reduction": 1}},
    },
}
HELP = {
    "small": "suits laptops: learns in minutes",
    "faithful": "at its published size; LRC's own constants are not public: days on a GPU",
}
ALONE = "regions alone, for an encoder of another run (--from)"


def _of(base: str, size: str) -> Mapping[str, Any]:
    return SIZES[size] if base == BASE else {"base": base, **SIZES[size]}


def _help(base: str, size: str) -> str:
    return f"{ALONE if base == BARE else f'on {base}'}, {HELP[size]}"


def _name(base: str, size: str) -> str:
    if base == BASE:
        return size
    return base if size == "small" else f"{base}-{size}"


@dataclass(frozen=True)
class PerBase(Mapping[str, Value], Generic[Value]):
    """What presets are, by name; looked at once all systems are published."""

    make: Callable[[str, str], Value]

    def _pairs(self) -> dict[str, tuple[str, str]]:
        every = [BASE, *(name for name in bases() if name != BASE)]
        return {_name(base, size): (base, size) for base in every for size in SIZES}

    def __iter__(self) -> Iterator[str]:
        yield from self._pairs()

    def __len__(self) -> int:
        return len(self._pairs())

    def __getitem__(self, name: str) -> Value:
        return self.make(*self._pairs()[name])


PRESETS: PerBase[Mapping[str, Any]] = PerBase(_of)
PRESET_HELP: PerBase[str] = PerBase(_help)
