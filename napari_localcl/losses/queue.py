"""The loss of momentum contrast: one positive key against a queue of others."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


def queue_contrast(
    queries: Tensor, positives: Tensor, queue: Tensor, temperature: float = 0.2
) -> Tensor:
    """InfoNCE of images against earlier images.

    Parameters
    ----------
    queries, positives : Tensor (B, D)
        Unit vectors of two views of the same images; no gradient reaches the positives.
    queue : Tensor (K, D)
        Unit vectors of views of other images.
    temperature : float
        Softmax temperature.

    Returns
    -------
    Tensor ()
        Mean over the batch of ``-log softmax(q . (k, queue) / temperature)`` at the positive.

    Notes
    -----
    He et al., "Momentum contrast for unsupervised visual representation learning", CVPR 2020, eq.
    1.
    """
    own = (queries * positives.detach()).sum(dim=1, keepdim=True)
    logits = torch.cat([own, queries @ queue.detach().T], dim=1) / temperature
    return cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=logits.device))
