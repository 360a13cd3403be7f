"""What is done to a mask at the end: parts that are kept, holes, and what every image shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_localcl.training.record import RunRecord

    Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class CleanUp:
    """What is done to a mask at the end.

    Attributes
    ----------
    components : int
        Largest parts that are kept; 0 keeps all.
    fill_holes : bool
        Whether holes are filled.
    expected : bool
        Whether every image shows the structure.
    """

    components: int = 0
    fill_holes: bool = False
    expected: bool = False

    def apply(self, probability: npt.NDArray[np.float32]) -> Mask:
        """Return the mask (H, W) of probabilities, cleaned up.

        Where the structure is expected and nowhere more probable than not, it is where it is at
        least half as probable as at its likeliest place.
        """
        from scipy.ndimage import binary_fill_holes, label

        most = float(probability.max())
        mask = probability > (most / 2 if self.expected and most <= 0.5 else 0.5)
        if self.components and mask.any():
            parts, count = label(mask)
            sizes = np.bincount(parts.ravel())[1:]
            kept = 1 + np.argsort(-sizes, kind="stable")[: self.components]
            mask = np.isin(parts, kept) if count > self.components else mask
        filled: Mask = binary_fill_holes(mask) if self.fill_holes else mask
        return filled


def clean_up_of(record: RunRecord) -> CleanUp:
    """Return what a run's settings say of cleaning up."""
    given = record.settings.get("shape")
    if given is None:
        return CleanUp()
    return CleanUp(given["components"], given["fill_holes"], given["expected"])
