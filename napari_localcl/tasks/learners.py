"""Building a method as a run has it: what it is for, and on what network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch

from napari_localcl.data.errors import BadInput
from napari_localcl.data.progress import Progress
from napari_localcl.methods.method import BASE
from napari_localcl.tasks.plans import find_method
from napari_localcl.training.chance import mix
from napari_localcl.training.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor, nn

    from napari_localcl.methods import Method
    from napari_localcl.methods.method import LearnsLabels
    from napari_localcl.models.encoder import Encoder
    from napari_localcl.tasks.plans import Plan
    from napari_localcl.training.record import BackboneRecord, LabelsRecord, PriorRecord


@dataclass(frozen=True)
class Purpose:
    """What a run is for, as its record says.

    Attributes
    ----------
    verb : str
        The verb that it was begun by.
    prior, labels : PriorRecord, LabelsRecord or None
        What it is told besides the images.
    backbone : BackboneRecord or None
        The earlier run's network that it builds on.
    """

    verb: str = "pretrain"
    prior: PriorRecord | None = None
    labels: LabelsRecord | None = None
    backbone: BackboneRecord | None = None


PRETRAINING = Purpose()


def build_learner(plan: Plan, channels: int, purpose: Purpose) -> Method:
    """Return a method as planned, its weights drawn at random."""
    torch.manual_seed(mix(plan.seed))
    learner = plan.method(plan.settings, channels)
    if purpose.labels is not None:
        built_on = purpose.backbone
        earlier = None if built_on is None else _earlier_encoder(built_on, channels)
        cast("LearnsLabels", learner).begin_segmenting(len(purpose.labels.classes), earlier)
    return learner


def _earlier_encoder(backbone: BackboneRecord, channels: int) -> Encoder:
    """The encoder that a run takes away, its weights still to be loaded."""
    method = find_method(backbone.method)
    settings = method.settle({}, backbone.settings)
    return method(settings, channels).encoder().requires_grad_(True)


def take_over(learner: nn.Module, run: Path) -> Progress:
    """Copy the weights of an earlier run where names and shapes agree, and say what was left."""
    own, theirs = learner.state_dict(), _both_names(RunFolder.open(run).load_weights())
    taken = {
        name: theirs[name]
        for name, value in own.items()
        if name in theirs and theirs[name].shape == value.shape
    }
    if not taken:
        raise BadInput(f"no weights of {run} fit this method and its settings: leave --from out")
    learner.load_state_dict({**own, **taken})
    fresh = sorted({name.split(".")[0] for name in own if name not in taken})
    note = f"; begun afresh: {', '.join(fresh)}" if fresh else ""
    return Progress("note", message=f"took {len(taken)} of {len(own)} weights from {run}{note}")


def _both_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights by their names alone and as the base of an add-on, whichever run they are of."""
    alone = {name.removeprefix(BASE): value for name, value in weights.items()}
    return {BASE + name: value for name, value in alone.items()} | alone | dict(weights)
