"""LD's segmentation by a shape: a cluster is made to look like the masks of a prior.

Beside region discrimination, which lets clusters mean the same in all images, a discriminator
tells the first cluster's map from masks of the prior, and the map is to deceive it: the
adversarial form that the release gives to "minimise the distance between shape distributions".

Not in the paper, and needed where there are dozens of images rather than ten thousand: a first
guess from fitting the prior's masks to each image, whether the structure is brighter or darker than
what is around it, the prior's mean area, a gradient penalty and averaged weights.
"""

from __future__ import annotations

import copy
import math
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from napari_localcl.losses.adversarial import deceive, gradient_penalty, tell_apart
from napari_localcl.losses.contrast import pool_regions
from napari_localcl.losses.reduction import shared_mean, weighted_mean
from napari_localcl.losses.shape import area_mismatch, balanced_disagreement, wrong_contrast
from napari_localcl.models.averaging import follow
from napari_localcl.models.discriminator import ShapeDiscriminator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_localcl.models.ld_network import LDNetwork

    from .sampling import PatchBatch
    from .shape_settings import ShapeSettings

STAGE = "shape"
GUESSING = 2 * math.log(2)  # the loss of a discriminator that cannot tell
PENALISED = 1 / 8  # part of the steps that pay the gradient penalty, eight times as much then


@dataclass(frozen=True)
class ShapeBatch:
    """Views of images and of masks.

    Attributes
    ----------
    views : Tensor (n, C, H, W)
        Of as many images; where patches are told apart too, first views, then second ones.
    field : Tensor (n, 1, H, W)
        1 where a view shows what the camera saw.
    guesses : Tensor (n, 1, H, W)
        First guesses of the structure.
    guessed : Tensor (n,)
        1 where there is one.
    guessing : bool
        Whether any image of the run has one.
    shapes : Tensor (m, 1, H, W)
        Views of the prior's masks.
    penalised : bool
        Whether this step pays the gradient penalty.
    patches : PatchBatch or None
        The same views for patch discrimination, where that is wanted too.
    """

    views: Tensor
    field: Tensor
    guesses: Tensor
    guessed: Tensor
    guessing: bool
    shapes: Tensor
    penalised: bool
    patches: PatchBatch | None


class ShapeGuide(nn.Module):
    """The discriminator, and the network with averaged weights that tasks take away.

    Parameters
    ----------
    network : LDNetwork
        The network that learns.
    settings : ShapeSettings
        See there.
    """

    steps: Tensor

    def __init__(self, network: LDNetwork, settings: ShapeSettings) -> None:
        super().__init__()
        self.settings = settings
        self.discriminator = ShapeDiscriminator(settings.discriminator, spectral=settings.spectral)
        self.average = copy.deepcopy(network).requires_grad_(False)
        # With the weights, because an average that is resumed must not begin anew.
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))

    def begin(self, network: LDNetwork) -> None:
        """Let the average start from the network as it is."""
        self.average.load_state_dict(network.state_dict())
        self.steps.zero_()

    def follow(self, network: LDNetwork) -> None:
        """Let the average follow the network after a step."""
        self.steps += 1
        steps = int(self.steps)
        kept = min(self.settings.averaging, steps / (steps + 10))
        follow(self.average, network, kept)

    def terms(self, mask: Tensor, batch: ShapeBatch, fraction: float) -> dict[str, Tensor]:
        """The weighted terms of masks (n, 1, H, W), `fraction` of the stage being done."""
        given, seen = self.settings, mask * batch.field
        fading = max(given.guess_rest, 1 - fraction / given.guess_until)
        fading *= batch.guessing
        terms = {"area": given.area_weight * self._area(seen, batch)} if given.area_weight else {}
        if given.adversarial_weight:
            # A discriminator that has seen nothing but poor guesses would end the game early.
            terms |= dict(self._game(seen, batch, 1 - 0.95 * fading))
        if given.appearance_weight and given.sign:
            grey = given.brightness(batch.views)
            contrast = wrong_contrast(seen, grey, given.sign, given.surroundings)
            terms["appearance"] = given.appearance_weight * contrast
        if fading:
            wrong = weighted_mean(balanced_disagreement(mask, batch.guesses), batch.guessed)
            terms["guess"] = given.guess_weight * fading * wrong
        return terms

    def _area(self, mask: Tensor, batch: ShapeBatch) -> Tensor:
        wanted = float(shared_mean(batch.shapes).mean())
        return area_mismatch(shared_mean(mask).mean(), wanted)

    def _game(self, fake: Tensor, batch: ShapeBatch, part: float) -> Iterator[tuple[str, Tensor]]:
        """Both players' losses: each moves its own weights, as if they took turns on one batch."""
        fixed = {name: value.detach() for name, value in self.discriminator.named_parameters()}
        judged = functional_call(self.discriminator, fixed, fake)
        found = self.discriminator(fake.detach())
        yield STAGE, part * self.settings.adversarial_weight * deceive(judged)
        penalised = batch.penalised and self.settings.penalty > 0
        real = batch.shapes.clone().requires_grad_(penalised)
        # The slope of a slope needs more digits than bfloat16 has.
        precise = torch.autocast(fake.device.type, enabled=False) if penalised else nullcontext()
        with precise:
            given = self.discriminator(real)
        yield "discriminator", self._unless_won(tell_apart(given, found))
        if penalised:
            weight = self.settings.penalty / 2 / PENALISED
            yield "penalty", weight * gradient_penalty(real, given)

    def _unless_won(self, loss: Tensor) -> Tensor:
        """The discriminator's loss, without slope while it is much better than guessing."""
        waits = float(shared_mean(loss.detach()[None])) < self.settings.patience * GUESSING
        # Zero times the loss, so that every weight has a gradient on every process.
        return loss * 0 + loss.detach() if waits else loss


def cosine_map(assignment: Tensor, embedding: Tensor, temperature: float) -> Tensor:
    """How much each pixel resembles the structure's region more than the others.

    Parameters
    ----------
    assignment : Tensor (B, K, H, W)
        Each pixel's shares in the clusters.
    embedding : Tensor (B, D, h, w)
        Unit vectors, at the same size or coarser.
    temperature : float
        Of region discrimination.

    Returns
    -------
    Tensor (B, 1, H, W)
        LD's second output: ``softmax_k(t_k . v / temperature)[0]``, each image with its own
        regions ``t_k``.
    """
    shares = adaptive_avg_pool2d(assignment, (embedding.shape[2], embedding.shape[3]))
    similar = torch.einsum("bkd,bdhw->bkhw", pool_regions(shares, embedding), embedding)
    first = (similar / temperature).softmax(dim=1)[:, :1]
    return interpolate(first, size=assignment.shape[2:], mode="bilinear", align_corners=False)
