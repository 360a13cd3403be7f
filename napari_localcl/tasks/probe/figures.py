"""The figures of a probe: what each asks, its control, and how two encoders compare by it.

Every figure has a control in the same table: what an encoder would get that knows nothing of what
is asked (a shifted target, a random start, another image's whole). Between the control and a
perfect value lies the *skill*: 0 is no better than the control, 1 is perfect, whatever the unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Values = npt.NDArray[np.float64]

CLEAR = 2.0  # standard errors that make a difference clear


@dataclass(frozen=True)
class Kind:
    """What a figure asks.

    Attributes
    ----------
    name, title, help : str
        For programs, for a table, and a sentence.
    question : str
        'places', 'parts', 'regions' or 'filling' (label-free); 'landmarks' or 'masks' (truth).
    best : float or None
        What a perfect encoder gets; None where more is not better.
    is_ranked : bool
        Whether encoders are ranked by it.
    unit : str
        '' for shares and other plain numbers.
    """

    name: str
    title: str
    help: str
    question: str
    best: float | None = 1.0
    is_ranked: bool = False
    unit: str = ""

    @property
    def is_truth(self) -> bool:
        """Whether it needs what a person knows."""
        return self.question in ("landmarks", "masks")


@dataclass(frozen=True, eq=False)
class Figure:
    """What one encoder gets.

    Attributes
    ----------
    kind : Kind
        What was asked.
    values, controls : ndarray (N,)
        For each image (batch, pair), NaN where it says nothing; the same ones for all encoders.
        Without a control the latter are NaN.
    """

    kind: Kind
    values: Values
    controls: Values

    @classmethod
    def of(cls, kind: Kind, values: npt.ArrayLike, controls: npt.ArrayLike = np.nan) -> Figure:
        """Make one; a single control is that of all."""
        measured = np.atleast_1d(np.asarray(values, np.float64))
        control = np.broadcast_to(np.asarray(controls, np.float64), measured.shape)
        return cls(kind, measured, control)

    @cached_property
    def value(self) -> float:
        """The mean; NaN where nothing was measured."""
        return _mean(self.values)

    @cached_property
    def control(self) -> float:
        """The control's mean; NaN where there is none."""
        return _mean(self.controls)

    @cached_property
    def skill(self) -> float:
        """From the control, 0, to perfect, 1; NaN where the kind has no best value."""
        return _mean(self.skills)

    @cached_property
    def skills(self) -> Values:
        """The skill of each image, (N,)."""
        if self.kind.best is None:
            return np.full_like(self.values, np.nan)
        room = self.kind.best - self.control
        # A control that is perfect leaves nothing to be shown.
        return (self.values - self.controls) / room if abs(room) > 1e-9 else self.values * 0

    @cached_property
    def beats_control(self) -> bool:
        """Whether it is clearly better than its control."""
        return _clearly_positive(self.skills)

    def clearly_beats(self, other: Figure) -> bool:
        """Whether it is clearly better than another encoder's, image by image."""
        if len(self.skills) != len(other.skills):
            return self.skill > other.skill
        return _clearly_positive(self.skills - other.skills)


def _mean(values: Values) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _clearly_positive(values: Values) -> bool:
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return bool(len(known) and known[0] > 0)
    error = known.std(ddof=1) / np.sqrt(len(known))
    return bool(known.mean() > max(CLEAR * error, 1e-9))
