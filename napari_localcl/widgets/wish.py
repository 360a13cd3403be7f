"""What to train, as the terminal takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from napari_localcl.tasks.series.files import PREDICTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_localcl.data.project_mask_files import MaskFiles
    from napari_localcl.tasks.project_runs import RunRow

LEARN, SEGMENT, CLASSIFY = "pretrain", "shapes", "classify"
OF_SHAPES = "shape."  # what settings begin with that segmenting alone needs


@dataclass(frozen=True)
class Budget:
    """How long to train, and where.

    Attributes
    ----------
    device : str
        As the terminal takes it.
    amount, unit : float, {'minutes', 'steps'}
        The budget.
    """

    device: str
    amount: float
    unit: str = "minutes"

    @property
    def flags(self) -> list[str]:
        """What the terminal takes for it."""
        return ["--device", self.device, f"--{self.unit}", f"{self.amount:g}"]


@dataclass(frozen=True)
class Wish:
    """What to learn.

    Attributes
    ----------
    method, preset : str
        As the terminal takes them.
    budget : Budget
        How long, and where.
    settings : mapping
        What differs from the preset, by dotted name.
    """

    verb: ClassVar[str] = LEARN
    structure: ClassVar[str] = ""
    folder: ClassVar[str] = ""
    method: str
    preset: str
    budget: Budget
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What its run is called, before a number."""
        return self.method

    def arguments(self, images: list[str], run: Path) -> list[str]:
        """Return the verb and all that follows it."""
        flags = ["--method", self.method, "--preset", self.preset, *self.budget.flags]
        return [self.verb, *images, *flags, "--run", str(run), *assignments(self.settings)]


@dataclass(frozen=True)
class ShapeWish:
    """What to segment by its shape.

    Attributes
    ----------
    structure, folder : str
        What it is called, and what its folders are.
    prior : str
        A family's name, a folder of masks or a mask file.
    budget : Budget
        How long, and where.
    masks : MaskFiles
        Where the masks go.
    settings : mapping
        What differs from the defaults, by dotted name.
    start_from : Path or None
        A run whose encoder to begin with.
    """

    verb: ClassVar[str] = SEGMENT
    structure: str
    folder: str
    prior: str
    budget: Budget
    masks: MaskFiles
    settings: Mapping[str, object] = field(default_factory=dict)
    start_from: Path | None = None

    @property
    def name(self) -> str:
        """What its run is called, before a number."""
        return self.folder

    def arguments(self, images: list[str], run: Path) -> list[str]:
        """Return the verb and all that follows it."""
        flags = ["--prior", self.prior, *self.budget.flags, "--run", str(run)]
        flags += ["--from", str(self.start_from)] if self.start_from else []
        out = ["--out", str(self.masks.proposals(self.folder, run.name))]
        return [self.verb, *images, *flags, *out, *assignments(self.settings)]


@dataclass(frozen=True)
class Continuation:
    """A run to go on with, as it was begun.

    Attributes
    ----------
    row : RunRow
        The run.
    device : str
        Where to compute; it may be another one than before.
    masks : MaskFiles
        Where masks go, if it makes any.
    structure : str
        What it segments, as it is called by now; empty if it learns.
    """

    row: RunRow
    device: str
    masks: MaskFiles
    structure: str = ""

    @property
    def verb(self) -> str:
        """What it does."""
        return self.row.verb

    @property
    def folder(self) -> str:
        """What the folders of that structure are called."""
        return self.row.structure

    def arguments(self, images: list[str], run: Path) -> list[str]:
        """Return the verb and all that follows it."""
        out = ["--out", str(self.masks.proposals(self.folder, run.name))]
        if self.verb == CLASSIFY:
            out = ["--out", str(run / PREDICTIONS)]
        # One that has learned to segment only makes the masks that are missing.
        is_done = self.row.status == "finished" and self.verb != CLASSIFY
        resume = [] if is_done else ["--resume"]
        flags = ["--run", str(run), *resume, "--device", self.device]
        return [self.verb, *images, *flags, *([] if self.verb == LEARN else out)]


def assignments(settings: Mapping[str, object]) -> list[str]:
    """Return settings, by dotted name, as the terminal takes them."""
    return [part for pair in settings.items() for part in ("--set", _assignment(*pair))]


def _assignment(name: str, value: object) -> str:
    return f"{name}={str(value).lower() if isinstance(value, bool) else value}"
