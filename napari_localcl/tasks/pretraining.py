"""Train an encoder by a published system: the one place where methods meet the loop."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from napari_localcl.data.errors import BadInput
from napari_localcl.data.progress import Progress
from napari_localcl.data.provenance import ProcessRecord
from napari_localcl.data.sides import Sides
from napari_localcl.tasks.learners import Purpose, adopted_network, build_learner, take_over
from napari_localcl.tasks.plans import fresh_plan, plan_of, resumed_plan
from napari_localcl.tasks.preparing import contrast_reach, prepare_images, prepare_small
from napari_localcl.training.budget import Budget
from napari_localcl.training.devices import Team, choose_device, choose_precision, leads
from napari_localcl.training.files import restore
from napari_localcl.training.loop import train
from napari_localcl.training.record import (
    ImageRecord,
    RunRecord,
    SidesRecord,
    SkippedRecord,
)
from napari_localcl.training.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.methods import Method
    from napari_localcl.methods.method import MethodSettings
    from napari_localcl.models.encoder import Encoder
    from napari_localcl.tasks.plans import Plan

Result = TypeVar("Result")


def pretrain(
    images: str | Path | Sequence[str | Path],
    run: str | Path,
    *,
    budget: Budget | None = None,
    method: str | None = None,
    preset: str | None = None,
    settings: Mapping[str, object] | None = None,
    seed: int | None = None,
    device: str = "auto",
    resume: bool = False,
    start_from: str | Path | None = None,
    cache: Path | None = None,
    started: float | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Generator[Progress, None, RunFolder]:
    """Pre-train an encoder on unlabelled images.

    Parameters
    ----------
    images : str, Path or sequence of them
        A folder, a file list, a glob or files.
    run : str or Path
        The run folder to make.
    budget : Budget or None
        Steps or minutes for everything; needed unless resuming.
    method, preset : str or None
        A published system and one of its presets; None is 'ld', 'small'.
    settings : mapping or None
        Further settings by dotted name, which win over the preset's.
    seed, device : int or None, str
        What chance depends on (None is 0); 'auto', 'cpu', 'cuda' or 'mps'.
    resume : bool
        Go on with the run if it is there and unfinished, as it was begun; but with the budget, if
        one is given.
    start_from : str, Path or None
        An earlier run whose weights to begin with, as far as names and shapes agree.
    cache : Path or None
        Where decoded images are kept; None is the user's cache folder.
    started, stop : float or None, callable
        As `training.loop.train` takes them.

    Returns
    -------
    RunFolder
        What the generator returns at its end: the finished run.

    Raises
    ------
    BadInput
        If anything given cannot be used; for a finished run, before anything is done.
    """
    started = time.monotonic() if started is None else started
    choose_device(device)
    if resume and RunFolder(Path(run)).holds_record():
        record = RunFolder.resume(run).record
        plan = resumed_plan(record, method, settings, seed, budget)
        purpose = Purpose(backbone=record.backbone)
    else:
        plan = fresh_plan(method, preset, settings, seed, budget, start_from)
        purpose = Purpose(backbone=adopted_network(plan))
    return (
        yield from carry_out(plan, images, Path(run), device, cache, started, stop, purpose=purpose)
    )


def carry_out(
    plan: Plan,
    images: str | Path | Sequence[str | Path],
    run: Path,
    device: str,
    cache: Path | None,
    started: float,
    stop: Callable[[], bool],
    *,
    purpose: Purpose,
    teach: Callable[[Method, PreparedImages], None] = lambda learner, images: None,
) -> Generator[Progress, None, RunFolder]:
    """Train as planned; see :func:`pretrain`.

    Parameters
    ----------
    plan, images, run, device, cache, started, stop
        As there.
    purpose : Purpose
        What the run is for.
    teach : callable
        Tells a method that was just made what images alone do not.
    """
    folder = _open(run, plan, purpose)
    prepared, sides = yield from _prepare(images, folder, plan, cache)
    learner = build_learner(plan, prepared.channels, purpose)
    teach(learner, prepared)
    if plan.start_from and not plan.resumed:
        note = _begin_with(learner, Path(plan.start_from), purpose)
        yield from [note] if leads() else []
    if leads():
        _record(folder, prepared, sides, device)
    yield from train(
        learner,
        prepared,
        folder,
        plan.budget,
        seed=plan.seed,
        device=device,
        started=started,
        stop=stop,
    )
    return folder


def load_encoder(run: str | Path) -> tuple[Encoder, RunRecord]:
    """Return the encoder of a run, on the CPU and in evaluation mode, and the run's record.

    Raises
    ------
    BadInput
        If there is no such run, or its weights are missing, damaged, foreign or do not fit.
    """
    learner, record = load_method(run)
    return learner.encoder().eval(), record


def load_method(run: str | Path) -> tuple[Method, RunRecord]:
    """Return all that a run has learned, as :func:`load_encoder` returns a part of it."""
    folder = RunFolder.open(run)
    record = folder.record
    if record.channels is None:
        raise BadInput(f"{run} was interrupted before it learned anything: resume it with --resume")
    purpose = Purpose(record.verb, labels=record.labels, backbone=record.backbone)
    learner = build_learner(plan_of(record, Budget(steps=1)), record.channels, purpose)
    restore(learner, folder.load_weights(), folder.path)
    return learner.eval(), record


def _open(path: Path, plan: Plan, purpose: Purpose) -> RunFolder:
    """Return the run's folder; of several processes, the leading one makes it."""
    if not leads():
        return RunFolder(path)
    if plan.resumed:
        folder = RunFolder.resume(path)
        folder.update(
            status="running",
            process=ProcessRecord.own(),
            steps=plan.budget.steps,
            minutes=plan.budget.minutes,
        )
        return folder
    record = RunRecord(
        **vars(purpose),
        method=plan.method.name,
        preset=plan.preset,
        settings=plan.settings.model_dump(mode="json"),
        seed=plan.seed,
        steps=plan.budget.steps,
        minutes=plan.budget.minutes,
        started_from=plan.start_from,
    )
    return RunFolder.create(path, record)


