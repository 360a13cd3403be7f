"""Contrastive losses between points, patches and regions."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, normalize


@dataclass(frozen=True)
class Instances:
    """Who is who among the keys, for every query of :func:`instance_spreading`.

    Attributes
    ----------
    itself, partner : Tensor (n,), int
        Which key is the query itself, and which is the other view of the same instance.
    usable : Tensor (N,), bool
        Keys that exist; a query whose partner does not exist has no meaning.
    """

    itself: Tensor
    partner: Tensor
    usable: Tensor


def two_views(count: int, usable: Tensor | None = None) -> Instances:
    """Rows ``i`` and ``i + count / 2`` of ``count`` rows are two views of one instance."""
    rows = torch.arange(count)
    if usable is None:
        usable = torch.ones(count, dtype=torch.bool)
    return Instances(rows, (rows + count // 2) % count, usable)


def instance_spreading(
    queries: Tensor, keys: Tensor, instances: Instances, temperature: float = 0.1
) -> Tensor:
    """Bring the two views of an instance together, spread all instances apart.

    Parameters
    ----------
    queries : Tensor (n, D)
        Unit vectors that learn.
    keys : Tensor (N, D)
        Unit vectors to compare with, the queries among them; no gradient reaches them.
    instances : Instances
        Which key is what to which query.
    temperature : float
        Softmax temperature.

    Returns
    -------
    Tensor (n,)
        ``-log P(i+ | i) - sum_{j != i, i+} log(1 - P(j | i))`` of every query ``i``, with
        ``P(j | i) = softmax over k != i of s_i . sg(s_k) / temperature``.

    Notes
    -----
    Ye et al., "Unsupervised embedding learning via invariant and spreading instance feature",
    CVPR 2019, as LD uses it for patch discrimination: both terms, and keys detached (``sg``).
    """
    logits = queries @ keys.detach().T / temperature  # (n, N)
    absent = ~instances.usable.expand_as(logits)
    absent = absent.scatter(1, instances.itself.unsqueeze(1), True)
    log_p = logits.masked_fill(absent, -torch.inf).log_softmax(dim=1)
    partner = instances.partner.unsqueeze(1)
    attraction = log_p.gather(1, partner).squeeze(1)
    no_other = absent.scatter(1, partner, True)
    # log(1 - P) is finite only while P < 1, hence the bound.
    spread = torch.log1p(-log_p.exp().clamp(max=1 - 1e-6)).masked_fill(no_other, 0)
    return -(attraction + spread.sum(dim=1))


def point_contrast(
    queries: Tensor, positives: Tensor, negatives: Tensor, excluded: Tensor, temperature: float
) -> Tensor:
    """InfoNCE of points against other places of the same image.

    Parameters
    ----------
    queries, positives : Tensor (B, P, D)
        Unit vectors of corresponding points in two images.
    negatives : Tensor (B, M, D)
        Unit vectors at other places of the second image.
    excluded : Tensor (B, P, M), bool
        Places too near to the positive to count as different.
    temperature : float
        Softmax temperature.

    Returns
    -------
    Tensor (B, P)
        The loss of every point.

    Notes
    -----
    van den Oord et al., "Representation learning with contrastive predictive coding", 2018, eq. 4.
    Negatives come from the same image only: the same place in another person's image is no
    negative of an anatomical point.
    """
    similar = (queries * positives).sum(dim=2) / temperature  # (B, P)
    others = torch.einsum("bpd,bmd->bpm", queries, negatives) / temperature
    # A finite floor: with every place excluded, the gradient of -inf would be no number.
    others = others.masked_fill(excluded, -1e4).logsumexp(dim=2)
    return -logsigmoid(similar - others)


def pool_regions(assignment: Tensor, embedding: Tensor) -> Tensor:
    """Region features: assignment (B, K, H, W), embedding (B, D, H, W) -> unit vectors (B, K, D).

    LD, region discrimination: ``t_nk = normalise(mean over pixels of r_nk v_n)``.
    """
    return normalize(torch.einsum("bkhw,bdhw->bkd", assignment, embedding), dim=2)


def region_discrimination(regions: Tensor, prototypes: Tensor, temperature: float = 0.2) -> Tensor:
    """Each region is nearest to its own cluster's prototype.

    Parameters
    ----------
    regions : Tensor (B, K, D)
        Unit region features, one per image and cluster.
    prototypes : Tensor (K, D)
        Unit prototypes, :func:`region_prototypes`; the gradient flows through them too.
    temperature : float
        Softmax temperature.

    Notes
    -----
    LD, region discrimination: ``-mean log softmax_l(t_nk . T_l / temperature)[k]``.
    """
    log_p = (regions @ prototypes.T / temperature).log_softmax(dim=2)  # (B, K, K)
    return -log_p.diagonal(dim1=1, dim2=2).mean()


def region_prototypes(mean: Tensor) -> Tensor:
    """Prototypes (K, D): the mean region feature (K, D) of each cluster, on the sphere."""
    return normalize(mean, dim=1)


def binary_entropy(assignment: Tensor) -> Tensor:
    """Mean over pixels and channels of each channel's own binary entropy, in bits (LD)."""
    p = assignment.clamp(1e-6, 1 - 1e-6)
    return -(p * p.log2() + (1 - p) * torch.log2(1 - p)).mean()
