"""The field's standard figures of how well two masks agree.

Dice and IoU come from counts of pixels, which also tell the empty masks apart. The distances are
MONAI's: a surface is every marked pixel with a neighbour (4 in an image, 6 in a volume) that is not
marked or lies outside of the image; HD95 is the larger of the two directed 95th percentiles; the
average surface distance is over the pixels of both surfaces together. MONAI gives `inf`, NaN or 0
where a mask is empty, so it is only asked where both mark something.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.tasks.evaluation import Spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Marked = npt.NDArray[np.bool_]

SCORED = "scored"
MISSED = "missed"
FALSE_ALARM = "false alarm"
BOTH_EMPTY = "both empty"
MISSING = "missing"


@dataclass(frozen=True)
class MaskScore:
    """How well one structure was found in one image.

    Attributes
    ----------
    image : str
        The truth's file, relative to its folder.
    structure : str
        'mask', or 'label 3'.
    outcome : str
        'scored' where both mark something; 'missed' where only the truth does, 'missing' if that is
        because there is no usable prediction; 'false alarm' where only the prediction does;
        'both empty'.
    dice, iou : float or None
        0 to 1; 0 where one of both is empty, None where both are.
    hd95, surface : float or None
        95th percentile of the Hausdorff distance, and average symmetric surface distance; None
        unless both mark something.
    """

    image: str
    structure: str
    outcome: str
    dice: float | None = None
    iou: float | None = None
    hd95: float | None = None
    surface: float | None = None


@dataclass(frozen=True)
class MaskSummary:
    """How well one structure was found, or all.

    Attributes
    ----------
    name : str
        The structure's, or 'all'.
    outcomes : dict of str to int
        How many images (of all structures, if all) ended how.
    dice, iou : Spread
        Over the images where at least one of both marks something.
    hd95, surface : Spread
        Over the images where both do.
    """

    name: str
    outcomes: dict[str, int]
    dice: Spread
    iou: Spread
    hd95: Spread
    surface: Spread


def dice(predicted: Marked, truth: Marked) -> float | None:
    """Return the Dice of one mask with the truth; None where both are empty.

    Parameters
    ----------
    predicted, truth : ndarray of bool
        What is marked; of one shape.
    """
    both = np.count_nonzero(predicted) + np.count_nonzero(truth)
    return 2 * np.count_nonzero(predicted & truth) / both if both else None


def score(
    predicted: Marked, truth: Marked, spacing: Sequence[float]
) -> tuple[str, dict[str, float]]:
    """Compare one mask with the truth.

    Parameters
    ----------
    predicted, truth : ([Z,] H, W) ndarray of bool
        What is marked.
    spacing : sequence of float
        The length of a pixel along each axis.

    Returns
    -------
    outcome : str
        As in :class:`MaskScore`.
    figures : dict of str to float
        Those that are defined: `dice`, `iou`, `hd95`, `surface`.
    """
    sizes = np.count_nonzero(predicted), np.count_nonzero(truth)
    if not any(sizes):
        return BOTH_EMPTY, {}
    if not all(sizes):
        return MISSED if sizes[1] else FALSE_ALARM, {"dice": 0.0, "iou": 0.0}
    shared = np.count_nonzero(predicted & truth)
    overlap = {"dice": 2 * shared / sum(sizes), "iou": shared / (sum(sizes) - shared)}
    return SCORED, {**overlap, **_distances(predicted, truth, spacing)}


def summarise(name: str, scores: Sequence[MaskScore]) -> MaskSummary:
    """Return how scores are spread.

    Parameters
    ----------
    name : str
        What they are of.
    scores : sequence of MaskScore
        Those that count.

    Returns
    -------
    MaskSummary
        Figures that are None are left out of the spread.
    """

    def spread(figure: str) -> Spread:
        values = [getattr(one, figure) for one in scores]
        return Spread.of(np.array([value for value in values if value is not None], np.float64))

    outcomes = [one.outcome for one in scores]
    kinds = (SCORED, MISSED, MISSING, FALSE_ALARM, BOTH_EMPTY)
    return MaskSummary(
        name,
        {kind: outcomes.count(kind) for kind in kinds},
        *(spread(figure) for figure in ("dice", "iou", "hd95", "surface")),
    )


def _distances(predicted: Marked, truth: Marked, spacing: Sequence[float]) -> dict[str, float]:
    import torch
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance
    from monai.metrics.surface_distance import compute_average_surface_distance
    from scipy import ndimage

    # What lies around both changes nothing, but MONAI would make floats of it.
    (box,) = ndimage.find_objects((predicted | truth).astype(np.uint8))
    masks = {
        "y_pred": torch.from_numpy(predicted[box])[None, None],
        "y": torch.from_numpy(truth[box])[None, None],
    }
    how: dict[str, Any] = {**masks, "include_background": True, "spacing": list(spacing)}
    with warnings.catch_warnings():
        # MONAI 1.6 calls its own functions with an argument that it has deprecated.
        warnings.filterwarnings("ignore", "monai.metrics.utils get_mask_edges", FutureWarning)
        return {
            "hd95": float(compute_hausdorff_distance(percentile=95, **how)),
            "surface": float(compute_average_surface_distance(symmetric=True, **how)),
        }
