"""What long work says while it runs; on the lowest floor, so that every floor may say it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import isfinite


@dataclass(frozen=True)
class Progress:
    """One sign of life of a long task.

    Attributes
    ----------
    event : str
        What happened: 'start', 'cache', 'skipped', 'stage', 'step', 'mine', 'save', 'locate',
        'draw', 'probe', 'note', 'warning', 'done'.
    stage : str
        The stage of the work, '' outside any.
    step, steps : int, int or None
        How many steps of the stage are done, of how many; `steps` is None under a time budget.
    losses : dict of str to float
        The named, weighted terms of the latest training step.
    images_per_second : float
        Images (views of them, in training) handled per second; 0 where not measured.
    seconds_left : float or None
        Estimated seconds until the whole task ends; None where nobody can tell.
    message : str
        One sentence for a person.
    """

    event: str
    stage: str = ""
    step: int = 0
    steps: int | None = None
    losses: dict[str, float] = field(default_factory=dict)
    images_per_second: float = 0.0
    seconds_left: float | None = None
    message: str = ""

    def as_event(self) -> dict[str, object]:
        """Return the facts as a dictionary fit for JSON, without the ones that are unknown."""
        facts = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        # JSON knows neither NaN nor infinity.
        facts["losses"] = {k: v if isfinite(v) else None for k, v in self.losses.items()}
        return {name: value for name, value in facts.items() if value not in (None, "", {})}
