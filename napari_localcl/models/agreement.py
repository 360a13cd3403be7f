"""Which embedding is nearest to which, and how good that is."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize


def nearest(queries: Tensor, keys: Tensor, usable: Tensor) -> Tensor:
    """Index (B, P) of the key that is most similar to each query.

    Parameters
    ----------
    queries : Tensor (B, P, D)
        Unit vectors.
    keys : Tensor (B, Q, D)
        Unit vectors of the same image or another.
    usable : Tensor (B, Q), bool
        Keys that may be chosen.
    """
    similarity = queries @ keys.transpose(1, 2)
    return similarity.masked_fill(~usable.unsqueeze(1), -torch.inf).argmax(dim=2)


def retrieval_ranks(queries: Tensor, gallery: Tensor) -> Tensor:
    """Rank (B,), from 1, of row i of the gallery (B, D) in the eyes of query i, by cosine.

    Ties count against the query, so that a gallery of equal vectors is no success.
    """
    similarity = normalize(queries, dim=1) @ normalize(gallery, dim=1).T
    own = similarity.diagonal().unsqueeze(1)
    return (similarity >= own - 1e-6).sum(dim=1)


def masked_mean(values: Tensor, counted: Tensor) -> Tensor:
    """Mean (B,) of values (B, P) where they are counted; NaN where none is."""
    return torch.where(counted, values, 0).sum(dim=1) / counted.sum(dim=1)
