"""What a soft mask should be like, besides of a given shape; pure functions of tensors.

None of this is in LD's paper, whose 10,000 images leave a discriminator alone enough to go by.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy, max_pool2d, softplus

STEEP = 20.0  # a difference of 1/20 of the range of grey levels counts as clear


def area_mismatch(mean: Tensor, wanted: float) -> Tensor:
    """Squared log ratio of the batch's mean area to the prior's, both parts of a view; () -> ()."""
    return torch.log((mean + 1e-5) / (wanted + 1e-5)).square()


def wrong_contrast(mask: Tensor, brightness: Tensor, sign: float, reach: int) -> Tensor:
    """Punish a structure that is not brighter (or darker) than its surroundings.

    Parameters
    ----------
    mask : Tensor (B, 1, H, W)
        Soft masks in [0, 1].
    brightness : Tensor (B, 1, H, W)
        Grey levels from 0 to 1.
    sign : float
        1 for a structure that is brighter than its surroundings, -1 for a darker one.
    reach : int
        How far the surroundings extend, in pixels.

    Returns
    -------
    Tensor ()
        Mean of ``softplus(-20 * sign * (inside - surroundings))`` over the masks: 0.69 without
        contrast, towards 0 with the right one.
    """
    around = _grown(mask, reach) - mask

    def mean(weight: Tensor) -> Tensor:
        return (brightness * weight).sum(dim=(1, 2, 3)) / (weight.sum(dim=(1, 2, 3)) + 1)

    return softplus(-STEEP * sign * (mean(mask) - mean(around))).mean()


def _grown(mask: Tensor, reach: int) -> Tensor:
    # Along one axis after the other, which is the same square at a fraction of the work.
    side = 2 * reach + 1
    return max_pool2d(max_pool2d(mask, (side, 1), 1, (reach, 0)), (1, side), 1, (0, reach))


def soft_dice(mask: Tensor, target: Tensor) -> Tensor:
    """1 - Dice of soft masks (B, 1, H, W) -> (B,); two empty masks agree.

    Milletari et al., "V-Net", 3DV 2016, with sums in the denominator.
    """
    shared = (mask * target).sum(dim=(1, 2, 3))
    both = mask.sum(dim=(1, 2, 3)) + target.sum(dim=(1, 2, 3))
    return 1 - (2 * shared + 1) / (both + 1)


def balanced_disagreement(mask: Tensor, target: Tensor) -> Tensor:
    """Balanced cross-entropy and Dice of soft masks against soft targets (B, 1, H, W) -> (B,).

    Structure and background weigh the same in the cross-entropy: a small structure would otherwise
    be given up for an empty mask.
    """
    entropy = _cross_entropy(mask, target)

    def mean(part: Tensor) -> Tensor:
        return (entropy * part).sum(dim=(1, 2, 3)) / (part.sum(dim=(1, 2, 3)) + 1)

    return (mean(target) + mean(1 - target)) / 2 + soft_dice(mask, target)


def weighted_disagreement(mask: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Cross-entropy and Dice of soft masks, each pixel with its weight, (B, 1, H, W) -> (B,)."""
    entropy = (weight * _cross_entropy(mask, target)).sum(dim=(1, 2, 3))
    mean = entropy / (weight.sum(dim=(1, 2, 3)) + 1)
    return mean + soft_dice(mask * weight, target * weight)


def _cross_entropy(mask: Tensor, target: Tensor) -> Tensor:
    return binary_cross_entropy(mask.clamp(1e-4, 1 - 1e-4), target, reduction="none")
