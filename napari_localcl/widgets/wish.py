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

LEARN, SEGMENT, FINETUNE, CLASSIFY = "pretrain", "shapes", "finetune", "classify"
EACH = "{class}"  # as the terminal takes it: a folder for each class
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
    folders: ClassVar[tuple[str, ...]] = ()
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

    @property
    def folders(self) -> tuple[str, ...]:
        """What the folders of all that it segments are called."""
        return (self.folder,)

    def arguments(self, images: list[str], run: Path) -> list[str]:
        """Return the verb and all that follows it."""
        flags = ["--prior", self.prior, *self.budget.flags, "--run", str(run)]
        flags += ["--from", str(self.start_from)] if self.start_from else []
        out = ["--out", str(self.masks.proposals(self.folder, run.name))]
        return [self.verb, *images, *flags, *out, *assignments(self.settings)]


@dataclass(frozen=True)
class FinetuneWish:
    """What to segment by the masks that people made.

    Attributes
    ----------
    folders : tuple of str
        What the folders of the structures are called.
    labels : Path
        The folder of the masks to learn from.
    recipe : str
        As the terminal takes it.
    budget : Budget
        How long, and where.
    masks : MaskFiles
        Where the masks go.
    start_from, earlier : Path or None
        A run whose network to begin with; a run to compare with.
    hold_share : float
        The part of the labelled images that is kept back.
    """

    name: ClassVar[str] = FINETUNE
    verb: ClassVar[str] = FINETUNE
    structure: ClassVar[str] = ""
    folders: tuple[str, ...]
    labels: Path
    recipe: str
    budget: Budget
    masks: MaskFiles
    start_from: Path | None = None
    earlier: Path | None = None
    hold_share: float = 0.0

    def arguments(self, images: list[str], run: Path) -> list[str]:
        """Return the verb and all that follows it."""
        flags = ["--labels", str(self.labels), "--recipe", self.recipe, *self.budget.flags]
        flags += ["--from", str(self.start_from)] if self.start_from else []
        flags += ["--earlier", str(self.earlier)] if self.earlier else []
        flags += ["--hold-share", f"{self.hold_share:g}"] if self.hold_share else []
        out = ["--out", str(self.masks.proposals(EACH, run.name))]
        return [self.verb, *images, *flags, "--run", str(run), *out]


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
    def folders(self) -> tuple[str, ...]:
        """What the folders of the structures are called."""
        return self.row.structures

    def arguments(self, images: list[str], run: Path) -> list[str]:
        """Return the verb and all that follows it."""
        flags = ["--run", str(run), "--device", self.device]
        if self.verb == CLASSIFY:
            return [self.verb, *images, "--resume", *flags, "--out", str(run / PREDICTIONS)]
        if not self.folders:
            return [self.verb, *images, *flags, "--resume"]
        place = EACH if self.verb == FINETUNE else self.folders[0]
        flags += ["--out", str(self.masks.proposals(place, run.name))]
        if self.row.status != "finished":
            return [self.verb, *images, "--resume", *flags]
        # One that has learned only makes the masks that are missing.
        return ["segment" if self.verb == FINETUNE else self.verb, *images, *flags]


def assignments(settings: Mapping[str, object]) -> list[str]:
    """Return settings, by dotted name, as the terminal takes them."""
    return [part for pair in settings.items() for part in ("--set", _assignment(*pair))]


def _assignment(name: str, value: object) -> str:
    return f"{name}={str(value).lower() if isinstance(value, bool) else value}"