def _prepare(
    images: str | Path | Sequence[str | Path],
    folder: RunFolder,
    plan: Plan,
    cache: Path | None,
) -> Generator[Progress, None, tuple[PreparedImages, Sides | None]]:
    """Read the images; a run that has none is not begun, one interrupted here can be resumed."""
    try:
        work = _read(images, plan.settings, plan.channels, cache)
        prepared, sides = yield from work if leads() else unheard(work)
    except BadInput:
        if leads() and not plan.resumed:
            folder.abandon()
        raise
    except KeyboardInterrupt:
        if leads():
            folder.update(status="interrupted")
        raise
    if plan.resumed:
        _check_same_images(folder, prepared)
    return prepared, sides


def _read(
    images: str | Path | Sequence[str | Path],
    given: MethodSettings,
    channels: int | None,
    cache: Path | None,
) -> Generator[Progress, None, tuple[PreparedImages, Sides | None]]:
    reach = contrast_reach(given.model_dump())
    prepared = yield from prepare_images(
        images, given.image_size, channels=channels, cache=cache, contrast_reach=reach
    )
    if given.sides != "shades":
        return prepared, None
    small = yield from prepare_small(images, prepared, cache)
    sides = Sides.of(small)
    return sides.mirror(prepared, small), sides


def unheard(work: Generator[Progress, None, Result]) -> Generator[Progress, None, Result]:
    """Do the work without a word, for all processes but one have nobody to speak to."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Result = end.value
            return result
        yield from ()


def _check_same_images(folder: RunFolder, prepared: PreparedImages) -> None:
    before = [(image.name, image.hash) for image in folder.record.images]
    now = list(zip(prepared.names, prepared.hashes, strict=True))
    if before and before != now:
        changed = sorted({name for name, _ in set(before) ^ set(now)}) or ["their order"]
        raise BadInput(
            f"the images are not those that {folder.path} was begun with (first difference: "
            f"{changed[0]}): restore them, or begin another --run"
        )


def _begin_with(learner: Method, run: Path, purpose: Purpose) -> Progress:
    """Copy the weights of an earlier run: its encoder's, where the learner was built on it."""
    earlier = RunFolder.open(run).record
    as_it_was = earlier.method == learner.name and earlier.backbone == purpose.backbone
    if purpose.backbone is None or as_it_was:
        return take_over(learner, run)
    learner.learning_encoder().load_state_dict(load_encoder(run)[0].state_dict())
    return Progress("note", message=f"built on the network of {run}")


def _record(folder: RunFolder, prepared: PreparedImages, sides: Sides | None, device: str) -> None:
    kind = choose_device(device)
    facts: dict[str, Any] = {
        "device": kind,
        "precision": choose_precision(kind),
        "processes": Team.of_environment().world,
        "canvas": prepared.canvas,
        "channels": prepared.channels,
        "sides": SidesRecord(**asdict(sides)) if sides else None,
        "images": tuple(
            ImageRecord(name=name, hash=value)
            for name, value in zip(prepared.names, prepared.hashes, strict=True)
        ),
        "skipped": tuple(
            SkippedRecord(name=skipped.name, reason=skipped.reason) for skipped in prepared.skipped
        ),
    }
    folder.update(**facts)
