"""Settings that suit a prior: how large the working image has to be to show its shapes, and so on.

Whatever the user sets wins over these.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_localcl.data.priors import Prior
    from napari_localcl.data.priors.prior import Masks

LOOKED_AT = 12  # masks
SIDE = 512  # pixels of a square on which they are looked at
THIN = 1 / 24  # a mean thickness below this part of the image is that of vessels, nerves, fibres
THIN_PIXELS, THICK_PIXELS = 6.0, 11.0  # thickness that a working image must show
VIEW = 128  # pixels of a view that shows a part of a large working image
SURROUNDED = 2.0  # thicknesses over which images with thin structures are evened out
FEW = 3  # parts up to which their number is kept


def suited_settings(prior: Prior) -> dict[str, object]:
    """Return settings of a run that suit a prior, by dotted name.

    Parameters
    ----------
    prior : Prior
        Whose shapes are looked at.

    Returns
    -------
    dict of str to object
        Thin structures, such as vessels, are learned from small parts of large images that are
        turned at will, others from whole images, as small as their thickness allows.
    """
    masks = prior.draw(LOOKED_AT, (SIDE, SIDE), np.random.default_rng(0))
    thickness = median(_thickness(mask) for mask in masks) / SIDE
    return _thin(thickness) if thickness < THIN else _thick(thickness) | _parts(masks)


def _thin(thickness: float) -> dict[str, object]:
    size = _rounded(THIN_PIXELS / thickness, 256, 512)
    return {
        "image_size": size,
        "local_contrast": True,
        "contrast_reach": SURROUNDED * THIN_PIXELS / size,
        "view_part": VIEW / size,
        "rotation": 180,
        "flip": True,
        "zoom": 1.25,
        # Parts of few masks are many; and large ones take room.
        "shape.bank": 64,
        # No single place of a thin structure is its own.
        "shape.guess_weight": 0.0,
        "shape.discriminator_rate": 1e-3,
    }


def _thick(thickness: float) -> dict[str, object]:
    return {"image_size": _rounded(THICK_PIXELS / thickness, 128, 256)}


def _parts(masks: Masks) -> dict[str, object]:
    from scipy.ndimage import binary_fill_holes, label

    parts = round(median(label(mask)[1] for mask in masks))
    holes = median(bool((binary_fill_holes(mask) & ~mask).any()) for mask in masks)
    return {"shape.components": parts if parts <= FEW else 0, "shape.fill_holes": not holes}


def _thickness(mask: Masks) -> float:
    """Mean thickness in pixels, from the depths below the border as of a band.

    A band of w pixels has depths 1, 2, ..., w / 2 from either side: their mean is (w / 2 + 1) / 2.
    """
    from scipy.ndimage import distance_transform_edt

    return 4 * float(distance_transform_edt(mask)[mask].mean()) - 2


def _rounded(side: float, least: int, most: int) -> int:
    return min(max(32 * round(side / 32), least), most)
