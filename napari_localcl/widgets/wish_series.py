"""Which findings of series to learn, as the terminal takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from napari_localcl.tasks.series.files import PREDICTIONS
from napari_localcl.widgets.wish import CLASSIFY, assignments

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_localcl.widgets.wish import Budget, FinetuneWish, ShapeWish, Wish

    AnyWish = Wish | ShapeWish | FinetuneWish | "SeriesWish"


@dataclass(frozen=True)
class SeriesWish:
    """What to learn of series.

    Attributes
    ----------
    labels : Path
        The findings table.
    preset : str
        As the terminal takes it.
    budget : Budget
        How long, and where.
    is_trained : bool
        Whether it learns step by step; what does not needs no time.
    settings : mapping
        What differs from the preset, by dotted name.
    start_from : Path or None
        A run whose encoder sees the frames; None where plain pixels are looked at.
    """

    verb: ClassVar[str] = CLASSIFY
    structure: ClassVar[str] = ""
    folders: ClassVar[tuple[str, ...]] = ()
    name: ClassVar[str] = "findings"
    labels: Path
    preset: str
    budget: Budget
    is_trained: bool
    settings: Mapping[str, object] = field(default_factory=dict)
    start_from: Path | None = None

    def arguments(self, images: list[str], run: Path) -> list[str]:
        """Return the verb and all that follows it."""
        budget = self.budget.flags if self.is_trained else ["--device", self.budget.device]
        flags = ["--labels", str(self.labels), "--preset", self.preset, *budget]
        flags += ["--from", str(self.start_from)] if self.start_from else []
        out = ["--run", str(run), "--out", str(run / PREDICTIONS)]
        return [self.verb, *images, *flags, *out, *assignments(self.settings)]
