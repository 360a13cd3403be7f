"""Segment a structure in every image from its shape alone: learn, then write masks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch.nn.functional import avg_pool2d

from napari_localcl.data.errors import BadInput
from napari_localcl.data.priors import build_prior
from napari_localcl.data.progress import Progress
from napari_localcl.tasks.learners import Purpose
from napari_localcl.tasks.plans import fresh_plan, resumed_plan
from napari_localcl.tasks.pretraining import carry_out
from napari_localcl.tasks.shape_suiting import suited_settings
from napari_localcl.training.chance import mix
from napari_localcl.training.devices import choose_device
from napari_localcl.training.record import PriorRecord
from napari_localcl.training.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.priors import Prior
    from napari_localcl.methods import Method
    from napari_localcl.methods.method import LearnsShape
    from napari_localcl.training.budget import Budget

PREFIX = "prior."


def learn_shape(
    images: str | Path | Sequence[str | Path],
    run: str | Path,
    prior: str | Path | None = None,
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
    """Learn to segment a structure from a prior of its shape, without a label of these images.

    Parameters
    ----------
    prior : str, Path or None
        A folder of masks, a mask file, or the name of a simulated family; None only to resume.
    settings : mapping or None
        By dotted name; those of the prior begin with 'prior.'.
    images, run, budget, method, preset, seed, device, resume, start_from, cache, started, stop
        As :func:`napari_localcl.tasks.pretraining.pretrain` takes them; so is what is returned and
        raised.
    """
    started = time.monotonic() if started is None else started
    choose_device(device)
    of_prior, own = split_settings(settings or {})
    if resume and RunFolder(Path(run)).holds_record():
        record = RunFolder.resume(run).record
        told = _same_prior(record.prior, prior, of_prior, run)
        known = build_prior(told.source, told.settings)
        plan = resumed_plan(record, method, own, seed, budget)
    else:
        told = _told(prior, of_prior)
        known = build_prior(told.source, of_prior)
        suited = suited_settings(known)
        plan = fresh_plan(method, preset, own, seed, budget, start_from, suited)
    yield from _say_skipped(known)
    return (
        yield from carry_out(
            plan,
            images,
            Path(run),
            device,
            cache,
            started,
            stop,
            purpose=Purpose("shapes", prior=told),
            teach=_teacher(known, plan.seed),
        )
    )


def split_settings(given: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Return the settings of the prior, without their prefix, and all others."""
    of_prior = {n.removeprefix(PREFIX): v for n, v in given.items() if n.startswith(PREFIX)}
    return of_prior, {n: v for n, v in given.items() if not n.startswith(PREFIX)}


def _told(prior: str | Path | None, settings: Mapping[str, object]) -> PriorRecord:
    if prior is None:
        raise BadInput("what shape to look for is missing: give --prior")
    return PriorRecord(source=str(prior), settings=dict(settings))


def _same_prior(
    told: PriorRecord | None,
    prior: str | Path | None,
    settings: Mapping[str, object],
    run: str | Path,
) -> PriorRecord:
    if told is None:
        raise BadInput(f"{run} learned no shape: resume it with 'pretrain', or give another --run")
    if prior not in (None, told.source) or any(
        str(told.settings.get(name)) != str(value) for name, value in settings.items()
    ):
        raise BadInput(
            f"{run} was begun with the prior {told.source}: leave the prior and its settings out, "
            "or begin another --run"
        )
    return told


def _say_skipped(prior: Prior) -> Generator[Progress, None, None]:
    for skipped in prior.skipped:
        yield Progress("skipped", message=f"{skipped.name} {skipped.reason}")


def _teacher(prior: Prior, seed: int) -> Callable[[Method, PreparedImages], None]:
    def teach(learner: Method, images: PreparedImages) -> None:
        bank = learner.settings.model_dump()["shape"]["bank"]
        chance, (height, width) = np.random.default_rng(mix(seed)), images.canvas
        # Drawn at twice the size: a discriminator would know sharp edges of whole pixels.
        drawn = (prior.draw(1, (2 * height, 2 * width), chance) for _ in range(bank))
        shapes = [avg_pool2d(torch.from_numpy(mask).float(), 2) for mask in drawn]
        cast("LearnsShape", learner).know_shape(torch.stack(shapes), prior.located)

    return teach
