"""LRC's contrast between regions of an image.

Yan et al., "Localized region contrast for enhancing self-supervised learning in medical image
segmentation", MICCAI 2023, arXiv 2304.03406. Reconstructed from what is said of it in public: the
form of the loss is that of DetCon (Henaff et al., ICCV 2021), with sampled pixels.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import normalize

from .reduction import gather_rows, rank, weighted_mean

Form = Literal["prototype", "pixels"]

ABSENT = -1e4  # finite, for the softmax over nothing but absent regions would be no number


def contrastive_sampling(
    first: Tensor,
    second: Tensor,
    present: Tensor,
    temperature: float = 0.1,
    form: Form = "prototype",
    across: bool = False,
) -> Tensor:
    """Bring the two views of a region together, and tell it from the other regions.

    Parameters
    ----------
    first, second : Tensor (B, R, K, D)
        Unit vectors of K pixels sampled in each of R regions of the two views.
    present : Tensor (B, R), bool
        Which regions there are.
    temperature : float
        Softmax temperature.
    form : {"prototype", "pixels"}
        What is told apart: the mean of a region's sampled pixels, or each of them.
    across : bool
        Whether regions of other images (of all processes) are negatives too. They are likely to
        show the same organ.

    Returns
    -------
    Tensor ()
        With ``m`` the normalised mean of a region's sampled pixels, and ``sg`` no gradient:
        ``-log softmax over regions s of q . sg(m_s of the other view) / temperature``, at the
        region that the query ``q`` is of; mean over queries, views and regions present.
    """
    prototypes = [normalize(view.mean(dim=2), dim=2) for view in (first, second)]
    asked = [view.unsqueeze(2) for view in prototypes] if form == "prototype" else [first, second]
    parts = [
        region_contrast(queries, keys, present, temperature, across)
        for queries, keys in zip(asked, reversed(prototypes), strict=True)
    ]
    return weighted_mean(torch.stack(parts).mean(dim=0), present.float())


def region_contrast(
    queries: Tensor, keys: Tensor, present: Tensor, temperature: float, across: bool
) -> Tensor:
    """The loss (B, R) of Q queries (B, R, Q, D) of each region against keys (B, R, D)."""
    count, regions = present.shape
    row = torch.arange(regions, device=keys.device).expand(count, regions)
    if across:
        every, known = gather_rows(keys).flatten(0, 1), gather_rows(present).flatten()
        logits = torch.einsum("brqd,sd->brqs", queries, every)
        image = torch.arange(count, device=keys.device) + rank() * count
        row = row + image.unsqueeze(1) * regions
    else:
        known = present[:, None, None, :]
        logits = torch.einsum("brqd,bsd->brqs", queries, keys.detach())
    log_p = (logits / temperature).masked_fill(~known, ABSENT).log_softmax(dim=3)
    own = row[:, :, None, None].expand(-1, -1, queries.shape[2], 1)
    return -log_p.gather(3, own).squeeze(3).mean(dim=2)
