"""Agreement with labels of which some may be missing; the same over several processes as over one.

MONAI's losses know neither pixels without a label nor batches that several processes share.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from .reduction import shared_mean, weighted_mean

UNKNOWN = 255
"""The label of a pixel that has none."""


def known_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy over the pixels that have a label.

    Parameters
    ----------
    logits : Tensor (B, K, H, W)
        Background first.
    labels : Tensor (B, H, W), int
        0 to K - 1, or 255 where there is none.
    """
    known = (labels != UNKNOWN).float()
    return weighted_mean(pixel_cross_entropy(logits, labels), known)


def pixel_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of each pixel (B, H, W); 0 where there is no label."""
    return cross_entropy(logits, labels, ignore_index=UNKNOWN, reduction="none")


def known_dice(logits: Tensor, labels: Tensor) -> Tensor:
    """1 - Dice, the mean over the classes that the batch shows.

    Overlaps are summed over the whole batch: of a small class, single images show too few pixels.

    Parameters
    ----------
    logits, labels
        As in :func:`known_cross_entropy`; the background is one of the classes.

    Notes
    -----
    Milletari et al., "V-Net", 3DV 2016, with sums in the denominator.
    """
    known = (labels != UNKNOWN).unsqueeze(1)
    told = logits.softmax(dim=1) * known
    truth = one_hot(labels.masked_fill(labels == UNKNOWN, 0), logits.shape[1]).movedim(3, 1) * known

    def total(parts: Tensor) -> Tensor:
        return shared_mean(parts.sum(dim=(2, 3), dtype=torch.float32))

    shared, marked, there = total(told * truth), total(told), total(truth)
    wrong = 1 - (2 * shared + 1e-5) / (marked + there + 1e-5)
    shown = (there > 0).float()
    return (wrong * shown).sum() / shown.sum().clamp(min=1)
