"""A discriminator's game, as pure functions of its logits."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus


def deceive(fake: Tensor) -> Tensor:
    """What the segmenting network loses where its shapes are recognised, fake (B,) -> ().

    Notes
    -----
    Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, the non-saturating form:
    ``-log sigmoid(fake)``, the binary cross-entropy against 1 that LD has.
    """
    return softplus(-fake).mean()


def tell_apart(real: Tensor, fake: Tensor) -> Tensor:
    """What the discriminator loses by confusing shapes, real (A,) and fake (B,) -> ().

    The sum of both cross-entropies: ``2 ln 2`` where it cannot tell them apart.
    """
    return softplus(-real).mean() + softplus(fake).mean()


def gradient_penalty(real: Tensor, logits: Tensor) -> Tensor:
    """Squared steepness of the discriminator at given shapes.

    Parameters
    ----------
    real : Tensor (B, 1, H, W)
        Given masks that require a gradient.
    logits : Tensor (B,)
        What the discriminator said of them.

    Notes
    -----
    R1 of Mescheder, Geiger and Nowozin, "Which training methods for GANs do actually converge?",
    ICML 2018, without its factor of half the weight.
    """
    (steepness,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
    return steepness.square().sum(dim=(1, 2, 3)).mean()
