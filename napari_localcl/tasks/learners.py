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
from napari_localcl.training.record import BackboneRecord
from napari_localcl.training.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor, nn

    from napari_localcl.methods import Method
    from napari_localcl.methods.method import Adopts, LearnsLabels
    from napari_localcl.models.encoder import Encoder
    from napari_localcl.tasks.plans import Plan
    from napari_localcl.training.record import LabelsRecord, PriorRecord, RunRecord


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


def build_learner(plan: Plan, channels: int, purpose: Purpose) -> Method:
    """Return a method as planned, its weights drawn at random."""
    torch.manual_seed(mix(plan.seed))
    learner = plan.method(plan.settings, channels)
    built_on = purpose.backbone
    earlier = None if built_on is None else _earlier_encoder(built_on, channels)
    if purpose.labels is not None:
        cast("LearnsLabels", learner).begin_segmenting(len(purpose.labels.classes), earlier)
    elif earlier is not None:
        cast("Adopts", learner).adopt(earlier)
    return learner


def network_of(earlier: RunRecord) -> BackboneRecord:
    """The network of an earlier run, which may be that of a run before."""
    return earlier.backbone or BackboneRecord(method=earlier.method, settings=earlier.settings)


def adopted_network(plan: Plan) -> BackboneRecord | None:
    """The network of an earlier run that a method is to adopt; None where it has the same itself.

    One of the same kind may be larger than that of the earlier run, by a decoder.
    """
    if plan.start_from is None or plan.channels is None or not plan.method.adopts(plan.settings):
        return None
    folder = RunFolder.open(plan.start_from)
    own = plan.method(plan.settings, plan.channels).state_dict()
    theirs = _both_names(folder.load_weights())
    needed = {name: value for name, value in own.items() if ".backbone." in name}
    same = all(name in theirs and theirs[name].shape == own[name].shape for name in needed)
    return None if same else network_of(folder.record)


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
