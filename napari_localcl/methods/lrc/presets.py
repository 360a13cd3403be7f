"""LRC's presets: at both sizes, and on each system that it can be added to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .settings import BARE, BASE, bases

Value = TypeVar("Value")

OWN: dict[str, dict[str, Any]] = {
    "small": {},
    "faithful": {
        "base_preset": "faithful",
        "lrc": {"images": 32, "regions": 32, "superpixels": {"reduction": 1}},
    },
}
HELP = {
    "small": f"on {BASE}, suits laptops: learns in minutes",
    "faithful": f"on {BASE} at its published size; LRC's own constants are not public: days on a "
    "GPU",
    BARE: "regions alone, for an encoder of another run (--from), suits laptops",
}


@dataclass(frozen=True)
class PerBase(Mapping[str, Value], Generic[Value]):
    """Own presets, and one more for each other base; looked at once all systems are published."""

    own: Mapping[str, Value]
    make: Callable[[str], Value]

    def __iter__(self) -> Iterator[str]:
        yield from OWN
        yield from (name for name in bases() if name != BASE)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __getitem__(self, name: str) -> Value:
        if name not in list(self):
            raise KeyError(name)
        return self.own[name] if name in self.own else self.make(name)


PRESETS: PerBase[Mapping[str, Any]] = PerBase(OWN, lambda name: {"base": name})
PRESET_HELP: PerBase[str] = PerBase(HELP, lambda name: f"on {name}, suits laptops")
