"""ACTION's terms: two distillations, supervision, pseudo labels and anatomical contrast."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from napari_localcl.losses.anatomy import Pixels, anatomical_contrast
from napari_localcl.losses.labels import (
    UNKNOWN,
    known_cross_entropy,
    known_dice,
    pixel_cross_entropy,
)
from napari_localcl.losses.reduction import gather_rows, shared_sum, weighted_mean

from .mixing import partners

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_localcl.models.pixel_head import PixelHead

    from .sampling import LabelledViews, UnlabelledViews
    from .settings import ContrastSettings, PseudoSettings


@dataclass(frozen=True)
class PseudoLabels:
    """What the teacher says of the student's views, after pasting.

    Attributes
    ----------
    views : Tensor (u, C, H, W)
        What the student sees.
    labels : Tensor (u, H, W), int
        The likeliest class; 255 beside the image.
    confidence : Tensor (u, H, W)
        Its probability.
    """

    views: Tensor
    labels: Tensor
    confidence: Tensor


def supervised_terms(logits: Tensor, labelled: LabelledViews) -> dict[str, Tensor]:
    """Half of the cross-entropy and half of the Dice loss, as the release weighs them."""
    return {
        "cross-entropy": known_cross_entropy(logits, labelled.labels) / 2,
        "dice": known_dice(logits, labelled.labels) / 2,
    }


def pseudo_labels(logits: Tensor, unlabelled: UnlabelledViews, mixing: str) -> PseudoLabels:
    """Paste images and labels alike, where the teacher's logits (u, 1 + K, H, W) are of weak views.

    Sohn et al., "FixMatch", NeurIPS 2020: weakly disturbed views label strongly disturbed ones.
    """
    confidence, labels = logits.softmax(dim=1).max(dim=1)
    labels = labels.masked_fill(~unlabelled.field, UNKNOWN)
    views = unlabelled.strong
    if mixing == "none":
        return PseudoLabels(views, labels, confidence)
    size = (views.shape[2], views.shape[3])
    pasting = unlabelled.pasting
    known = labels.masked_fill(labels == UNKNOWN, 0)
    pasted = pasting.box(size) if mixing == "cutmix" else pasting.classes(known)
    return PseudoLabels(
        torch.where(pasted.unsqueeze(1), partners(views), views),
        torch.where(pasted, partners(labels), labels),
        torch.where(pasted, partners(confidence), confidence),
    )


def pseudo_term(logits: Tensor, pseudo: PseudoLabels, settings: PseudoSettings) -> Tensor:
    """Cross-entropy against pseudo labels, unweighted in time.

    Parameters
    ----------
    logits : Tensor (u, 1 + K, H, W)
        What the student says.
    pseudo : PseudoLabels
        What the teacher says.
    settings : PseudoSettings
        ``image``: every pixel counts, an image by the part of it that is confident (ReCo's rule,
        as published); ``pixel``: only confident pixels count, and the mean is over all.
    """
    known = pseudo.labels != UNKNOWN
    confident = (pseudo.confidence >= settings.confident) & known
    if settings.weighting == "image":
        count = known.sum(dim=(1, 2), keepdim=True).clamp(min=1)
        trust = confident.sum(dim=(1, 2), keepdim=True) / count
    else:
        trust = confident.float()
    return weighted_mean(trust * pixel_cross_entropy(logits, pseudo.labels), known.float())


@dataclass(frozen=True)
class Seen:
    """All that anatomical contrast looks at.

    Attributes
    ----------
    maps : sequence of Tensor (n, C_l, h_l, w_l)
        The student's maps, finest first.
    logits : Tensor (n, 1 + K, H, W)
        What it says.
    labels : Tensor (n, H, W), int
        Labels and trusted pseudo labels, 255 elsewhere.
    seeds : Tensor (n,), int
        One for the choice of pixels of each image.
    """

    maps: Sequence[Tensor]
    logits: Tensor
    labels: Tensor
    seeds: Tensor


def trusted(pseudo: PseudoLabels, least: float) -> Tensor:
    """The pseudo labels (u, H, W) whose confidence is at least so high; 255 elsewhere."""
    return pseudo.labels.masked_fill(pseudo.confidence < least, UNKNOWN)


def contrast_term(head: PixelHead, seen: Seen, settings: ContrastSettings) -> Tensor:
    """Anatomical contrast, unweighted; pixels are chosen per image, so that processes agree."""
    classes = seen.logits.shape[1]
    valid = _by_class(seen.labels, classes)  # (n, 1 + K, H, W)
    with torch.no_grad():
        sums, sizes = (shared_sum(one) for one in head.means(seen.maps, valid.float()))
        prototypes = head(sums / sizes.clamp(min=1).unsqueeze(1))
    unsure = seen.logits.detach().softmax(dim=1) < settings.hard
    noise = _noise(seen.seeds, seen.labels[0].numel()).to(seen.logits.device)
    query_places, queried = _choose(valid & unsure, noise, settings.queries)
    # Other numbers for the keys, or they would be the queries' own pixels.
    key_places, kept = _choose(valid, 1 - noise, settings.keys)
    count = query_places[0].numel()
    places = torch.cat([query_places.flatten(1), key_places.flatten(1)], dim=1)
    represented = head.at(seen.maps, places)
    queries = _pixels(represented[:, :count], queried)
    keys = _pixels(represented[:, count:].detach(), kept)
    everywhere = Pixels(*(gather_rows(one) for one in (keys.vectors, keys.classes, keys.chosen)))
    return anatomical_contrast(
        queries, everywhere, prototypes, sizes > 0, settings.temperature, settings.negatives
    )


def _by_class(labels: Tensor, classes: int) -> Tensor:
    """Where each class is, (n, classes, H, W), bool."""
    known = labels != UNKNOWN
    told = one_hot(labels.masked_fill(~known, 0), classes).movedim(3, 1).bool()
    return told & known.unsqueeze(1)


def _noise(seeds: Tensor, count: int) -> Tensor:
    """Numbers (n, count) from 0 to 1 that depend on each image's own seed alone."""
    drawn = [
        torch.rand(count, generator=torch.Generator().manual_seed(int(seed))) for seed in seeds
    ]
    return torch.stack(drawn)


def _choose(candidates: Tensor, noise: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Random pixels of each image and class.

    Parameters
    ----------
    candidates : Tensor (n, K, H, W), bool
        Pixels to choose from.
    noise : Tensor (n, H * W)
        Chance, from 0 to 1.
    count : int
        How many.

    Returns
    -------
    places, chosen : Tensor (n, K, count)
        Pixels as ``y * W + x``, and whether there is one.
    """
    flat = candidates.flatten(2)
    keyed = torch.where(flat, noise.unsqueeze(1), -1.0)
    value, places = keyed.topk(min(count, flat.shape[2]), dim=2, sorted=False)
    return places, value >= 0


def _pixels(vectors: Tensor, chosen: Tensor) -> Pixels:
    """Representations (n, K * q, D), and whether they are of a pixel (n, K, q)."""
    classes = torch.arange(chosen.shape[1], device=chosen.device).view(1, -1, 1).expand_as(chosen)
    return Pixels(vectors.flatten(0, 1), classes.flatten(), chosen.flatten())


def ramped(fraction: float, ramp: float) -> float:
    """From nearly 0 to 1 over the part `ramp` of a stage.

    Laine and Aila, "Temporal ensembling", ICLR 2017: ``exp(-5 (1 - t) ** 2)``.
    """
    if fraction >= ramp:
        return 1.0
    return math.exp(-5 * (1 - fraction / ramp) ** 2)
