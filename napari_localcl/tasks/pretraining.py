"""Train an encoder by a published system: the one place where methods meet the loop."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from napari_localcl.data.errors import BadInput
from napari_localcl.data.progress import Progress
from napari_localcl.data.provenance import ProcessRecord
from napari_localcl.data.sides import Sides
from napari_localcl.methods.method import BASE
from napari_localcl.tasks.plans import fresh_plan, plan_of, resumed_plan
from napari_localcl.tasks.preparing import contrast_reach, prepare_images, prepare_small
from napari_localcl.training.budget import Budget
from napari_localcl.training.chance import mix
from napari_localcl.training.devices import Team, choose_device, choose_precision, leads
from napari_localcl.training.files import restore
from napari_localcl.training.loop import train
from napari_localcl.training.record import (
    ImageRecord,
    PriorRecord,
    RunRecord,
    SidesRecord,
    SkippedRecord,
)
from napari_localcl.training.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from torch import Tensor, nn

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
        Go on with the run if it is there and unfinished, with the method, settings and seed it was
        begun with; a budget given replaces its own.
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
        plan = resumed_plan(RunFolder.resume(run).record, method, settings, seed, budget)
    else:
        plan = fresh_plan(method, preset, settings, seed, budget, start_from)
    return (yield from carry_out(plan, images, Path(run), device, cache, started, stop))


def carry_out(
    plan: Plan,
    images: str | Path | Sequence[str | Path],
    run: Path,
    device: str,
    cache: Path | None,
    started: float,
    stop: Callable[[], bool],
    *,
    verb: str = "pretrain",
    prior: PriorRecord | None = None,
    teach: Callable[[Method, PreparedImages], None] = lambda learner, images: None,
) -> Generator[Progress, None, RunFolder]:
    """Train as planned; see :func:`pretrain`.

    Parameters
    ----------
    plan, images, run, device, cache, started, stop
        As there.
    verb, prior : str, PriorRecord or None
        What the run's record says of its purpose.
    teach : callable
        Tells a method that was just made what images alone do not.
    """
    folder = _open(run, plan, verb, prior)
    prepared, sides = yield from _prepare(images, folder, plan, cache)
    learner = _build(plan, prepared.channels)
    teach(learner, prepared)
    if plan.start_from and not plan.resumed:
        note = _take_over(learner, Path(plan.start_from))
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
    learner = _build(plan_of(record, Budget(steps=1)), record.channels)
    restore(learner, folder.load_weights(), folder.path)
    return learner.eval(), record


def _open(path: Path, plan: Plan, verb: str, prior: PriorRecord | None) -> RunFolder:
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
        verb=verb,
        prior=prior,
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
        work = _read(images, plan.settings, cache)
        prepared, sides = yield from work if leads() else _unheard(work)
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
    images: str | Path | Sequence[str | Path], given: MethodSettings, cache: Path | None
) -> Generator[Progress, None, tuple[PreparedImages, Sides | None]]:
    prepared = yield from prepare_images(
        images, given.image_size, cache=cache, contrast_reach=contrast_reach(given.model_dump())
    )
    if given.sides != "shades":
        return prepared, None
    small = yield from prepare_small(images, prepared, cache)
    sides = Sides.of(small)
    return sides.mirror(prepared, small), sides


def _unheard(work: Generator[Progress, None, Result]) -> Generator[Progress, None, Result]:
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


def _build(plan: Plan, channels: int) -> Method:
    torch.manual_seed(mix(plan.seed))
    return plan.method(plan.settings, channels)


def _take_over(learner: nn.Module, run: Path) -> Progress:
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
