"""Learn to segment from labels of some images, and from all the others without."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import find_images
from napari_localcl.data.held_out import choose_held_out
from napari_localcl.data.labels import LabelRules, find_labels
from napari_localcl.data.masks import find_masks
from napari_localcl.data.progress import Progress
from napari_localcl.tasks.held_out import learned_from, measure, segments
from napari_localcl.tasks.learners import Purpose, network_of
from napari_localcl.tasks.plans import (
    channels_of,
    find_recipe,
    inherited,
    recipe_plan,
    resumed_plan,
)
from napari_localcl.tasks.pretraining import carry_out, unheard
from napari_localcl.tasks.segmentation import classes_of
from napari_localcl.training.devices import choose_device, leads
from napari_localcl.training.record import ClassRecord, LabelsRecord, RunRecord
from napari_localcl.training.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Mapping, Sequence

    from napari_localcl.data.labels import FoundLabels
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.methods import Method
    from napari_localcl.methods.method import LearnsLabels
    from napari_localcl.tasks.plans import Plan
    from napari_localcl.training.budget import Budget
    from napari_localcl.training.record import BackboneRecord

OF_THE_NETWORK = ("width", "norm")


def finetune(
    images: str | Path | Sequence[str | Path],
    run: str | Path,
    labels: str | Path | Sequence[str | Path] | None = None,
    *,
    budget: Budget | None = None,
    recipe: str | None = None,
    settings: Mapping[str, object] | None = None,
    rules: LabelRules | None = None,
    hold_out: Collection[str] = (),
    hold_share: float = 0.0,
    earlier: str | Path | None = None,
    seed: int | None = None,
    device: str = "auto",
    resume: bool = False,
    start_from: str | Path | None = None,
    cache: Path | None = None,
    started: float | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Generator[Progress, None, RunFolder]:
    """Learn classes of pixels from labels.

    Parameters
    ----------
    labels : str, Path, sequence of them or None
        A folder of masks, named as their images; None only to resume.
    recipe : str or None
        One of :func:`napari_localcl.tasks.plans.recipes`; None is 'action'.
    rules : LabelRules or None
        How the masks are to be understood.
    hold_out : collection of str
        Images and volumes whose labels are not learned from.
    hold_share : float
        The part of all others that is kept back too; see
        :func:`napari_localcl.data.held_out.choose_held_out`.
    earlier : str, Path or None
        A run to compare with on what was kept back; None is `start_from`, if that segments.
    start_from : str, Path or None
        An earlier run, of any method, whose network is gone on with.
    images, run, budget, settings, seed, device, resume, cache, started, stop
        As :func:`napari_localcl.tasks.pretraining.pretrain` takes them; so is what is returned and
        raised.

    Raises
    ------
    BadInput
        Also as :func:`napari_localcl.data.labels.find_labels`.
    """
    started = time.monotonic() if started is None else started
    choose_device(device)
    if resume and RunFolder(Path(run)).holds_record():
        record = RunFolder.resume(run).record
        plan = resumed_plan(record, None, settings, seed, budget)
        known = yield from _same_labels(record, images, labels, run)
        told, backbone = record.labels, record.backbone
        start_from = record.started_from
    else:
        plan, backbone = _fresh(recipe, settings, seed, budget, start_from)
        if labels is None:
            raise BadInput("what to learn from is missing: give --labels")
        known = yield from _look(labels, images, rules, hold_out)
        held = (*hold_out, *_held_out(known, hold_share, _earlier(earlier, start_from)))
        known = known.without(held)
        told = _told(labels, known, held)
    assert told is not None
    purpose = Purpose("finetune", labels=told, backbone=backbone)
    teach = _teacher(known)
    finished = yield from carry_out(
        plan, images, Path(run), device, cache, started, stop, purpose=purpose, teach=teach
    )
    kept = _labels_of(known, told)
    if kept.files and leads():
        yield from measure(finished, kept, _earlier(earlier, start_from), device, cache)
    return finished


def _earlier(earlier: str | Path | None, start_from: str | Path | None) -> Path | None:
    """The run to compare with, if it segments."""
    given = earlier or start_from
    return Path(given) if given is not None and segments(Path(given)) else None


def _held_out(known: FoundLabels, share: float, earlier: Path | None) -> tuple[str, ...]:
    before = RunFolder.open(earlier).record if earlier else None
    kept = before.labels.held_out if before and before.labels else ()
    return choose_held_out(known, share, kept, learned_from(before) if before else ())


def _labels_of(known: FoundLabels, told: LabelsRecord) -> FoundLabels:
    """The labels that were kept back."""
    source = told.source if len(told.source) > 1 else told.source[0]
    files = find_masks(source, known.listing.items) if told.held_out else {}
    return replace(known, files={one: files[one] for one in files if one in told.held_out})


def _fresh(
    recipe: str | None,
    settings: Mapping[str, object] | None,
    seed: int | None,
    budget: Budget | None,
    start_from: str | Path | None,
) -> tuple[Plan, BackboneRecord | None]:
    """The plan of a new run, and the network of an earlier run of another system."""
    if start_from is None:
        return recipe_plan(recipe, settings, {}, seed, budget, None, None), None
    record = RunFolder.open(start_from).record
    channels = channels_of(record, start_from)
    own = record.method == find_recipe(recipe).name
    suited = inherited(record, OF_THE_NETWORK if own else ())
    plan = recipe_plan(recipe, settings, suited, seed, budget, start_from, channels)
    # A run of the same system is gone on with as a whole, on whatever it was built itself.
    return plan, record.backbone if own else network_of(record)


def _look(
    labels: str | Path | Sequence[str | Path],
    images: str | Path | Sequence[str | Path],
    rules: LabelRules | None,
    hold_out: Collection[str],
) -> Generator[Progress, None, FoundLabels]:
    """Look at the labels; of several processes, one says so."""
    work = find_labels(labels, find_images(images), rules, hold_out)
    known = yield from work if leads() else unheard(work)
    for note in known.notes if leads() else ():
        yield Progress("note", message=note)
    return known


def _told(
    labels: str | Path | Sequence[str | Path], known: FoundLabels, hold_out: Collection[str]
) -> LabelsRecord:
    sources = [labels] if isinstance(labels, str | Path) else labels
    return LabelsRecord(
        source=tuple(map(str, sources)),
        classes=tuple(ClassRecord(**asdict(one)) for one in known.classes),
        sparse=known.rules.sparse,
        not_labelled=known.rules.not_labelled,
        images=tuple(known.files),
        held_out=tuple(hold_out),
        fingerprint=known.fingerprint(),
    )


def _same_labels(
    record: RunRecord,
    images: str | Path | Sequence[str | Path],
    labels: str | Path | Sequence[str | Path] | None,
    run: str | Path,
) -> Generator[Progress, None, FoundLabels]:
    """The labels that a run was begun with.

    Raises
    ------
    BadInput
        If it has none, or they have changed since.
    """
    told = record.labels
    if told is None:
        raise BadInput(f"{run} learned from no labels: resume it with '{record.verb}'")
    rules = LabelRules(classes_of(record), told.sparse, told.not_labelled)
    source = labels or (told.source if len(told.source) > 1 else told.source[0])
    known = yield from _look(source, images, rules, told.held_out)
    if known.fingerprint() != told.fingerprint:
        raise BadInput(
            f"the labels are not those that {run} was begun with: restore them, or begin another "
            f"run from it with --from {run}"
        )
    return known


def _teacher(known: FoundLabels) -> Callable[[Method, PreparedImages], None]:
    def teach(learner: Method, images: PreparedImages) -> None:
        cast("LearnsLabels", learner).know_labels(known.draw(images))

    return teach
