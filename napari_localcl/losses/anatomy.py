"""Contrast of pixels between anatomical classes.

You et al., "Bootstrapping semi-supervised medical image segmentation with anatomical-aware
contrastive distillation" (ACTION), IPMI 2023; after Liu et al., "Bootstrapping semantic
segmentation with regional contrast" (ReCo), ICLR 2022.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from .reduction import shared_sum, weighted_mean


@dataclass(frozen=True)
class Pixels:
    """Representations of chosen pixels and what they show.

    Attributes
    ----------
    vectors : Tensor (n, D)
        Of any length.
    classes : Tensor (n,), int
        What each shows.
    chosen : Tensor (n,), bool
        False for a row that stands for no pixel.
    """

    vectors: Tensor
    classes: Tensor
    chosen: Tensor


def anatomical_contrast(
    queries: Pixels,
    keys: Pixels,
    prototypes: Tensor,
    present: Tensor,
    temperature: float = 0.5,
    negatives: int = 512,
) -> Tensor:
    """Bring a pixel to the mean of its class, and away from pixels of other classes.

    Parameters
    ----------
    queries : Pixels
        Pixels that learn.
    keys : Pixels
        Pixels of all classes to be told from, drawn alike within a class; no gradient reaches them.
    prototypes : Tensor (K, D)
        Mean representation of each class; no gradient reaches them either.
    present : Tensor (K,), bool
        Which classes have a mean.
    temperature : float
        Softmax temperature, of similarities and between classes.
    negatives : int
        Negatives that the published form draws for each query.

    Returns
    -------
    Tensor ()
        Mean over the classes of the mean over their queries of
        ``-log(exp(q.p / t) / (exp(q.p / t) + sum_k w_k exp(q.k / t)))``.

    Notes
    -----
    The published form draws, for each query, `negatives` keys: a class first, the likelier the
    nearer its mean is to that of the query's class (:func:`class_graph`), then a pixel of it. Here
    all queries share one pool, in which a key of class v counts ``w = negatives * P(v) / n_v``,
    where ``n_v`` is how many keys of that class the pool holds: the same expectation.
    """
    unit, means = normalize(queries.vectors, dim=1), normalize(prototypes.detach(), dim=1)
    own = (unit * means[queries.classes]).sum(dim=1, keepdim=True) / temperature  # (n, 1)
    against = unit @ normalize(keys.vectors.detach(), dim=1).T / temperature  # (n, m)
    counts = _counts(keys, len(means)).clamp(min=1)
    share = class_graph(means, present, temperature)[:, keys.classes] / counts[keys.classes]
    weight = (negatives * share * keys.chosen).clamp(min=1e-30).log()  # (K, m)
    logits = torch.cat([own, against + weight[queries.classes]], dim=1)
    loss = -logits.log_softmax(dim=1)[:, 0]
    usable = queries.chosen & present[queries.classes]
    found = shared_sum(_counts(queries, len(means))).clamp(min=1)
    return weighted_mean(loss, usable / found[queries.classes])


def class_graph(means: Tensor, present: Tensor, temperature: float) -> Tensor:
    """How often a class is a negative of another, (K, K): rows sum to 1, the diagonal is 0.

    Parameters
    ----------
    means : Tensor (K, D)
        Unit vectors.
    present : Tensor (K,), bool
        Which classes there are; others are never a negative.
    temperature : float
        Softmax temperature of the similarities between classes.
    """
    itself = torch.eye(len(means), dtype=torch.bool, device=means.device)
    graph = (means @ means.T / temperature).masked_fill(itself | ~present, -torch.inf)
    # A class alone has no negatives: of -inf only, a softmax would be no number.
    return graph.softmax(dim=1).nan_to_num(0.0)


def _counts(pixels: Pixels, classes: int) -> Tensor:
    counts = torch.zeros(classes, device=pixels.vectors.device)
    return counts.index_add(0, pixels.classes, pixels.chosen.float())
