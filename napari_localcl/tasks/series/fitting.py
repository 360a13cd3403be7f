"""Train the heads of a classifier: networks by the one loop, linear functions by scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch

from napari_localcl.data.progress import Progress
from napari_localcl.data.provenance import now
from napari_localcl.training.chance import mix
from napari_localcl.training.loop import train

from .classifier import Classifier, blank
from .heads import Heads
from .learner import ClipLearner
from .light import fit_light

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from napari_localcl.data.findings import Findings
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.training.learner import Learner
    from napari_localcl.training.run import RunFolder

    from .features import SeriesFeatures
    from .folds import Fold
    from .planning import Plan


def learn_classifier(
    plan: Plan,
    folder: RunFolder,
    features: SeriesFeatures,
    planes: Sequence[str],
    truth: Findings,
    folds: Sequence[Fold],
    device: str,
    started: float,
    stop: Callable[[], bool],
) -> Generator[Progress, None, Classifier]:
    """Learn weights from each fold's training part, then fusion and calibration from its held part.

    Parameters
    ----------
    plan, folder : Plan, RunFolder
        What to learn, and where to write.
    features, planes : SeriesFeatures, sequence of str
        What to learn from.
    truth, folds : Findings, sequence of Fold
        What is known of the exams, and who learns from which.
    device, started, stop
        As :func:`napari_localcl.training.loop.train` takes them.

    Returns
    -------
    Classifier
        What the generator returns at its end; written to the run folder.
    """
    channels = {plane: features.channels(plane) for plane in planes}
    record = blank(channels, truth, len(folds))
    if plan.given.head == "convlstm":
        work = _trained(plan, folder, features, channels, truth, folds, device, started, stop)
        heads = yield from work
        yield Progress("note", message="calibrating on the series that were held back")
        classifier = Classifier(record, heads.eval()).judged(features, truth, folds)
    else:
        parts = [fold.train for fold in folds]
        first = yield from _fitted(plan, features, channels, truth, parts)
        classifier = Classifier(record, first).judged(features, truth, folds)
        # Fitting again takes seconds, and with few labels those held back are worth learning from.
        parts = [(*fold.train, *fold.held) for fold in folds]
        heads = yield from _fitted(plan, features, channels, truth, parts)
        classifier = Classifier(classifier.record, heads)
        folder.save_weights(heads.state_dict())
        folder.update(status="finished", finished=now())
    classifier.save(folder.path)
    return classifier


def _trained(
    plan: Plan,
    folder: RunFolder,
    features: SeriesFeatures,
    channels: Mapping[str, int],
    truth: Findings,
    folds: Sequence[Fold],
    device: str,
    started: float,
    stop: Callable[[], bool],
) -> Generator[Progress, None, Heads]:
    torch.manual_seed(mix(plan.seed))
    learner = ClipLearner(plan.given, channels, truth, folds)
    if folder.record.status == "finished":
        learner.load_state_dict(folder.load_weights())
        return learner
    assert plan.budget is not None
    # The loop hands what it trains on to the learner as it is: features, not images.
    yield from train(
        cast("Learner", learner),
        cast("PreparedImages", features),
        folder,
        plan.budget,
        seed=plan.seed,
        device=device,
        started=started,
        stop=stop,
    )
    return learner


def _fitted(
    plan: Plan,
    features: SeriesFeatures,
    channels: Mapping[str, int],
    truth: Findings,
    parts: Sequence[Sequence[int]],
) -> Generator[Progress, None, Heads]:
    heads = Heads(plan.given, channels, len(truth.names), len(parts))
    total = len(channels) * len(parts)
    for row, plane in enumerate(channels):
        for index, exams in enumerate(parts):
            head = fit_light(plan.given, features, plane, truth, exams)
            heads.head(plane, index).load_state_dict(head.state_dict())
            done = row * len(parts) + index + 1
            yield Progress("fit", step=done, steps=total, message="fitting")
    return heads.eval()
